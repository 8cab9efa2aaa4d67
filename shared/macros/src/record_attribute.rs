//! What `#[record(…)]` says of a record.

use syn::parse::{Parse, ParseStream};
use syn::{Error, Ident, LitStr, Path, Result, Token};

/// `#[record("work location", table = "…", read = READ, …)]`.
pub struct Struct {
    pub name: LitStr,
    pub table: LitStr,
    pub read: Path,
    pub view: Option<LitStr>,
    pub owner: Option<Ident>,
    pub graphql: Option<LitStr>,
    pub parts: Option<LitStr>,
    pub archive: Option<Path>,
    pub restore: Option<Path>,
    pub moved: Option<Ident>,
}

const EXPECTED: &str = "expected table, read, view, owner, graphql, parts, archive, restore or moved";

impl Parse for Struct {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let name = input.parse()?;
        let (mut table, mut read, mut view, mut owner) = (None, None, None, None);
        let (mut graphql, mut parts, mut moved) = (None, None, None);
        let (mut archive, mut restore) = (None, None);
        while !input.is_empty() {
            input.parse::<Token![,]>()?;
            let key: Ident = input.parse()?;
            input.parse::<Token![=]>()?;
            match key.to_string().as_str() {
                "table" => table = Some(input.parse()?),
                "read" => read = Some(input.parse()?),
                "view" => view = Some(input.parse()?),
                "owner" => owner = Some(input.parse()?),
                "graphql" => graphql = Some(input.parse()?),
                "parts" => parts = Some(input.parse()?),
                "archive" => archive = Some(input.parse()?),
                "restore" => restore = Some(input.parse()?),
                "moved" => moved = Some(input.parse()?),
                _ => return Err(Error::new(key.span(), EXPECTED)),
            }
        }
        let missing = |what| Error::new(input.span(), format!("a record says its `{what} = …`"));
        let (table, read) = (table.ok_or_else(|| missing("table"))?, read.ok_or_else(|| missing("read"))?);
        Ok(Self { name, table, read, view, owner, graphql, parts, archive, restore, moved })
    }
}
