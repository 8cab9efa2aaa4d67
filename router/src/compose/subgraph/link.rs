//! What a subgraph's directives mean: `@link` with its imports, renames and prefixes.
//!
//! The rules are those of <https://specs.apollo.dev/link/v1.0>.

use apollo_compiler::ast::{Definition, Directive, Document, Value};
use apollo_compiler::collections::HashMap;

use crate::compose::error::{Conflict, code};

/// A directive that composition knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    Key,
    Requires,
    Provides,
    External,
    Extends,
    Shareable,
    Override,
    InterfaceObject,
    ComposeDirective,
    FromContext,
    /// It reaches the supergraph under this name.
    Merged(&'static str),
    /// It belongs to a specification, and is of no consequence here.
    Ignored,
}

/// What the federation specification offers for import, and what it is to us.
const FEDERATION: [(&str, Known); 20] = [
    ("key", Known::Key),
    ("requires", Known::Requires),
    ("provides", Known::Provides),
    ("external", Known::External),
    ("extends", Known::Extends),
    ("shareable", Known::Shareable),
    ("override", Known::Override),
    ("interfaceObject", Known::InterfaceObject),
    ("composeDirective", Known::ComposeDirective),
    ("fromContext", Known::FromContext),
    ("context", Known::Ignored),
    ("cost", Known::Merged("cost")),
    ("listSize", Known::Merged("listSize")),
    ("cacheTag", Known::Ignored),
    ("link", Known::Ignored),
    ("tag", Known::Merged("tag")),
    ("inaccessible", Known::Merged("inaccessible")),
    ("authenticated", Known::Merged("authenticated")),
    ("requiresScopes", Known::Merged("requiresScopes")),
    ("policy", Known::Merged("policy")),
];

/// The directives of GraphQL itself that say something about a schema.
const GRAPHQL: [&str; 3] = ["deprecated", "specifiedBy", "oneOf"];

const APOLLO: &str = "https://specs.apollo.dev/";

/// The specifications that this router honours, with the newest version of each.
const HONOURED: [(&str, (u32, u32)); 12] = [
    ("link", (1, 0)),
    ("core", (0, 2)),
    ("join", (0, 5)),
    ("federation", (2, u32::MAX)),
    ("tag", (0, 3)),
    ("inaccessible", (0, 2)),
    ("authenticated", (0, 1)),
    ("requiresScopes", (0, 1)),
    ("policy", (0, 1)),
    ("cost", (0, 1)),
    // Hints for a cache that is not here: without it, answers are the same.
    ("cacheTag", (0, u32::MAX)),
    ("cacheControl", (0, u32::MAX)),
];

/// Those without which a schema means something else, whether or not its link says so.
const REFUSED: [(&str, &str); 3] =
    [("connect", "connectors"), ("source", "sources of data"), ("context", "contexts (`@fromContext`)")];

/// One `@link`.
struct Feature {
    /// The address without the version.
    identity: String,
    version: (u32, u32),
    /// What its unimported names begin with.
    prefix: String,
    /// Imported directives: what they are called here, and what the specification calls them.
    imports: Vec<(String, String)>,
    /// Imported types, as they are called here.
    types: Vec<String>,
    /// `SECURITY` or `EXECUTION`: whoever does not know it must not serve the schema.
    purpose: Option<String>,
}

/// All links of a subgraph.
pub(in crate::compose) struct Links {
    features: Vec<Feature>,
    known: HashMap<String, Known>,
    pub is_fed1: bool,
}

impl Links {
    /// Reads the links of a document, and notes what is wrong with them.
    pub fn read(document: &Document, problems: &mut Vec<Conflict>) -> Self {
        let mut features = Vec::new();
        // `@core` is what `@link` was called before (<https://specs.apollo.dev/core/v0.2>).
        let is_link = |used: &&Directive| used.name == link_name(document) || used.name == "core";
        for directive in schema_directives(document).filter(is_link) {
            match Feature::read(directive) {
                Ok(feature) => features.push(feature),
                Err(problem) => problems.push(problem),
            }
        }
        let federation = features.iter().find(|feature| feature.is_apollo("federation"));
        let is_fed1 = federation.is_none();
        problems.extend(federation.into_iter().flat_map(Feature::faults));
        let mut known: HashMap<String, Known> =
            GRAPHQL.iter().map(|name| ((*name).to_owned(), Known::Merged(name))).collect();
        if is_fed1 {
            // Federation 1 has no imports: its directives have fixed names, and some later ones can be defined by hand.
            let fixed = ["key", "requires", "provides", "external", "extends", "tag", "inaccessible"];
            let definitions = document.definitions.iter().filter_map(Definition::as_directive_definition);
            let defined = definitions.map(|definition| definition.name.as_str());
            let names =
                fixed.into_iter().chain(defined.filter(|name| matches!(*name, "shareable" | "override")));
            known.extend(names.filter_map(|name| Some((name.to_owned(), federated(name)?))));
        }
        for feature in &features {
            for (name, original) in &feature.imports {
                known.extend(feature.meaning(original).map(|meaning| (name.clone(), meaning)));
            }
        }
        Self { features, known, is_fed1 }
    }

