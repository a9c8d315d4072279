//! What `bench calibrate` measures: a target against itself, and with slowdowns
//! of known size.

use crate::diagnostic::{Diagnostic, SourceText};
use crate::metric::Metric;
use crate::spanned::Spanned;
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// How the method is tried out.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Calibrate {
    /// The target that is measured against itself.
    pub target: String,
    /// Patterns of the suites that are measured.
    pub suites: Vec<String>,
    /// The measured part of a block in milliseconds, if not the suite's: shorter
    /// blocks are noisier, and there are more of them.
    pub measure_ms: Option<u64>,
    /// Slowdowns.
    #[serde(default)]
    pub planted: Vec<Planted>,
}

/// A slowdown that is really there.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Planted {
    /// What people read.
    pub name: String,
    /// Words added to the command that starts the target.
    pub arguments: Vec<String>,
    /// What that adds to a metric, in its unit; to the others it is unknown.
    #[serde(default)]
    pub adds: BTreeMap<String, f64>,
}

pub(super) fn checked(
    source: SourceText<'_>,
    wire: Spanned<Calibrate>,
    is_target: impl Fn(&str) -> bool,
) -> Result<Calibrate, Diagnostic> {
    let span = wire.span();
    let calibrate = wire.into_inner();
    if !is_target(&calibrate.target) {
        let problem = format!("there is no target `{}`", calibrate.target);
        return Err(source.at(span, problem).with_remedy("declare it as [targets.NAME]"));
    }
    let mut names = BTreeSet::from(["same", "twin"]);
    if calibrate.measure_ms == Some(0) {
        return Err(source.at(span, "`measure_ms` must be above 0".to_owned()));
    }
    for planted in &calibrate.planted {
        for (metric, added) in &planted.adds {
            if Metric::named(metric).is_none() || !(added.is_finite() && *added > 0.0) {
                let problem =
                    format!("`adds` names a metric and how much above 0, not {metric} = {added}");
                return Err(source.at(span, problem));
            }
        }
        if planted.name.is_empty() || !names.insert(&planted.name) {
            let problem = format!("`{}` cannot be the name of a slowdown, or is one", planted.name);
            return Err(source.at(span, problem));
        }
    }
    Ok(calibrate)
}
