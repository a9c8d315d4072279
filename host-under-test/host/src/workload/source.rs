//! The text of a workload file: its documents, and errors that point into it.
//! Judges no value; every error here is about syntax, or about a field that does
//! not exist.

use super::wire::WireWorkload;
use crate::error::{Error, Result};
use serde::{Deserialize, Deserializer};
use serde_path_to_error::{Path as FieldPath, Segment};
use serde_saphyr::options::MergeKeyPolicy;
use serde_saphyr::{Location, Options, UserMessageFormatter};
use std::cell::RefCell;
use std::fmt::Display;
use std::path::Path;

/// Far beyond ten thousand workloads; a larger file is a mistake.
pub(super) const MAX_FILE_BYTES: usize = 16 << 20;

/// Fields of wasmCloud that mean something only in its cluster, and fields that
/// are easily put in the wrong place: what to do instead. By the end of the path.
const REASONS: &[(&str, &str)] = &[
    ("spec.hostInterfaces", BELOW_TEMPLATE),
    ("spec.components", BELOW_TEMPLATE),
    ("spec.volumes", BELOW_TEMPLATE),
    ("spec.service", BELOW_TEMPLATE),
    ("configFrom", "there is no cluster to read a ConfigMap from: write the values into `config`"),
    ("secretFrom", "there is no cluster to read a Secret from: write the values into `config`"),
    ("imagePullSecret", "credentials of registries are taken from Docker's config.json"),
    ("imagePullPolicy", "a digest is pulled once, a tag is resolved at every start"),
    ("hostSelector", "there is one host, nothing to select"),
    ("hostId", "there is one host, nothing to select"),
    ("kubernetes", "there is no cluster"),
    ("kubernetesService", "there is no cluster"),
    ("deployPolicy", "there is no cluster to roll an update out to"),
    ("artifacts", "there is no cluster: name the `image` or `file` in the component"),
    ("template.labels", "labels belong to `metadata`"),
    ("template.annotations", "annotations belong to `metadata`"),
];
const BELOW_TEMPLATE: &str = "belongs below `spec.template.spec`, as in wasmCloud";

/// Maps whose keys are the user's: what follows them in a path is never ours.
const FREE_KEYS: &[&str] = &["config", "environment", "labels", "annotations"];

thread_local! {
    /// Where the document being parsed on this thread failed. Serde's errors have
    /// no room for it, and the parser of several documents takes no closure.
    static FAILED_AT: RefCell<String> = const { RefCell::new(String::new()) };
}

/// A document that notes where it failed.
struct Document(WireWorkload);

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(yaml: D) -> std::result::Result<Self, D::Error> {
        serde_path_to_error::deserialize(yaml).map(Self).map_err(|error| {
            FAILED_AT.set(dotted(error.path()));
            error.into_inner()
        })
    }
}

/// The file that errors are about.
pub(super) struct File {
    name: String,
}

impl File {
    pub(super) fn named(path: &Path) -> Self {
        Self { name: path.display().to_string() }
    }

    /// Parses all documents; an error has line, column and path.
    pub(super) fn parse(&self, text: &str) -> Result<Vec<WireWorkload>> {
        let start = Field { file: self, path: String::new() };
        if text.len() > MAX_FILE_BYTES {
            let what = format!("is longer than {MAX_FILE_BYTES} bytes: split it");
            return Err(start.refuse_at(1, 1, what));
        }
        FAILED_AT.take();
        let documents: Vec<Document> = serde_saphyr::from_multiple_with_options(text, options())
            .map_err(|error| {
                let location = error.location().unwrap_or(Location::UNKNOWN);
                let place = format!(" at line {}, column {}", location.line(), location.column());
                let what = error.render_with_formatter(&UserMessageFormatter);
                let what = what.strip_suffix(&place).unwrap_or(&what);
                self.syntax_error(location, FAILED_AT.take(), what)
            })?;
        if documents.is_empty() {
            return Err(start.refuse_at(1, 1, "there is no workload in this file"));
        }
        Ok(documents.into_iter().map(|document| document.0).collect())
    }

    /// The whole document.
    pub(super) fn root(&self) -> Field<'_> {
        Field { file: self, path: String::new() }
    }

    fn syntax_error(&self, at: Location, path: String, what: &str) -> Error {
        let reason = what.starts_with("unknown field").then(|| reason_for(&path)).flatten();
        // Errors of the text as a whole have no place of their own.
        let (line, column) = (at.line().max(1), at.column().max(1));
        let field = Field { file: self, path };
        field.refuse_at(line, column, reason.unwrap_or(&crate::error::one_line(what)))
    }
}

fn reason_for(path: &str) -> Option<&'static str> {
    let ends_with = |end: &str| {
        path.strip_suffix(end).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    REASONS.iter().find(|(end, _)| ends_with(end)).map(|(_, reason)| *reason)
}

/// Nothing that lets a small text mean something large, or mean it twice.
fn options() -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_documents: 10_000,
            max_nodes: 2_000_000,
            max_events: 4_000_000,
            max_depth: 32,
            max_aliases: 1_000,
            max_anchors: 1_000,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: 20_000,
            max_replay_stack_depth: 4,
        },
        merge_keys: MergeKeyPolicy::Error,
        strict_booleans: true,
        reject_unsupported_tags: true,
        reject_tagged_field_names: true,
        // Errors are one line here; the snippet would be five.
        with_snippet: false,
    }
}

/// A field of a document, for errors.
#[derive(Clone)]
pub(super) struct Field<'a> {
    file: &'a File,
    path: String,
}

impl<'a> Field<'a> {
    /// A field below this one.
    pub(super) fn field(&self, name: &str) -> Self {
        let separator = if self.path.is_empty() { "" } else { "." };
        Self { file: self.file, path: format!("{}{separator}{name}", self.path) }
    }

    /// An item of this list.
    pub(super) fn item(&self, index: usize) -> Self {
        Self { file: self.file, path: format!("{}[{index}]", self.path) }
    }

    /// The error that this field's value is not acceptable.
    pub(super) fn refuse(&self, at: Location, what: impl Display) -> Error {
        self.refuse_at(at.line().max(1), at.column().max(1), what)
    }

    /// Its path, to be named in the error of another field.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    fn refuse_at(&self, line: u64, column: u64, what: impl Display) -> Error {
        let (name, path) = (&self.file.name, &self.path);
        let separator = if path.is_empty() { "" } else { ": " };
        let message = format!("{name}:{line}:{column}: {path}{separator}{what}");
        // Keys and values are quoted as they are, and may hold anything.
        let escaped = |c: char| match c.is_control() {
            true => c.escape_default().to_string(),
            false => c.to_string(),
        };
        Error::Input(message.chars().map(escaped).collect())
    }
}

/// `spec.template.spec.components[0].file`. Leaves out the `value` that every
/// `Spanned` adds; no field of the workload has that name, but a key may.
fn dotted(path: &FieldPath) -> String {
    let mut text = String::new();
    let mut is_free_key = false;
    let mut previous = "";
    for segment in path {
        match segment {
            Segment::Seq { index } => text.push_str(&format!("[{index}]")),
            Segment::Map { key } | Segment::Enum { variant: key }
                if is_free_key || key != "value" =>
            {
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(key);
                // Of all keys that are the user's, this one opens a map of its own.
                let is_layer = previous == "environment" && key == "config";
                is_free_key = FREE_KEYS.contains(&key.as_str()) && (!is_free_key || is_layer);
                previous = key;
            }
            Segment::Map { .. } | Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    text
}