    /// What a directive is; `None` for one of the subgraph's own.
    pub(super) fn known(&self, directive: &str) -> Option<Known> {
        if let Some(known) = self.known.get(directive) {
            return Some(*known);
        }
        let (prefix, name) = directive.split_once("__").unwrap_or((directive, directive));
        let feature = self.features.iter().find(|feature| feature.prefix == prefix)?;
        // `@tag` alone is the tag specification's own `@tag`, whatever prefix that has here.
        let name = if name == prefix { feature.name() } else { name };
        feature.meaning(name)
    }

    /// Whether a type belongs to a specification, and not to the subgraph.
    pub fn owns_type(&self, name: &str) -> bool {
        let is_prefixed = name.split_once("__").is_some_and(|(prefix, _)| {
            prefix.is_empty() || self.features.iter().any(|feature| feature.prefix == prefix)
        });
        is_prefixed
            || matches!(name, "_Any" | "_Entity" | "_Service" | "_FieldSet")
            || self.features.iter().any(|feature| feature.types.iter().any(|ty| ty == name))
    }

    /// The specification of a directive of the subgraph's own: its identity, version, and name for the directive.
    pub fn origin<'a>(&'a self, directive: &'a str) -> Option<(&'a str, (u32, u32), &'a str)> {
        self.features.iter().find_map(|feature| {
            let imported = feature.imports.iter().find(|(name, _)| name == directive);
            let name = imported.map(|(_, original)| original.as_str()).or_else(|| {
                let (prefix, name) = directive.split_once("__").unwrap_or((directive, feature.name()));
                (prefix == feature.prefix).then_some(name)
            })?;
            Some((feature.identity.as_str(), feature.version, name))
        })
    }

    /// What a directive that reaches the supergraph is called by its specification.
    pub fn canonical(&self, directive: &str) -> Option<&'static str> {
        match self.known(directive) {
            Some(Known::Merged(name)) => Some(name),
            _ => None,
        }
    }

    /// The features that must be understood and are not, one sentence each.
    pub fn not_understood(&self) -> impl Iterator<Item = String> {
        self.features.iter().filter_map(Feature::not_understood)
    }

    /// Why a name that is not known may be a mistake: federation has a directive of this name.
    pub fn is_forgotten(&self, directive: &str) -> bool {
        self.known(directive).is_none() && is_federated(directive)
    }
}

impl Feature {
    fn read(link: &Directive) -> Result<Self, Conflict> {
        let wrong =
            |what: &str| Conflict::new(code::INVALID_LINK_DIRECTIVE_USAGE, format!("`{link}` {what}"));
        let url = ["url", "feature"].into_iter().find_map(|name| link.specified_argument_by_name(name));
        let url = url.and_then(|url| url.as_str()).ok_or_else(|| wrong("has no url"))?;
        let (identity, version) = split_version(url);
        let name = identity.rsplit('/').next().unwrap_or_default();
        let prefix = match link.specified_argument_by_name("as") {
            Some(name) => name.as_str().ok_or_else(|| wrong("renames to something else than a string"))?,
            None => name,
        };
        let mut feature = Self {
            identity: identity.to_owned(),
            version,
            prefix: prefix.to_owned(),
            imports: Vec::new(),
            types: Vec::new(),
            purpose: link
                .specified_argument_by_name("for")
                .filter(|purpose| !purpose.is_null())
                .map(|purpose| purpose.to_string()),
        };
        let imports = link.specified_argument_by_name("import");
        for import in imports.and_then(|imports| imports.as_list()).unwrap_or_default() {
            let (original, name) =
                imported(import).ok_or_else(|| wrong("imports something else than names"))?;
            match (original.strip_prefix('@'), name.strip_prefix('@')) {
                (Some(_), Some(name)) if name.starts_with("join__") => {
                    return Err(wrong("gives a directive a name that the supergraph needs"));
                }
                (Some(original), Some(name)) => feature.imports.push((name.to_owned(), original.to_owned())),
                (None, None) => feature.types.push(name.to_owned()),
                _ => return Err(wrong("renames a directive to a type, or a type to a directive")),
            }
        }
        Ok(feature)
    }

