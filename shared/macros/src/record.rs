//! `derive(Record)`.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::spanned::Spanned as _;
use syn::{Data, DeriveInput, Error, Fields, Ident, LitStr, Path, PathArguments, Result, Type};

use crate::record_attribute::Struct;
use crate::words;

#[derive(Clone)]
struct Column {
    field: Ident,
    ty: Type,
    name: String,
    is_once: bool,
    is_read: bool,
    right: Option<Path>,
}

impl Column {
    fn read(field: &syn::Field) -> Result<Self> {
        let ident =
            field.ident.clone().ok_or_else(|| Error::new(field.span(), "a record has named fields"))?;
        let mut column = Self {
            name: ident.to_string(),
            is_once: ident == "created_at",
            is_read: false,
            right: None,
            ty: field.ty.clone(),
            field: ident,
        };
        for attribute in field.attrs.iter().filter(|attribute| attribute.path().is_ident("record")) {
            attribute.parse_nested_meta(|meta| {
                if meta.path.is_ident("once") {
                    column.is_once = true;
                } else if meta.path.is_ident("read") {
                    column.is_read = true;
                } else if meta.path.is_ident("column") {
                    column.name = meta.value()?.parse::<LitStr>()?.value();
                } else if meta.path.is_ident("right") {
                    column.right = Some(meta.value()?.parse()?);
                } else {
                    return Err(meta.error("expected once, read, column = \"…\" or right = RIGHT"));
                }
                Ok(())
            })?;
        }
        Ok(column)
    }

    /// How it is selected: what PostgreSQL has by another type is read as the field's.
    fn selected(&self) -> String {
        // Of what is worked out, PostgreSQL does not say whether it may be null.
        let is_worked_out = syn::parse_str::<Ident>(&self.name).is_err();
        let mark = if is_worked_out && inner(&self.ty).is_none() { "!" } else { "" };
        match (is_builtin(&self.ty), self.field == self.name) {
            (true, true) => self.name.clone(),
            (true, false) => format!("{} as {}", self.name, self.field),
            (false, _) => format!("{} as \"{}{mark}: _\"", self.name, self.field),
        }
    }

    /// Whether histories tell of it: not of what every row has.
    fn is_told(&self) -> bool {
        !self.is_read && self.is_compared()
    }

    /// Whether it says something of the record itself, and not of how it is stored.
    fn is_compared(&self) -> bool {
        let field = self.field.to_string();
        !["id", "version", "created_at", "updated_at"].contains(&field.as_str())
    }
}

/// The name of a type, its path and its arguments left out.
fn type_name(ty: &Type) -> Option<String> {
    match ty {
        Type::Path(path) => path.path.segments.last().map(|segment| segment.ident.to_string()),
        _ => None,
    }
}

/// What an `Option` is of.
fn inner(ty: &Type) -> Option<&Type> {
    let Type::Path(path) = ty else { return None };
    let segment = path.path.segments.last().filter(|segment| segment.ident == "Option")?;
    match &segment.arguments {
        PathArguments::AngleBracketed(arguments) => match arguments.args.first()? {
            syn::GenericArgument::Type(ty) => Some(ty),
            _ => None,
        },
        _ => None,
    }
}

/// Whether sqlx itself reads the column as this type, and checks that when the query is compiled.
fn is_builtin(ty: &Type) -> bool {
    const BUILTIN: [&str; 9] =
        ["String", "bool", "i16", "i32", "i64", "Decimal", "NaiveDate", "DateTime", "Uuid"];
    let name = type_name(inner(ty).unwrap_or(ty));
    name.is_some_and(|name| BUILTIN.contains(&name.as_str()))
}

/// Whether it is the id of another record that this one cannot be without.
fn is_foreign_id(column: &Column) -> bool {
    column.field != "id" && type_name(&column.ty).is_some_and(|name| name.len() > 2 && name.ends_with("Id"))
}

