//! One subgraph while it is made up.

use std::fmt::Write;

use indexmap::{IndexMap, IndexSet};

use crate::random::Random;

/// The SDL of a subgraph, in parts.
#[derive(Default)]
pub struct Sketch {
    types: IndexMap<String, Type>,
    unions: IndexMap<String, String>,
}

#[derive(Default)]
struct Type {
    keyword: &'static str,
    implements: IndexSet<String>,
    directives: String,
    fields: IndexSet<String>,
}

impl Sketch {
    /// Adds an object type, or fields to it.
    pub fn object(&mut self, name: &str, implements: &str, directives: &str, fields: &[&str]) {
        self.add("type", name, directives, fields);
        if let Some(interface) = implements.strip_prefix("implements ") {
            self.implement(name, interface);
        }
    }

    /// Adds an interface.
    pub fn interface(&mut self, name: &str, directives: &str, fields: &[&str]) {
        self.add("interface", name, directives, fields);
    }

    fn add(&mut self, keyword: &'static str, name: &str, directives: &str, fields: &[&str]) {
        let ty = self.types.entry(name.to_owned()).or_default();
        ty.keyword = keyword;
        if !ty.directives.contains(directives) {
            ty.directives = format!("{} {directives}", ty.directives);
        }
        ty.fields.extend(fields.iter().map(|field| (*field).to_owned()));
    }

    pub fn implement(&mut self, name: &str, interface: &str) {
        self.types.entry(name.to_owned()).or_default().implements.insert(interface.to_owned());
    }

    pub fn union(&mut self, name: &str, members: &[&str]) {
        self.unions.insert(name.to_owned(), members.join(" | "));
    }

    /// Adds a root field.
    pub fn root(&mut self, root: &str, field: &str) {
        self.add("type", root, "", &[field]);
    }

    /// A value type that all subgraphs share.
    pub fn size(&mut self) {
        let fields = ["w: Int", "h: Float!", "unit(in: String! = \"cm\"): String"];
        self.add("type", "Size", "@shareable", &fields);
    }

    /// Adds what a subgraph has besides its entities.
    pub fn common(&mut self, random: &mut Random) {
        if random.chance(50) {
            self.root("Query", "size(of: [Filter!]): Size @shareable");
        }
        if random.chance(40) {
            self.root("Query", "found(text: String = \"x\"): [Found!] @shareable");
        }
        if self.uses("Size") {
            self.size();
        }
    }

    /// Whether some field returns a type.
    pub fn uses(&self, name: &str) -> bool {
        let returns = |field: &str| {
            let field = field.split(" @").next().unwrap_or_default();
            let (_, ty) = field.rsplit_once(": ").unwrap_or_default();
            ty.trim_matches(|letter: char| !letter.is_alphanumeric()) == name
        };
        self.types.values().any(|ty| ty.fields.iter().any(|field| returns(field)))
    }

    /// In the language of Federation 1 if that is wanted, and has words for all of it.
    pub fn sdl(&self, is_old: bool) -> String {
        let sdl = self.types_sdl();
        if is_old
            && !sdl.contains("@interfaceObject")
            && !sdl.contains("resolvable")
            && !sdl.contains("interface Media")
        {
            return sdl.replace(" @shareable", "");
        }
        let link = "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.3\", import: [\"@key\", \
             \"@shareable\", \"@external\", \"@requires\", \"@provides\", \"@interfaceObject\"])\n";
        format!("{link}{sdl}")
    }

    fn types_sdl(&self) -> String {
        let mut sdl = String::new();
        for (name, ty) in &self.types {
            let implements: Vec<&str> = ty.implements.iter().map(String::as_str).collect();
            let implements = if implements.is_empty() {
                String::new()
            } else {
                format!(" implements {}", implements.join(" & "))
            };
            let _ = writeln!(sdl, "{} {name}{implements}{} {{", ty.keyword, ty.directives);
            for field in &ty.fields {
                let _ = writeln!(sdl, "  {field}");
            }
            sdl.push_str("}\n");
        }
        for (name, members) in &self.unions {
            let _ = writeln!(sdl, "union {name} = {members}");
        }
        for (name, text) in [
            ("Filter", "input Filter { a: Int! = 1, b: [String!], color: Color = RED, more: Filter }\n"),
            ("Color", "enum Color { RED GREEN }\n"),
            ("Blob", "scalar Blob\n"),
        ] {
            if sdl.contains(name) {
                sdl.push_str(text);
            }
        }
        sdl
    }
}
