//! `[[slope]]` tables.

use super::super::{Arm, SlopeSpec};
use crate::diagnostic::{Diagnostic, SourceText};
use crate::metric::Metric;
use crate::schema::MetricName;
use crate::spanned::Spanned;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WireSlope {
    of: Vec<Spanned<String>>,
    over: Spanned<String>,
    lines: Spanned<String>,
    one: String,
    #[schemars(with = "Vec<MetricName>")]
    metrics: Spanned<Vec<Spanned<String>>>,
    #[serde(default)]
    names: Texts,
    #[serde(default)]
    notes: Texts,
}

/// By the values of `lines`.
type Texts = IndexMap<String, Spanned<String>>;

/// Checks a table against the arms it speaks of.
pub(super) fn check(
    source: SourceText<'_>,
    wire: WireSlope,
    arms: &[Arm],
) -> Result<SlopeSpec, Diagnostic> {
    let mut mine: Vec<&Arm> = Vec::new();
    for name in &wire.of {
        let known = mine.len();
        mine.extend(arms.iter().filter(|arm| &arm.benchmark == name.get_ref()));
        if mine.len() == known {
            let problem = format!("there is no benchmark `{}`", name.get_ref());
            return Err(source.at(name.span(), problem));
        }
    }
    let over = parameter(source, &wire.over, &mine)?;
    if let Some(value) = over.iter().find(|value| !value.parse().is_ok_and(f64::is_finite)) {
        let problem =
            format!("`{}` has the value `{value}`, which is no number", wire.over.get_ref());
        return Err(source.at(wire.over.span(), problem));
    }
    let lines = parameter(source, &wire.lines, &mine)?;
    let mut texts = wire.names.iter().chain(&wire.notes);
    if let Some((name, text)) = texts.find(|(name, _)| !lines.contains(&name.as_str())) {
        let problem = format!("`{}` has no value `{name}`", wire.lines.get_ref());
        return Err(source.at(text.span(), problem));
    }
    let mut metrics: Vec<&'static Metric> = Vec::new();
    for name in wire.metrics.get_ref() {
        let reported = mine.iter().flat_map(|arm| &arm.metrics);
        match reported.copied().find(|metric| metric.name == name.get_ref()) {
            Some(metric) => metrics.push(metric),
            None => {
                let problem = format!("none of these benchmarks reports `{}`", name.get_ref());
                return Err(source.at(name.span(), problem));
            }
        }
    }
    if metrics.is_empty() {
        return Err(
            source.at(wire.metrics.span(), "`metrics` is empty; name the deciding one first")
        );
    }
    Ok(SlopeSpec {
        benchmarks: wire.of.into_iter().map(Spanned::into_inner).collect(),
        over: wire.over.into_inner(),
        lines: wire.lines.into_inner(),
        one: wire.one,
        metrics,
        names: plain(wire.names),
        notes: plain(wire.notes),
    })
}

fn plain(texts: Texts) -> Vec<(String, String)> {
    texts.into_iter().map(|(name, text)| (name, text.into_inner())).collect()
}

/// The values that all these arms have of a parameter.
fn parameter<'a>(
    source: SourceText<'_>,
    name: &Spanned<String>,
    arms: &[&'a Arm],
) -> Result<Vec<&'a str>, Diagnostic> {
    let value = |arm: &&'a Arm| arm.parameter(name.get_ref());
    let values: Option<Vec<&str>> = arms.iter().map(value).collect();
    values.ok_or_else(|| {
        let problem = format!("not every arm has the parameter `{}`", name.get_ref());
        source.at(name.span(), problem)
    })
}
