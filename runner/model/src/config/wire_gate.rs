//! The gate as `bench.toml` writes it. These structs never leave the module
//! above: what leaves is checked.

use super::gate::{Budget, Drift, Gate, Rule, Selector, Waiver};
use crate::diagnostic::{Diagnostic, SourceText};
use crate::metric::METRICS;
use crate::spanned::Spanned;
use glob::Pattern;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WireGate {
    required: Vec<String>,
    #[serde(default = "twenty")]
    probation_runs: u32,
    #[serde(default = "one_in_a_hundred")]
    false_alarms: Spanned<f64>,
    #[serde(default)]
    rules: Vec<Spanned<WireRule>>,
    #[serde(default)]
    budgets: Vec<Spanned<WireBudget>>,
    drift: Option<Spanned<WireDrift>>,
    #[serde(default)]
    waivers: Vec<Spanned<WireWaiver>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WireRule {
    target: Option<String>,
    suite: Option<String>,
    benchmark: Option<String>,
    arm: Option<String>,
    metric: Option<String>,
    tolerated: f64,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WireBudget {
    target: Option<String>,
    suite: Option<String>,
    benchmark: Option<String>,
    arm: Option<String>,
    metric: String,
    limit: f64,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WireDrift {
    release_tags: String,
    tolerated: f64,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WireWaiver {
    target: Option<String>,
    suite: Option<String>,
    benchmark: Option<String>,
    arm: Option<String>,
    metric: Option<String>,
    owner: String,
    reason: String,
    expires: String,
}

fn one_in_a_hundred() -> Spanned<f64> {
    Spanned::new(0..0, 0.01)
}

fn twenty() -> u32 {
    20
}

pub(super) fn gate_of(source: SourceText<'_>, wire: WireGate) -> Result<Gate, Diagnostic> {
    let reader = Reader { source };
    let false_alarms = wire.false_alarms.get_ref();
    reader.fraction(&wire.false_alarms, *false_alarms)?;
    let rules = wire.rules.into_iter().map(|rule| {
        reader.fraction(&rule, rule.get_ref().tolerated)?;
        let span = rule.span();
        let WireRule { target, suite, benchmark, arm, metric, tolerated } = rule.into_inner();
        let covers = reader.selector(span, [target, suite, benchmark, arm, metric])?;
        Ok(Rule { covers, tolerated })
    });
    let budgets = wire.budgets.into_iter().map(|budget| {
        let span = budget.span();
        let WireBudget { target, suite, benchmark, arm, metric, limit } = budget.into_inner();
        if !(limit.is_finite() && limit > 0.0) {
            return Err(source.at(span, "`limit` must be above 0, in the metric's unit"));
        }
        let covers = reader.selector(span, [target, suite, benchmark, arm, Some(metric)])?;
        Ok(Budget { covers, limit })
    });
    let drift = wire.drift.map(|drift| {
        reader.fraction(&drift, drift.get_ref().tolerated)?;
        let WireDrift { release_tags, tolerated } = drift.into_inner();
        Ok(Drift { release_tags, tolerated })
    });
    let waivers = wire.waivers.into_iter().map(|waiver| reader.waiver(waiver));
    Ok(Gate {
        required: wire.required,
        probation_runs: wire.probation_runs,
        false_alarms: *false_alarms,
        rules: rules.collect::<Result<_, _>>()?,
        budgets: budgets.collect::<Result<_, _>>()?,
        drift: drift.transpose()?,
        waivers: waivers.collect::<Result<_, _>>()?,
    })
}

struct Reader<'a> {
    source: SourceText<'a>,
}

type Span = std::ops::Range<usize>;

impl Reader<'_> {
    fn fraction<T>(&self, of: &Spanned<T>, value: f64) -> Result<(), Diagnostic> {
        if (0.0..1.0).contains(&value) {
            return Ok(());
        }
        Err(self.source.at(of.span(), "`tolerated` is a fraction from 0 to below 1"))
    }

    fn selector(&self, span: Span, patterns: [Option<String>; 5]) -> Result<Selector, Diagnostic> {
        let patterns = patterns.map(|text| {
            let text = text?;
            Some(Pattern::new(&text).map_err(|e| {
                self.source.at(span.clone(), format!("`{text}` is not a pattern: {}", e.msg))
            }))
        });
        let [target, suite, benchmark, arm, metric] = patterns.map(Option::transpose);
        let metric = metric?;
        if let Some(pattern) = &metric
            && !METRICS.iter().any(|metric| metric.is_comparable() && pattern.matches(metric.name))
        {
            let problem = format!("no metric matches `{}`", pattern.as_str());
            return Err(self.source.at(span, problem));
        }
        Ok(Selector { target: target?, suite: suite?, benchmark: benchmark?, arm: arm?, metric })
    }

    fn waiver(&self, wire: Spanned<WireWaiver>) -> Result<Waiver, Diagnostic> {
        let span = wire.span();
        let WireWaiver { target, suite, benchmark, arm, metric, owner, reason, expires } =
            wire.into_inner();
        for (field, text) in [("owner", &owner), ("reason", &reason)] {
            if text.trim().is_empty() {
                return Err(self.source.at(span, format!("`{field}` of a waiver is empty")));
            }
        }
        let patterns = [target, suite, benchmark, arm, metric];
        if patterns.iter().all(Option::is_none) {
            let problem = "a waiver must name the series it covers";
            let remedy = "add `suite`, `benchmark`, `arm`, `metric` or `target`";
            return Err(self.source.at(span, problem).with_remedy(remedy));
        }
        let expires: Date = expires.parse().map_err(|_| {
            let problem = format!("`{expires}` is not a day; write it as \"2026-12-31\"");
            self.source.at(span.clone(), problem)
        })?;
        Ok(Waiver { covers: self.selector(span, patterns)?, owner, reason, expires })
    }
}
