//! How values become columns and back, bit for bit. The migrations state the
//! same conventions. It must not touch the database.

use crate::error::Fault;
use jiff::Timestamp;
use model::{Digest, Invalid, Label, RunId, RunStatus, VersionId};
use serde::Deserialize as _;
use serde::de::IntoDeserializer as _;

/// Nanoseconds since 1970.
///
/// # Errors
/// When they do not fit 64 bits: before 1677 or after 2262.
pub(crate) fn timestamp_ns(field: &str, timestamp: Timestamp) -> Result<i64, Fault> {
    i64::try_from(timestamp.as_nanosecond()).map_err(|_| {
        Fault::Invalid(Invalid {
            field: field.to_owned(),
            problem: format!("{timestamp} is outside of 1677 to 2262, which is what is stored"),
        })
    })
}

/// The time of so many nanoseconds since 1970.
pub(crate) fn timestamp(ns: i64) -> Result<Timestamp, Fault> {
    Timestamp::from_nanosecond(i128::from(ns))
        .map_err(|error| Fault::Damaged(format!("a time of {ns} ns: {error}")))
}

pub(crate) fn digest(text: &str) -> Result<Digest, Fault> {
    text.parse().map_err(Fault::Damaged)
}

pub(crate) fn run_id(text: String) -> Result<RunId, Fault> {
    RunId::try_from(text).map_err(Fault::Damaged)
}

pub(crate) fn status(word: &str) -> Result<RunStatus, Fault> {
    [RunStatus::Running, RunStatus::Complete, RunStatus::Interrupted]
        .into_iter()
        .find(|status| status.word() == word)
        .ok_or_else(|| Fault::Damaged(format!("`{word}` is not a run's status")))
}

/// By serde, which knows every label there is; the round-trip test holds that
/// its words are those of [`Label::word`].
pub(crate) fn label(word: &str) -> Result<Label, Fault> {
    Label::deserialize(word.into_deserializer())
        .map_err(|error: serde::de::value::Error| Fault::Damaged(format!("label: {error}")))
}

/// A `u32` column, `what` being its name.
pub(crate) fn small(what: &str, value: i64) -> Result<u32, Fault> {
    u32::try_from(value).map_err(|_| Fault::Damaged(format!("{what} is {value}")))
}

/// The columns of a version.
pub(crate) struct VersionColumns {
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) subject: Option<String>,
    pub(crate) committed_at_ns: Option<i64>,
    pub(crate) modified_sha256: Option<String>,
}

/// The version of a row that has these columns. Every query has a type of its own,
/// so no function can take its rows.
macro_rules! version_of {
    ($row:ident) => {
        $crate::encoding::VersionColumns {
            kind: $row.kind,
            name: $row.name,
            subject: $row.subject,
            committed_at_ns: $row.committed_at_ns,
            modified_sha256: $row.modified_sha256,
        }
        .version()
    };
}
pub(crate) use version_of;

impl VersionColumns {
    pub(crate) fn of(version: &VersionId) -> Result<Self, Fault> {
        let plain = |kind: &str, name: String| Self {
            kind: kind.to_owned(),
            name,
            subject: None,
            committed_at_ns: None,
            modified_sha256: None,
        };
        Ok(match version {
            VersionId::Commit { sha, subject, committed_at, modified } => Self {
                subject: Some(subject.clone()),
                committed_at_ns: Some(timestamp_ns("version.committed_at", *committed_at)?),
                modified_sha256: modified.map(String::from),
                ..plain("commit", sha.clone())
            },
            VersionId::Release { version } => plain("release", version.clone()),
            VersionId::Binary { sha256 } => plain("binary", sha256.to_string()),
        })
    }

    pub(crate) fn version(self) -> Result<VersionId, Fault> {
        match (self.kind.as_str(), self.subject, self.committed_at_ns) {
            ("commit", Some(subject), Some(ns)) => Ok(VersionId::Commit {
                sha: self.name,
                subject,
                committed_at: timestamp(ns)?,
                modified: self.modified_sha256.as_deref().map(digest).transpose()?,
            }),
            ("release", ..) => Ok(VersionId::Release { version: self.name }),
            ("binary", ..) => Ok(VersionId::Binary { sha256: digest(&self.name)? }),
            (kind, ..) => Err(Fault::Damaged(format!("a version of kind `{kind}`"))),
        }
    }
}
