//! `[[goal]]` and `[site]` of `bench.toml`: where a series is meant to go, and
//! when its numbers are old. It must not judge a number.

use crate::diagnostic::{Diagnostic, SourceText};
use crate::metric::{Direction, Metric};
use crate::schema::MetricName;
use crate::spanned::Spanned;
use crate::suite::Suite;
use schemars::JsonSchema;
use serde::Deserialize;
use std::path::Path;

/// A value that a series is meant to reach.
#[derive(Debug, Clone, PartialEq)]
pub struct Goal {
    /// Target of the series.
    pub target: String,
    /// Suite of the series.
    pub suite: String,
    /// Benchmark of the series.
    pub benchmark: String,
    /// Arm of the series.
    pub arm: String,
    /// What is measured.
    pub metric: &'static Metric,
    /// The worst value that reaches it: in the metric's unit, or a multiple of the
    /// anchor's value.
    pub limit: f64,
    /// Whether `limit` is a multiple of the anchor measured beside it.
    pub is_multiple: bool,
    /// What is gained by reaching it.
    pub why: String,
    /// Where it stands in `bench.toml`, from 1.
    pub line: usize,
}

/// What the pages are told.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SiteConfig {
    /// Numbers older than this are called stale, in days; at least 1.
    #[serde(default = "a_week")]
    pub stale_after_days: u32,
    /// Where the site is published, with a slash at the end. Links within it need
    /// none; sitemaps, feeds and previews do, and are not made without.
    pub url: Option<String>,
}

fn a_week() -> u32 {
    7
}