    fn name(&self) -> &str {
        self.identity.rsplit('/').next().unwrap_or_default()
    }

    fn is_apollo(&self, name: &str) -> bool {
        self.identity.strip_prefix(APOLLO) == Some(name)
    }

    /// Why a schema with it cannot be served, if it cannot
    /// (<https://specs.apollo.dev/link/v1.0/#Purpose>).
    fn not_understood(&self) -> Option<String> {
        let named = format!("{} v{}.{}", self.identity, self.version.0, self.version.1);
        let apollo = self.identity.strip_prefix(APOLLO);
        let refused = apollo.and_then(|name| REFUSED.iter().find(|(refused, _)| *refused == name));
        if let Some((_, what)) = refused {
            return Some(format!("the feature {named}, {what}, is not supported"));
        }
        let purpose = self.purpose.as_deref()?;
        let newest = apollo.and_then(|name| HONOURED.iter().find(|(honoured, _)| *honoured == name));
        let is_known = newest.is_some_and(|(_, newest)| self.version <= *newest);
        (!is_known).then(|| format!("the feature {named} is for {purpose}, and is not known here"))
    }

    /// What one of its directives is to us.
    fn meaning(&self, directive: &str) -> Option<Known> {
        match self.identity.strip_prefix(APOLLO)? {
            "federation" => Some(federated(directive).unwrap_or(Known::Ignored)),
            "cost" if directive == "listSize" => federated(directive),
            "connect" | "link" | "core" => Some(Known::Ignored),
            // The specifications of `@tag`, `@inaccessible` and others, linked by themselves.
            name if name == directive => federated(directive),
            _ => None,
        }
    }

    /// What is wrong with a link to federation.
    fn faults(&self) -> impl Iterator<Item = Conflict> {
        let version = (self.version.0 != 2).then(|| {
            let message = format!("federation {}.{} is not known", self.version.0, self.version.1);
            Conflict::new(code::UNKNOWN_FEDERATION_LINK_VERSION, message)
        });
        let unknown = self.imports.iter().filter(|(_, original)| federated(original).is_none());
        version.into_iter().chain(unknown.map(|(_, original)| {
            let message = format!("federation has no directive \"@{original}\" to import");
            Conflict::new(code::INVALID_LINK_DIRECTIVE_USAGE, message)
        }))
    }
}

/// Whether federation has a directive of this name.
pub(super) fn is_federated(name: &str) -> bool {
    federated(name).is_some()
}

fn federated(name: &str) -> Option<Known> {
    FEDERATION.iter().find(|(known, _)| *known == name).map(|(_, meaning)| *meaning)
}

/// All directives at `schema` and `extend schema`.
pub(super) fn schema_directives(document: &Document) -> impl Iterator<Item = &Directive> {
    document
        .definitions
        .iter()
        .filter_map(|definition| match definition {
            Definition::SchemaDefinition(schema) => Some(&schema.directives),
            Definition::SchemaExtension(schema) => Some(&schema.directives),
            _ => None,
        })
        .flat_map(|directives| directives.iter().map(|directive| &**directive))
}

/// What `@link` itself is called: it may rename itself.
fn link_name(document: &Document) -> &str {
    schema_directives(document)
        .find_map(|directive| {
            let url = directive.specified_argument_by_name("url")?.as_str()?;
            let is_link = split_version(url).0.strip_prefix(APOLLO) == Some("link");
            let name = directive.specified_argument_by_name("as")?.as_str()?;
            (is_link && directive.name == name).then_some(name)
        })
        .unwrap_or("link")
}

/// An import: its name in the specification, and here.
fn imported(import: &Value) -> Option<(&str, &str)> {
    if let Some(name) = import.as_str() {
        return Some((name, name));
    }
    let part = |key: &str| import.as_object()?.iter().find(|(name, _)| name == key)?.1.as_str();
    let name = part("name")?;
    Some((name, part("as").unwrap_or(name)))
}

/// `https://specs.apollo.dev/federation/v2.3` → its identity, and (2, 3).
fn split_version(url: &str) -> (&str, (u32, u32)) {
    let url = url.trim_end_matches('/');
    let parts = url.rsplit_once("/v").and_then(|(identity, version)| {
        let (major, minor) = version.split_once('.')?;
        Some((identity, (major.parse().ok()?, minor.parse().ok()?)))
    });
    parts.unwrap_or((url, (0, 0)))
}
