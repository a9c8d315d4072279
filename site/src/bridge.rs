//! What became of the numbers when a testbed followed another: the factor by which the same
//! binaries differ on both, as `bench bridge` tells it. The estimate is `stats`'.

use crate::histories;
use crate::series::{DefinitionRef, History};
use model::{Digest, METRICS, Metric, NoiseClass};
use stats::bridge::{Anchor, CONFIDENCE, Link, link};
use std::collections::BTreeMap;

/// A benchmark's factor, new over old.
pub(crate) struct Linked<'a> {
    pub(crate) suite: &'a str,
    pub(crate) benchmark: &'a str,
    pub(crate) metric: &'static Metric,
    pub(crate) link: Link,
}

/// What is the same thing measured on both: target, arm, binary, definition.
type Pinned<'a> = (&'a str, &'a str, Digest, DefinitionRef);

/// Positions of metrics in the table of metrics, and what was measured of each.
type OfBenchmark<'a> = BTreeMap<usize, BTreeMap<Pinned<'a>, Anchor>>;

/// The factors of everything that was measured enough on two testbeds, in the order of
/// suites, benchmarks and metrics.
pub(crate) fn links<'a>(history: &'a History, [old, new]: [&str; 2]) -> Vec<Linked<'a>> {
    let mut benchmarks: BTreeMap<(&str, &str), OfBenchmark<'_>> = BTreeMap::new();
    for (suite, lines) in &history.suites {
        for (key, line) in lines {
            for point in histories::points(history, line) {
                let epoch = &*history.runs[point.run()].epoch;
                if epoch != old && epoch != new {
                    continue;
                }
                let Some(binary) = history.versions.binary(point.measured) else { continue };
                let pinned = (key.target.as_str(), key.arm.as_str(), binary, point.definition);
                let of_benchmark = benchmarks.entry((suite, &key.benchmark)).or_default();
                for (metric, _) in point.values.iter() {
                    let at = METRICS.iter().position(|it| it.name == metric.name);
                    let anchors = of_benchmark.entry(at.unwrap_or_default()).or_default();
                    let anchor = anchors.entry(pinned).or_default();
                    let side = if epoch == new { &mut anchor.after } else { &mut anchor.before };
                    // A generator that waits makes requests late, not dearer.
                    let is_sound = |is_void: bool| !is_void || metric.noise != NoiseClass::Wall;
                    let values = point.block_values(metric);
                    let values =
                        values.filter(|(round, value)| is_sound(round.is_void) && *value > 0.0);
                    side.extend(values.map(|(_, value)| value));
                }
            }
        }
    }
    let factors = benchmarks.into_iter().flat_map(|((suite, benchmark), metrics)| {
        metrics.into_iter().filter_map(move |(at, anchors)| {
            let enough: Vec<Anchor> = anchors.into_values().filter(Anchor::is_enough).collect();
            let link = link(&enough, CONFIDENCE).ok()?;
            Some(Linked { suite, benchmark, metric: &METRICS[at], link })
        })
    });
    factors.collect()
}
