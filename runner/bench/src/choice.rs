//! Which suites, and which of their benchmarks: what `--suite` says.

use anyhow::{Context, Result, bail};
use glob::Pattern;
use model::Suite;

/// Patterns, of which any may match; everything without one.
pub(crate) struct Choices(Vec<Choice>);

/// SUITE or SUITE/BENCHMARK, each a shell pattern.
struct Choice {
    text: String,
    suite: Pattern,
    benchmark: Option<Pattern>,
}

impl Choices {
    pub(crate) fn parse(texts: &[String]) -> Result<Self> {
        texts.iter().map(|text| Choice::parse(text)).collect::<Result<_>>().map(Self)
    }

    /// Whether a suite is asked for, or a part of it may be.
    pub(crate) fn concern(&self, suite: &str) -> bool {
        self.0.is_empty() || self.0.iter().any(|choice| choice.suite.matches(suite))
    }

    /// Whether a benchmark is asked for.
    pub(crate) fn cover(&self, suite: &str, benchmark: &str) -> bool {
        self.0.is_empty() || self.0.iter().any(|choice| choice.covers(suite, benchmark))
    }

    /// Refuses a pattern that matches nothing of these suites: what is asked for must
    /// not be missing in silence. `names` are those of all suites there are.
    pub(crate) fn must_match(&self, suites: &[Suite], names: &[String]) -> Result<()> {
        for choice in &self.0 {
            if !suites.iter().any(|suite| choice.suite.matches(&suite.name)) {
                bail!("no suite matches `{}`; there are {}", choice.text, names.join(", "));
            }
            let mut arms =
                suites.iter().flat_map(|suite| suite.arms.iter().map(move |it| (suite, it)));
            if !arms.any(|(suite, arm)| choice.covers(&suite.name, &arm.benchmark)) {
                let text = &choice.text;
                bail!("no benchmark matches `{text}`; `bench list benchmarks` names them");
            }
        }
        Ok(())
    }
}

impl Choice {
    fn parse(text: &str) -> Result<Self> {
        let pattern =
            |part| Pattern::new(part).with_context(|| format!("reading the pattern `{text}`"));
        let (suite, benchmark) = match text.split_once('/') {
            Some((suite, benchmark)) => (pattern(suite)?, Some(pattern(benchmark)?)),
            None => (pattern(text)?, None),
        };
        Ok(Self { text: text.to_owned(), suite, benchmark })
    }

    fn covers(&self, suite: &str, benchmark: &str) -> bool {
        self.suite.matches(suite) && self.benchmark.as_ref().is_none_or(|it| it.matches(benchmark))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_benchmark_is_covered_by_its_suite_or_by_its_own_name() {
        let check = |texts: &[&str], expected: [bool; 4]| {
            let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
            let choices = Choices::parse(&texts).unwrap();
            let of = ["http/latency", "http/throughput", "size/bytes", "cold/latency"];
            let covered = of.map(|name| {
                let (suite, benchmark) = name.split_once('/').unwrap();
                assert!(choices.concern(suite) || !choices.cover(suite, benchmark), "{texts:?}");
                choices.cover(suite, benchmark)
            });
            assert_eq!(covered, expected, "{texts:?}");
        };
        check(&[], [true; 4]);
        check(&["http"], [true, true, false, false]);
        check(&["http/latency"], [true, false, false, false]);
        check(&["*/latency"], [true, false, false, true]);
        check(&["http/th*", "size"], [false, true, true, false]);
        check(&["http/"], [false; 4]);
        assert!(Choices::parse(&["[".to_owned()]).is_err());
        assert!(Choices::parse(&["a/[".to_owned()]).is_err());
    }
}