pub fn derive(input: DeriveInput) -> Result<TokenStream> {
    let attribute = input.attrs.iter().find(|attribute| attribute.path().is_ident("record"));
    let attribute = attribute.ok_or_else(|| {
        Error::new(input.ident.span(), "say how it is stored: #[record(\"…\", table = …, read = …)]")
    })?;
    let of: Struct = attribute.parse_args()?;
    let Data::Struct(data) = &input.data else {
        return Err(Error::new(input.ident.span(), "a record is a struct"));
    };
    let Fields::Named(fields) = &data.fields else {
        return Err(Error::new(input.ident.span(), "a record has named fields"));
    };
    let columns = fields.named.iter().map(Column::read).collect::<Result<Vec<_>>>()?;
    let id = columns.iter().find(|column| column.field == "id");
    let id = &id.ok_or_else(|| Error::new(input.ident.span(), "a record has an `id`"))?.ty;
    let select = select_macro(&input.ident, &of, &columns);
    let blank = blank(&input.ident, &columns);
    let facts = facts(&input.ident, &of, &columns);
    let queries = queries(&input.ident, id, &of, &columns);
    let (ident, read) = (&input.ident, &of.read);
    Ok(quote! {
        #select
        #blank
        impl ::database::Record for #ident {
            type Id = #id;
            const READ: &'static ::common::Permission = &#read;
            fn id(&self) -> #id {
                self.id
            }
            #facts
            #queries
        }
    })
}

