//! GraphiQL, embedded: the page and its files, for any HTTP server, with nothing loaded from elsewhere.
//!
//! A server answers [`page`] as HTML under [`CONTENT_SECURITY_POLICY`], and [`asset`] under `/graphiql/{name}`
//! with [`ASSET_CACHE_CONTROL`]. Links carry a hash of each file, so browsers may keep files for good.

use std::sync::LazyLock;

/// What the page may load and run: its own files, and connections to its own server.
///
/// Inline styles are allowed because the editor sets them; inline scripts are not.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'";

/// How long a browser may keep a file: for good, for its link changes when it does.
pub const ASSET_CACHE_CONTROL: &str = "public, max-age=31536000, immutable";

/// One file of the page.
#[derive(Debug)]
pub struct Asset {
    /// The last part of its path.
    pub name: &'static str,
    /// Its media type.
    pub content_type: &'static str,
    /// Its contents.
    pub body: &'static [u8],
    /// Its `ETag`, quotes included.
    pub etag: String,
}

const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";

static ASSETS: LazyLock<[Asset; 7]> = LazyLock::new(|| {
    [
        Asset::new("graphiql.css", STYLE, include_bytes!("../assets/graphiql/graphiql.css")),
        Asset::new("page.css", STYLE, include_bytes!("../assets/graphiql/page.css")),
        Asset::new("react.js", SCRIPT, include_bytes!("../assets/graphiql/react.js")),
        Asset::new("react-dom.js", SCRIPT, include_bytes!("../assets/graphiql/react-dom.js")),
        Asset::new("graphql-ws.js", SCRIPT, include_bytes!("../assets/graphiql/graphql-ws.js")),
        Asset::new("graphiql.js", SCRIPT, include_bytes!("../assets/graphiql/graphiql.js")),
        Asset::new("start.js", SCRIPT, include_bytes!("../assets/graphiql/start.js")),
    ]
});

impl Asset {
    fn new(name: &'static str, content_type: &'static str, body: &'static [u8]) -> Self {
        // FNV-1a: it names a version of a file that we ship ourselves, and guards nothing.
        let hash = body.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self { name, content_type, body, etag: format!("\"{hash:016x}\"") }
    }
}

/// The file of that name.
#[must_use]
pub fn asset(name: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.name == name)
}

/// What the server behind the page can do.
#[derive(Clone, Copy, Debug, Default)]
pub struct Offer<'a> {
    /// The GraphQL endpoint.
    pub endpoint: &'a str,
    /// The path of its WebSockets, where subscriptions are served.
    pub websocket: Option<&'a str>,
    /// Whether it answers `extensions: { queryPlan: true }` with its plan; the page then has a button for it.
    pub shows_plans: bool,
}

/// The page for a server.
#[must_use]
pub fn page(offer: Offer<'_>) -> String {
    let Offer { endpoint, websocket, shows_plans } = offer;
    let mut html = String::from(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>GraphiQL</title>\n\
         <link rel=\"icon\" href=\"data:,\">\n",
    );
    for asset in ASSETS.iter() {
        let (name, version) = (asset.name, asset.etag.trim_matches('"'));
        html += &match asset.content_type {
            STYLE => format!("<link rel=\"stylesheet\" href=\"/graphiql/{name}?v={version}\">\n"),
            _ => format!("<script defer src=\"/graphiql/{name}?v={version}\"></script>\n"),
        };
    }
    let websocket = websocket.map(|path| format!(" data-websocket=\"{}\"", escape(path))).unwrap_or_default();
    let plans = if shows_plans { " data-plans" } else { "" };
    html += &format!(
        "</head>\n<body>\n<div id=\"graphiql\" data-endpoint=\"{}\"{websocket}{plans}></div>\n</body>\n</html>\n",
        escape(endpoint)
    );
    html
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_loads_only_files_that_are_served_here() {
        let html = page(Offer { endpoint: "/graphql", websocket: Some("/graphql/ws"), shows_plans: true });
        let links = html.matches("/graphiql/").count();
        assert_eq!(links, ASSETS.len());
        assert!(ASSETS.iter().all(|a| html.contains(&format!("/graphiql/{}?v=", a.name))));
        assert!(!html.contains("http:") && !html.contains("https:") && !html.contains("<script>"));
        assert!(asset("graphiql.js").is_some_and(|a| a.body.len() > 100_000));
        assert!(asset("../Cargo.toml").is_none());
    }

    #[test]
    fn no_file_refers_to_a_source_map() {
        for asset in ASSETS.iter() {
            let text = String::from_utf8_lossy(asset.body);
            assert!(!text.contains("# sourceMappingURL="), "{}", asset.name);
        }
    }

    #[test]
    fn an_endpoint_cannot_leave_its_attribute() {
        assert!(
            page(Offer { endpoint: "\"><script>", ..Offer::default() })
                .contains("data-endpoint=\"&quot;>&lt;script>\"")
        );
    }
}
