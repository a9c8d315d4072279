//! A version that could not be built: that is its result.

use super::VersionId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A version that was to be measured and could not be built.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FailedBuild {
    /// The target it is a version of.
    pub target: String,
    /// Which version.
    pub version: VersionId,
    /// The compiler that was used; absent where there was nothing to compile.
    pub rustc: Option<String>,
    /// Why, in one sentence.
    pub reason: String,
    /// The last lines of the build; empty where there was none.
    pub log_tail: String,
}
