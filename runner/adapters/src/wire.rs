//! Parts of what tools write as JSON. What is checked while it is read has its line in the
//! error; so all checks of values are here or in `TryFrom` of a format's own structs.

use crate::file::File;
use model::{Diagnostic, Digest};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

/// The most that names in a database may have.
const MAX_NAME_CHARS: usize = 100;
/// What stays of a longer one, before the digits that tell it from others.
const KEPT_CHARS: usize = 90;

/// A measured number: finite and at least 0.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(try_from = "f64")]
pub(crate) struct Amount(pub(crate) f64);

/// One that is divided by: above 0.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(try_from = "f64")]
pub(crate) struct Positive(pub(crate) f64);

/// A name that can be stored: what is too long is cut, and what is cut keeps apart.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Name(pub(crate) String);

/// A parameter's value as tools write it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub(crate) enum Scalar {
    Text(String),
    Number(serde_json::Number),
    Truth(bool),
    Nothing(()),
}

impl TryFrom<f64> for Amount {
    type Error = String;
    fn try_from(value: f64) -> Result<Self, String> {
        let good = value.is_finite() && value >= 0.0;
        if good { Ok(Self(value)) } else { Err(format!("{value} is not a number of at least 0")) }
    }
}

impl TryFrom<f64> for Positive {
    type Error = String;
    fn try_from(value: f64) -> Result<Self, String> {
        let good = value.is_finite() && value > 0.0;
        if good { Ok(Self(value)) } else { Err(format!("{value} is not a number above 0")) }
    }
}

impl TryFrom<String> for Name {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let visible: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let words: Vec<&str> = visible.split_whitespace().collect();
        let name = words.join(" ");
        match name.chars().count() {
            0 => Err("an empty name".to_owned()),
            1..=MAX_NAME_CHARS => Ok(Self(name)),
            _ => {
                let digits = Digest::of(&name).to_string();
                let kept: String = name.chars().take(KEPT_CHARS).collect();
                Ok(Self(format!("{kept}~{}", &digits[..8])))
            }
        }
    }
}

impl Scalar {
    fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::Truth(truth) => truth.to_string(),
            Self::Nothing(()) => "null".to_owned(),
        }
    }
}

/// An arm's name out of parameters; `default` of none.
pub(crate) fn arm(parameters: &BTreeMap<String, Scalar>) -> String {
    let pairs: Vec<String> =
        parameters.iter().map(|(name, value)| format!("{name}={}", value.text())).collect();
    arm_named(&pairs.join(","))
}

/// The same of a text that is ready.
pub(crate) fn arm_named(text: &str) -> String {
    Name::try_from(text.to_owned()).map_or_else(|_| "default".to_owned(), |name| name.0)
}

/// Reads a whole file as one JSON value.
pub(crate) fn json<T: DeserializeOwned>(file: &File) -> Result<T, Diagnostic> {
    serde_json::from_str(&file.text).map_err(|error| refused(file, 0, &error))
}

/// Reads a line as JSON; `line` is its number.
pub(crate) fn json_line<T: DeserializeOwned>(
    file: &File,
    line: usize,
    text: &str,
) -> Result<T, Diagnostic> {
    serde_json::from_str(text).map_err(|error| refused(file, line, &error))
}

/// What serde_json said, with its line in the file; `line` where it read one line only.
pub(crate) fn refused(file: &File, line: usize, error: &serde_json::Error) -> Diagnostic {
    let said = error.to_string();
    let problem = said.rsplit_once(" at line ").map_or(said.as_str(), |(problem, _)| problem);
    file.at(if line > 0 { line } else { error.line() }, problem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_are_cut_and_stay_apart() {
        let name = |text: &str| Name::try_from(text.to_owned()).map(|name| name.0);
        assert_eq!(name(" a\n b "), Ok("a b".to_owned()));
        assert_eq!(name(" \t"), Err("an empty name".to_owned()));
        let long = |end: &str| name(&("x".repeat(200) + end)).unwrap_or_default();
        assert_eq!(long("1").chars().count(), 99);
        assert_ne!(long("1"), long("2"));
    }
}
