//! A configuration file: read as a whole, then handed out in the parts that it is made of.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::environment::Lookup;
use super::json_schema::check;
use super::problem::{ConfigError, Problem};
use super::tree::Node;
use super::yaml;

/// How large a file may be, in bytes.
const BYTES_MAX: usize = 1024 * 1024;

/// What a file may hold: several structs side by side, whose fields are its keys.
pub struct Layout {
    generator: SchemaGenerator,
    properties: Map<String, Value>,
    required: Vec<Value>,
}

impl Default for Layout {
    fn default() -> Self {
        let generator = SchemaSettings::draft2020_12().for_deserialize().into_generator();
        Self { generator, properties: Map::new(), required: Vec::new() }
    }
}

impl Layout {
    /// Adds the fields of a struct.
    #[must_use]
    pub fn with<T: JsonSchema>(mut self) -> Self {
        let mut schema = T::json_schema(&mut self.generator);
        if let Some(Value::Object(properties)) = schema.remove("properties") {
            self.properties.extend(properties);
        }
        if let Some(Value::Array(required)) = schema.remove("required") {
            self.required.extend(required);
        }
        self
    }

    /// The JSON Schema of the whole file.
    #[must_use]
    pub fn schema(mut self, title: &str, description: &str) -> Value {
        let definitions = self.generator.take_definitions(true);
        json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": title,
            "description": description,
            "type": "object",
            "properties": self.properties,
            "required": self.required,
            "additionalProperties": false,
            "$defs": definitions,
        })
    }
}

/// A file whose names, types and ranges are right.
pub struct ConfigFile {
    tree: Node,
    values: Map<String, Value>,
}

impl ConfigFile {
    /// Reads YAML (JSON is YAML, too) with `${NAME}` for variables, and holds it against a [`Layout::schema`].
    ///
    /// # Errors
    /// Everything that is wrong with it, each with its line: not YAML, a variable that is not set, unknown keys
    /// with what was probably meant, wrong types, values out of range.
    pub fn read(text: &str, schema: &Value, lookup: Lookup<'_>) -> Result<Self, ConfigError> {
        if text.len() > BYTES_MAX {
            return Err(ConfigError::one("", format!("the file is larger than {BYTES_MAX} bytes")));
        }
        let tree = yaml::read(text, lookup).map_err(|problem| ConfigError(vec![problem]))?;
        match check(schema, &tree).map_err(ConfigError)? {
            Value::Object(values) => Ok(Self { tree, values }),
            _ => Err(ConfigError::one("", "the file is no section with keys")),
        }
    }

    /// Whether a key of the first level stands in it, with a value.
    #[must_use]
    pub fn says(&self, key: &str) -> bool {
        self.values.contains_key(key)
    }

    /// The fields that belong to one struct.
    ///
    /// # Errors
    /// When a text is not of the form that its type asks for.
    pub fn part<T: JsonSchema + DeserializeOwned>(&self) -> Result<T, ConfigError> {
        let own = Layout::default().with::<T>().properties;
        let values = self.values.iter().filter(|(key, _)| own.contains_key(*key));
        let values: Map<String, Value> = values.map(|(key, value)| (key.clone(), value.clone())).collect();
        serde_path_to_error::deserialize(Value::Object(values)).map_err(|error| {
            let path = error.path().to_string();
            let message = format!("`{path}`: {}", error.inner());
            self.located(ConfigError::one(&path, message))
        })
    }

    /// The same problems, with the lines on which their settings stand, and without the values of variables.
    #[must_use]
    pub fn located(&self, error: ConfigError) -> ConfigError {
        let locate = |problem: Problem| {
            let line = Some(self.tree.line_of(&problem.path)).filter(|line| *line > 0);
            let message = self.tree.without_values(&problem.path, problem.message);
            Problem { line: problem.line.or(line), message, path: problem.path }
        };
        ConfigError(error.0.into_iter().map(locate).collect())
    }
}

/// Refuses values of a struct that are out of their ranges, as its JSON Schema states them.
pub(super) fn check_ranges<T: JsonSchema + serde::Serialize>(values: &T) -> Result<(), ConfigError> {
    let values = serde_json::to_value(values).map_err(|error| ConfigError::one("", error.to_string()))?;
    let schema = Layout::default().with::<T>().schema("", "");
    check(&schema, &Node::from(&values)).map(|_| ()).map_err(ConfigError)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn read(text: &str) -> Result<Config, String> {
        let schema = Layout::default().with::<Config>().schema("a", "b");
        let lookup = |name: &str| (name == "PROFILE").then(|| "development".to_owned());
        let file = ConfigFile::read(text, &schema, &lookup);
        file.and_then(|file| file.part::<Config>()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_file_says_what_differs_from_the_defaults() {
        let config =
            read("profile: ${PROFILE}\nlimits:\n  depth_max: 20\nrate:\ntrusted_proxies: [10.0.0.0/8]\n");
        let mut expected = Config { profile: crate::config::Profile::Development, ..Config::default() };
        expected.limits.depth_max = 20;
        expected.trusted_proxies =
            vec![crate::config::Network::try_from("10.0.0.0/8".to_owned()).expect("a network")];
        assert_eq!(config, Ok(expected));
        assert_eq!(read(""), Ok(Config::default()));
        assert_eq!(read(r#"{"listen": "127.0.0.1:1"}"#).map(|config| config.listen.port()), Ok(1));
    }

    #[test]
    fn what_only_its_type_can_tell_is_refused_with_its_line() {
        for (text, expected) in [
            (
                "drain_ms: 1\nlisten: here",
                "line 2: `listen`: here is no address to listen on; write it as 127.0.0.1:4000",
            ),
            (
                "trusted_proxies:\n  - 10.0.0.1\n  - example.com",
                "line 3: `trusted_proxies[1]`: example.com is neither",
            ),
            ("limits: {depth: 3}", "line 1: unknown key `depth` in `limits`; did you mean `depth_max`?"),
            (
                "request_timeout_ms: 0",
                "line 1: `request_timeout_ms` is 0; it must lie between 100 and 120000",
            ),
        ] {
            let refused = read(text).expect_err(text);
            assert!(refused.starts_with(expected), "{refused}");
        }
    }

    #[test]
    fn parts_share_a_file_and_keep_to_their_own_keys() {
        let schema = Layout::default().with::<Config>().with::<crate::config::RateLimits>().schema("a", "b");
        let file = ConfigFile::read("drain_ms: 5\nuser_per_s: 7", &schema, &|_| None).expect("fits");
        assert_eq!(file.part::<Config>().map(|config| config.drain_ms), Ok(5));
        assert_eq!(file.part::<crate::config::RateLimits>().map(|rate| rate.user_per_s), Ok(7));
    }

    #[test]
    fn a_file_too_large_is_refused() {
        assert!(read(&"#".repeat(BYTES_MAX + 1)).expect_err("too large").contains("larger than"));
    }
}
