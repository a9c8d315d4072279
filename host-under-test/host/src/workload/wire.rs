//! What may be written in a workload file, and where. Syntax only: no field's
//! value is judged here, and no type of this file leaves the parent module.

use crate::error::{Error, Result};
use serde::Deserialize;
use serde_path_to_error::{Path as FieldPath, Segment};
use serde_saphyr::{Location, Options, Spanned};
use std::collections::BTreeMap;
use std::path::Path;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct WireWorkload {
    pub(super) api_version: Spanned<String>,
    pub(super) kind: Spanned<String>,
    pub(super) metadata: WireMetadata,
    pub(super) spec: WireSpec,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct WireMetadata {
    pub(super) name: Spanned<String>,
    pub(super) namespace: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct WireSpec {
    pub(super) host_interfaces: Spanned<Vec<WireHostInterface>>,
    pub(super) components: Spanned<Vec<WireComponent>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct WireHostInterface {
    pub(super) namespace: Spanned<String>,
    pub(super) package: Spanned<String>,
    pub(super) interfaces: Vec<Spanned<String>>,
    pub(super) version: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) config: BTreeMap<String, Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct WireComponent {
    pub(super) name: Spanned<String>,
    pub(super) file: Spanned<String>,
}

/// The file that errors are about.
pub(super) struct File {
    name: String,
}

impl File {
    pub(super) fn named(path: &Path) -> Self {
        Self { name: path.display().to_string() }
    }

    /// Parses the text; an error has line, column and path.
    pub(super) fn parse(&self, text: &str) -> Result<WireWorkload> {
        let mut options = Options::default();
        // Errors are one line here; the snippet would be five.
        options.with_snippet = false;
        let mut field_path = String::new();
        serde_saphyr::with_deserializer_from_str_with_options(text, options, |yaml| {
            serde_path_to_error::deserialize(yaml).map_err(|error| {
                field_path = dotted(error.path());
                error.into_inner()
            })
        })
        .map_err(|error: serde_saphyr::Error| {
            let location = error.location().unwrap_or(Location::UNKNOWN);
            let place = format!(" at line {}, column {}", location.line(), location.column());
            let what = error.render();
            self.refuse(location, &field_path, what.strip_suffix(&place).unwrap_or(&what))
        })
    }

    /// An error at a place of this file.
    pub(super) fn refuse(&self, at: Location, field_path: &str, what: &str) -> Error {
        let (name, line, column) = (&self.name, at.line(), at.column());
        let separator = if field_path.is_empty() { "" } else { ": " };
        Error::Input(format!("{name}:{line}:{column}: {field_path}{separator}{what}"))
    }
}

/// `spec.components[0].file`. Leaves out the `value` that every `Spanned` adds;
/// no field of the workload has that name.
fn dotted(path: &FieldPath) -> String {
    let mut text = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => text.push_str(&format!("[{index}]")),
            Segment::Map { key } | Segment::Enum { variant: key } if key != "value" => {
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(key);
            }
            Segment::Map { .. } | Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    text
}