impl Default for SiteConfig {
    /// A week.
    fn default() -> Self {
        Self { stale_after_days: a_week(), url: None }
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WireGoal {
    target: Option<String>,
    suite: String,
    benchmark: String,
    arm: String,
    #[schemars(with = "MetricName")]
    metric: String,
    at_most: Option<f64>,
    at_least: Option<f64>,
    #[serde(default)]
    times_anchor: bool,
    why: String,
}

impl Goal {
    /// Whether it is the goal of a series.
    pub fn is_of(&self, suite: &str, benchmark: &str, target: &str, arm: &str) -> bool {
        (self.suite.as_str(), self.benchmark.as_str(), self.target.as_str(), self.arm.as_str())
            == (suite, benchmark, target, arm)
    }

    /// Whether a value reaches it.
    pub fn is_reached_by(&self, value: f64) -> bool {
        match self.metric.direction {
            Direction::Higher => value >= self.limit,
            Direction::Lower | Direction::Neither => value <= self.limit,
        }
    }

    /// Refuses a goal that names nothing in a suite of the checkout: it would be
    /// shown nowhere, and never be missed.
    ///
    /// # Errors
    /// Names the line, and what there is instead.
    pub fn check(&self, file: &Path, suites: &[Suite]) -> Result<(), Diagnostic> {
        let refuse = |problem: String, there_is: Vec<&str>| {
            Err(Diagnostic::new(file, Some(self.line), problem)
                .with_remedy(format!("there is {}", there_is.join("; "))))
        };
        let Some(suite) = suites.iter().find(|suite| suite.name == self.suite) else {
            let names = suites.iter().map(|suite| suite.name.as_str()).collect();
            return refuse(format!("there is no suite `{}`", self.suite), names);
        };
        if !suite.benchmarks().contains(&self.benchmark.as_str()) {
            let problem = format!("suite {} has no benchmark `{}`", self.suite, self.benchmark);
            return refuse(problem, suite.benchmarks());
        }
        let arms = || suite.arms_of(&self.benchmark);
        let Some(arm) = arms().find(|arm| arm.name == self.arm) else {
            let problem = format!("{}/{} has no arm `{}`", self.suite, self.benchmark, self.arm);
            return refuse(problem, arms().map(|arm| arm.name.as_str()).collect());
        };
        if !arm.metrics.contains(&self.metric) {
            let problem = format!(
                "{}/{} {} does not report {}",
                self.suite, self.benchmark, self.arm, self.metric.name
            );
            return refuse(problem, arm.metrics.iter().map(|metric| metric.name).collect());
        }
        Ok(())
    }
}

pub(super) fn site_of(
    source: SourceText<'_>,
    wire: Option<Spanned<SiteConfig>>,
) -> Result<SiteConfig, Diagnostic> {
    let Some(wire) = wire else { return Ok(SiteConfig::default()) };
    if wire.get_ref().stale_after_days == 0 {
        return Err(source.at(wire.span(), "`stale_after_days` must be at least 1"));
    }
    let is_address = |url: &String| {
        let plain = !url.contains(|c: char| c.is_whitespace() || "<>\"'&?#".contains(c));
        plain && (url.starts_with("https://") || url.starts_with("http://")) && url.ends_with('/')
    };
    if let Some(url) = wire.get_ref().url.as_ref().filter(|url| !is_address(url)) {
        let problem = format!("`{url}` is not where a site may lie");
        return Err(source
            .at(wire.span(), problem)
            .with_remedy("write it as \"https://example.org/path/\", with the slash"));
    }
    Ok(wire.into_inner())
}

pub(super) fn goal_of(
    source: SourceText<'_>,
    default_target: &str,
    has_anchor: bool,
    is_target: impl Fn(&str) -> bool,
    wire: Spanned<WireGoal>,
) -> Result<Goal, Diagnostic> {
    let span = wire.span();
    let wire = wire.into_inner();
    let refuse = |problem: String| Err(source.at(span.clone(), problem));
    let target = wire.target.unwrap_or_else(|| default_target.to_owned());
    if !is_target(&target) {
        return refuse(format!("there is no target `{target}`"));
    }
    let comparable = |metric: &&Metric| metric.is_comparable();
    let Some(metric) = Metric::named(&wire.metric).filter(comparable) else {
        return refuse(format!("there is no metric `{}` that could be a goal", wire.metric));
    };
    let key = if metric.direction == Direction::Higher { "at_least" } else { "at_most" };
    let limit = match (wire.at_most, wire.at_least) {
        (Some(limit), None) if key == "at_most" => limit,
        (None, Some(limit)) if key == "at_least" => limit,
        _ => {
            let words = metric.direction.words();
            return refuse(format!("of {}, {words}: give `{key}` and nothing else", metric.name));
        }
    };
    if !(limit.is_finite() && limit > 0.0) {
        return refuse(format!(
            "`{key}` must be above 0, in the metric's unit or times the anchor"
        ));
    }
    if wire.times_anchor && !has_anchor {
        return refuse("`times_anchor` needs an `anchor`, and this file names none".to_owned());
    }
    if wire.why.trim().is_empty() {
        return refuse("`why` of a goal is empty".to_owned());
    }
    Ok(Goal {
        target,
        suite: wire.suite,
        benchmark: wire.benchmark,
        arm: wire.arm,
        metric,
        limit,
        is_multiple: wire.times_anchor,
        why: wire.why,
        line: source.at(span, String::new()).line.unwrap_or(1),
    })
}

#[cfg(test)]
mod tests {
    use crate::Config;
    use expect_test::{Expect, expect};
    use std::path::Path;

    const BASE: &str = r#"
default_target = "host"
anchor = "host"
measurement_protocol = 1
margins = { wall = 0.02, cpu = 0.01, exact = 0.0 }
profiles = { quick = { blocks = 2 }, full = { blocks = 10 }, compare = { blocks = 12 } }

[targets.host]
about = "A host"
source = "."
binary = "host"
start = ["{binary}", "{addr}"]
supports = ["http-p2"]
"#;

    fn check(more: &str, expected: Expect) {
        let told = match Config::parse(Path::new("bench.toml"), &format!("{BASE}{more}")) {
            Ok(config) => format!("{:?} {:?}", config.goals, config.site),
            Err(error) => error.to_string(),
        };
        expected.assert_eq(&told);
    }

    #[test]
    fn a_goal_that_could_never_be_reached_is_refused_with_its_line() {
        let goal = |what: &str| {
            format!("[[goal]]\nsuite = 's'\nbenchmark = 'b'\narm = 'a'\nwhy = 'w'\n{what}\n")
        };
        check(
            &goal("metric = 'latency_p50_ns'\nat_least = 5.0"),
            expect![
                "bench.toml:14: of latency_p50_ns, lower is better: give `at_most` and nothing else"
            ],
        );
        check(
            &goal("metric = 'throughput_rps'\nat_least = 0.0"),
            expect![
                "bench.toml:14: `at_least` must be above 0, in the metric's unit or times the anchor"
            ],
        );
        check(
            &goal("metric = 'slice_ns'\nat_most = 5.0"),
            expect!["bench.toml:14: there is no metric `slice_ns` that could be a goal"],
        );
        check(
            &goal("metric = 'latency_p50_ns'\nat_most = 5.0\ntarget = 'guest'"),
            expect!["bench.toml:14: there is no target `guest`"],
        );
        check(
            &goal("metric = 'latency_p50_ns'\nat_mots = 5.0"),
            expect!["bench.toml:20: unknown field `at_mots`; did you mean `at_most`?"],
        );
        check(
            "[site]\nstale_after_days = 0",
            expect!["bench.toml:14: `stale_after_days` must be at least 1"],
        );
        check(
            "[site]\nurl = 'example.org'",
            expect![[
                r#"bench.toml:14: `example.org` is not where a site may lie; write it as "https://example.org/path/", with the slash"#
            ]],
        );
        check("", expect!["[] SiteConfig { stale_after_days: 7, url: None }"]);
    }
}