/// `select_<noun>!`: for any condition, for a page, and for counting.
fn select_macro(ident: &Ident, of: &Struct, columns: &[Column]) -> TokenStream {
    let name = format_ident!("select_{}", words::snake(&ident.to_string()));
    let source = of.view.as_ref().unwrap_or(&of.table).value();
    let list: Vec<String> = columns.iter().map(Column::selected).collect();
    let select = format!("select {} from {source} ", list.join(", "));
    let page = format!("{select}where ($1::jsonb is null or (");
    let after = format!(", id from jsonb_populate_record(null::{source}, $1))) and (");
    let count = format!(
        "select count(*) as \"count!\" from {source} where ($1::jsonb is null and $2::bigint is null) and ("
    );
    // A column that is worked out orders nothing.
    let named =
        |column: &Column| syn::parse_str::<Ident>(&column.name).ok().map(|name| (name, column.clone()));
    let values = columns.iter().filter_map(named).map(|(name, column)| {
        let field = &column.field;
        match inner(&column.ty) {
            None => quote!((@value $row:ident #name) => { &$row.#field };),
            Some(_) => {
                let wrong = format!("a list is ordered by columns that are never null, and `{name}` may be");
                quote!((@value $row:ident #name) => { compile_error!(#wrong) };)
            }
        }
    });
    let no_field =
        format!("a list of {ident} is ordered by its own fields; one that is only read is #[record(read)]");
    quote! {
        macro_rules! #name {
            (@page $beyond:literal $direction:literal $column:literal $filter:literal [$($argument:expr),* $(,)?]) => {
                ::sqlx::query_as!(
                    #ident,
                    #page + $column + ", id) " + $beyond + " (select " + $column + #after + $filter
                        + ") order by " + $column + $direction + ", id" + $direction + " limit $2",
                    $($argument),*
                )
            };
            (@count $filter:literal [$($argument:expr),* $(,)?]) => {
                ::sqlx::query_scalar!(
                    #count + $filter + ")",
                    None::<::common::reexport::serde_json::Value>, None::<i64> $(, $argument)*
                )
            };
            #(#values)*
            (@value $row:ident $($other:tt)*) => { compile_error!(#no_field) };
            ($($rest:tt)+) => { ::sqlx::query_as!(#ident, #select + $($rest)+) };
        }
        pub(crate) use #name;
    }
}

/// `blank(now, …)`: the ids that it cannot be without are given, everything else is at its default.
fn blank(ident: &Ident, columns: &[Column]) -> TokenStream {
    let given: Vec<_> = columns.iter().filter(|column| is_foreign_id(column)).collect();
    let (names, types): (Vec<_>, Vec<_>) = given.iter().map(|column| (&column.field, &column.ty)).unzip();
    let values = columns.iter().map(|column| {
        let (field, ty) = (&column.field, &column.ty);
        match field.to_string().as_str() {
            "id" => quote!(id: #ty::new()),
            "created_at" | "updated_at" => quote!(#field: now),
            _ if is_foreign_id(column) => quote!(#field),
            _ => quote!(#field: ::std::default::Default::default()),
        }
    });
    quote! {
        impl #ident {
            /// A new one: its own id, and everything else at its default.
            pub(crate) fn blank(now: ::common::reexport::chrono::DateTime<::common::reexport::chrono::Utc> #(, #names: #types)*) -> Self {
                let _ = now;
                Self { #(#values),* }
            }
        }
        // A record that is never made from a blank one has it all the same.
        const _: fn(::common::reexport::chrono::DateTime<::common::reexport::chrono::Utc> #(, #types)*) -> #ident = #ident::blank;
    }
}

/// What a record is called, and what some of its fields mean.
fn facts(ident: &Ident, of: &Struct, columns: &[Column]) -> TokenStream {
    let name = &of.name;
    let table = &of.table;
    let graphql = of.graphql.as_ref().map_or_else(|| ident.to_string(), LitStr::value);
    let not_found = words::upper(&name.value()) + "_NOT_FOUND";
    let told = columns.iter().filter(|column| column.is_told()).map(|column| {
        let (name, field) = (&column.name, words::camel(&column.field.to_string()));
        let right = column.right.as_ref().map_or_else(|| quote!(None), |right| quote!(Some(&#right)));
        quote!(::database::Column { name: #name, field: #field, right: #right, are_parts: false })
    });
    let parts = of.parts.as_ref().map(|parts| {
        let field = LitStr::new(&words::camel(&parts.value()), parts.span());
        quote!(::database::Column { name: #parts, field: #field, right: None, are_parts: true })
    });
    let told = told.chain(parts);
    let has = |name: &str| columns.iter().any(|column| column.field == name);
    let version = has("version").then(|| {
        quote!(
            fn version(&self) -> Option<i32> {
                Some(self.version)
            }
        )
    });
    let count = has("version").then(|| quote!(self.version += 1;));
    let kept = ["version", "created_at", "updated_at"].into_iter().filter(|name| has(name)).map(words::ident);
    let kept = kept.map(|name| quote!(self.#name = other.#name;)).collect::<TokenStream>();
    let updated = has("updated_at").then(|| quote!(self.updated_at = now;));
    let archive = has("archived_at").then(|| {
        quote! {
            const IS_ARCHIVABLE: bool = true;
            fn archived_at(&self) -> Option<::common::reexport::chrono::DateTime<::common::reexport::chrono::Utc>> {
                self.archived_at
            }
            fn set_archived_at(&mut self, at: Option<::common::reexport::chrono::DateTime<::common::reexport::chrono::Utc>>) {
                self.archived_at = at;
            }
        }
    });
    let check_archive = hook("check_archive", of.archive.as_ref());
    let restore = hook("check_restore", of.restore.as_ref());
    let moved = of.moved.as_ref().map(|field| {
        quote! {
            fn moved_to(&self) -> Option<Self::Id> {
                self.#field
            }
        }
    });
    let owner = of.owner.as_ref().map(|field| {
        quote! {
            fn owner(&self) -> Option<::common::EmployeeId> {
                Some(::common::EmployeeId::from(::common::reexport::uuid::Uuid::from(self.#field)))
            }
        }
    });
    quote! {
        const NAME: &'static str = #name;
        const GRAPHQL: &'static str = #graphql;
        const TABLE: &'static str = #table;
        const NOT_FOUND: &'static str = #not_found;
        const COLUMNS: &'static [::database::Column] = &[#(#told),*];
        #version
        fn touch(&mut self, now: ::common::reexport::chrono::DateTime<::common::reexport::chrono::Utc>) {
            let _ = now;
            #count
            #updated
        }
        fn take_place_of(&mut self, other: &Self) {
            self.id = other.id;
            #kept
        }
        #archive
        #check_archive
        #restore
        #moved
        #owner
    }
}

/// A look at the record before something is done with it.
fn hook(name: &str, check: Option<&Path>) -> Option<TokenStream> {
    let (name, check) = (format_ident!("{name}"), check?);
    Some(quote! {
        async fn #name(&self, tx: &mut ::database::Tx) -> ::common::Result<()> {
            #check(tx, self).await
        }
    })
}

fn queries(ident: &Ident, id: &Type, of: &Struct, columns: &[Column]) -> TokenStream {
    let name = format_ident!("select_{}", words::snake(&ident.to_string()));
    let table = of.table.value();
    let constraint = format!("{}_pkey", table.rsplit('.').next().unwrap_or(&table).trim_matches('"'));
    let written: Vec<&Column> = columns.iter().filter(|column| !column.is_read).collect();
    let list = written.iter().map(|column| column.name.as_str()).collect::<Vec<_>>().join(", ");
    let changed = written.iter().filter(|column| !column.is_once && column.field != "id");
    let changed: Vec<String> = changed.map(|column| format!("{0} = excluded.{0}", column.name)).collect();
    let mut save = format!(
        "insert into {table} as t ({list}) select {list} from jsonb_populate_recordset(null::{table}, $1)"
    );
    // What is as it was is not written: it would be a change in the trail, and a newer version, of nothing.
    let compared = written.iter().filter(|column| !column.is_once && column.is_compared());
    let compared: Vec<&str> = compared.map(|column| column.name.as_str()).collect();
    // One of which nothing changes stays the one it is.
    let then = match changed.is_empty() {
        true => "nothing".to_owned(),
        false => format!("update set {}", changed.join(", ")),
    };
    save += &format!(" on conflict on constraint {constraint} do {then}");
    if !changed.is_empty() && !compared.is_empty() {
        let (is, will_be) = (compared.join(", t."), compared.join(", excluded."));
        save += &format!(" where (t.{is}) is distinct from (excluded.{will_be})");
    }
    save += " returning id as \"id: _\"";
    let pairs = written.iter().map(|column| {
        let (name, field) = (&column.name, &column.field);
        quote!(#name: &row.#field)
    });
    // A view cannot be locked by the row: what is behind it is, and then it is read.
    let lock = match &of.view {
        None => quote! {
            Ok(#name!("where id = any($1) order by id for update", ids as &[#id]).fetch_all(tx.conn()).await?)
        },
        Some(_) => {
            let lock = format!("select id from {table} where id = any($1) order by id for update");
            quote! {
                ::sqlx::query!(#lock, ids as &[#id]).fetch_all(tx.conn()).await?;
                Self::select_many(tx, ids).await
            }
        }
    };
    quote! {
        async fn select_many(tx: &mut ::database::Tx, ids: &[#id]) -> ::common::Result<Vec<Self>> {
            Ok(self::#name!("where id = any($1)", ids as &[#id]).fetch_all(tx.conn()).await?)
        }

        async fn lock_many(tx: &mut ::database::Tx, ids: &[#id]) -> ::common::Result<Vec<Self>> {
            #lock
        }

        async fn save_many(tx: &mut ::database::Tx, rows: &[Self]) -> ::common::Result<Vec<#id>> {
            let rows = rows.iter().map(|row| ::common::reexport::serde_json::json!({ #(#pairs),* }));
            let rows = ::common::reexport::serde_json::Value::Array(rows.collect());
            Ok(::sqlx::query_scalar!(#save, rows).fetch_all(tx.conn()).await?)
        }
    }
}
