//! What may be written as `environment`: wasmCloud's layer (`config: {..}`), or
//! the variables themselves. Syntax only, as `wire`.

use super::wire::TextMap;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use std::fmt;

#[derive(Debug)]
pub(super) enum WireEnvironment {
    Layer(TextMap),
    Plain(TextMap),
}

impl Default for WireEnvironment {
    fn default() -> Self {
        Self::Plain(TextMap::new())
    }
}

impl<'de> Deserialize<'de> for WireEnvironment {
    fn deserialize<D: Deserializer<'de>>(yaml: D) -> Result<Self, D::Error> {
        yaml.deserialize_map(Variables)
    }
}

struct Variables;

impl<'de> Visitor<'de> for Variables {
    type Value = WireEnvironment;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("variables, or `config` with variables")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<WireEnvironment, A::Error> {
        let mut layer = None;
        let mut plain = TextMap::new();
        while let Some(key) = map.next_key()? {
            match key {
                Key::Config => layer = Some(map.next_value()?),
                Key::Variable(name) => drop(plain.insert(name, map.next_value()?)),
            }
        }
        match layer {
            None => Ok(WireEnvironment::Plain(plain)),
            Some(layer) if plain.is_empty() => Ok(WireEnvironment::Layer(layer)),
            Some(_) => Err(A::Error::custom("put all variables below `config`, or none")),
        }
    }
}

/// A key of its own type, so that an error is told with the key in its path.
enum Key {
    Config,
    Variable(String),
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(yaml: D) -> Result<Self, D::Error> {
        match String::deserialize(yaml)? {
            name if name == "config" => Ok(Self::Config),
            name if name == "configFrom" || name == "secretFrom" => {
                Err(D::Error::unknown_field(&name, &["config"]))
            }
            name => Ok(Self::Variable(name)),
        }
    }
}
