//! What slopes mean for a reader who has to choose: in words, for his own number
//! of steps. It says nothing that the deciding metric does not support.

use crate::words;
use model::{Metric, SlopeSpec};
use stats::slope::Slope;

/// What counts as hardly more: a tenth.
const HARDLY_MORE: f64 = 1.1;
/// How wide half an interval may be, as a part of the slope, for the slope to
/// decide anything.
const CERTAIN_ENOUGH: f64 = 0.25;
/// How many times a request does it, in the table of totals.
const TIMES: [u32; 4] = [1, 10, 100, 1000];
/// For how many of those a choice is put in words: more is only more of the same.
const CHOICES: usize = 3;

/// The slopes of the deciding metric by the names of their lines, the cheapest
/// first.
pub(super) struct Decided<'a> {
    pub(super) spec: &'a SlopeSpec,
    pub(super) slopes: &'a [(&'a str, Slope)],
}

/// A request with so many steps.
pub(crate) struct TotalView {
    pub(crate) name: String,
    /// As multiples of the cheapest.
    pub(crate) cells: Vec<String>,
}

impl Decided<'_> {
    /// Which ways are as good as the cheapest, for 1, 10 and 100 steps.
    pub(super) fn choices(&self) -> Vec<String> {
        let one = &self.spec.one;
        let is_known = self.slopes.first().is_some_and(|(_, slope)| is_certain(slope));
        if !is_known || self.certain().count() < 2 {
            return Vec::new();
        }
        let told = TIMES.iter().take(CHOICES).map(|times| {
            let mut totals: Vec<(&str, f64)> =
                self.certain().map(|(name, slope)| (*name, total(slope, *times))).collect();
            totals.sort_by(|a, b| a.1.total_cmp(&b.1));
            let least = totals[0].1;
            let (good, worse): (Vec<_>, Vec<_>) =
                totals.iter().partition(|(_, total)| *total <= HARDLY_MORE * least);
            let good: Vec<&str> = good.iter().map(|(name, _)| *name).collect();
            let next = worse.first().map(|(name, total)| {
                format!("; next is {name} with {}", words::times(total / least))
            });
            format!(
                "With {} a request: {}{}.",
                words::counted(*times as usize, one),
                listed(&good),
                next.unwrap_or_default()
            )
        });
        told.collect()
    }

    /// Up to how many steps each way is as good as the one with the cheapest step.
    pub(super) fn limits(&self) -> Vec<String> {
        let Some(((cheapest, least), others)) = self.slopes.split_first() else {
            return Vec::new();
        };
        let (metric, one) = (self.spec.metrics[0], &self.spec.one);
        if !is_certain(least) {
            return vec![format!(
                "Nothing is decided yet: what a {one} costs by {cheapest} is not known to a \
                 quarter of it. More blocks tell."
            )];
        }
        let mut told = vec![format!(
            "{cheapest} has the cheapest {one}: {}, on top of {} for the request.",
            metric.display(least.slope),
            metric.display(least.intercept.max(0.0))
        )];
        for (name, slope) in others {
            if !is_certain(slope) {
                told.push(format!("{name}: not known to a quarter yet. More blocks tell."));
                continue;
            }
            let times = words::times(slope.slope / least.slope);
            let room = HARDLY_MORE * least.intercept - slope.intercept;
            let gap = slope.slope - HARDLY_MORE * least.slope;
            let until = (room / gap).floor();
            told.push(if gap <= 0.0 {
                format!("{name}: a {one} is {times}; it hardly matters, however many there are.")
            } else if until >= 1.0 {
                format!(
                    "{name}: a {one} is {times}; below {:.0} {one}s a request, the whole request \
                     costs at most a tenth more than by {cheapest}.",
                    until + 1.0
                )
            } else {
                format!(
                    "{name}: a {one} is {times}; even a single {one} makes the request more than \
                     a tenth dearer than by {cheapest}."
                )
            });
        }
        told
    }

    /// Whole requests as multiples of the cheapest.
    pub(super) fn totals(&self) -> Vec<TotalView> {
        let least = TIMES.map(|times| {
            let totals = self.certain().map(|(_, slope)| total(slope, times));
            totals.fold(f64::INFINITY, f64::min)
        });
        let rows = self.certain().map(|(name, slope)| TotalView {
            name: (*name).to_owned(),
            cells: TIMES
                .iter()
                .zip(least)
                .map(|(times, least)| match total(slope, *times) / least {
                    ratio if ratio.is_finite() && ratio > 0.0 => words::times(ratio),
                    _ => "–".to_owned(),
                })
                .collect(),
        });
        rows.collect()
    }

    /// Whether another metric puts the steps in the same order, as far as it can
    /// tell them apart.
    pub(super) fn agreement(&self, other: &Metric, slopes: &[(&str, Slope)]) -> Option<String> {
        let certain: Vec<&(&str, Slope)> =
            slopes.iter().filter(|(_, slope)| is_certain(slope)).collect();
        if certain.len() < 2 {
            return None;
        }
        let decides = |name: &str| {
            let found = self.certain().find(|(own, _)| *own == name);
            found.map(|(_, slope)| *slope)
        };
        let turned = certain.iter().enumerate().find_map(|(index, (before, first))| {
            let others = certain[index + 1..].iter();
            let (after, _) = others.copied().find(|(after, second)| {
                let ours = decides(before).zip(decides(after));
                let reversed = is_below(second, first);
                reversed && ours.is_some_and(|(before, after)| is_below(&before, &after))
            })?;
            Some((*before, *after))
        });
        let label = of_one(other);
        Some(match turned {
            None => format!("By {label} the order is the same, as far as it tells them apart."),
            Some((before, after)) => format!(
                "By {label}, a {} by {after} is cheaper than by {before}: {} decides.",
                self.spec.one,
                of_one(self.spec.metrics[0])
            ),
        })
    }

    fn certain(&self) -> impl Iterator<Item = &(&str, Slope)> {
        self.slopes.iter().filter(|(_, slope)| is_certain(slope))
    }
}

/// A metric of requests as one of one step.
pub(super) fn of_one(metric: &Metric) -> String {
    metric.label.replace(" per request", "")
}

fn total(slope: &Slope, times: u32) -> f64 {
    slope.intercept + slope.slope * f64::from(times)
}

fn is_certain(slope: &Slope) -> bool {
    let half = slope.interval.map(|interval| (interval.high - interval.low) / 2.0);
    half.is_some_and(|half| half <= CERTAIN_ENOUGH * slope.slope.abs())
}

/// Whether one step surely costs less than another.
fn is_below(a: &Slope, b: &Slope) -> bool {
    a.interval.zip(b.interval).is_some_and(|(a, b)| a.high < b.low)
}

/// `a`, `a and b`, `a, b and c`.
fn listed(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slope(slope: f64, intercept: f64) -> Slope {
        let interval = stats::Interval { low: slope * 0.95, high: slope * 1.05, confidence: 0.95 };
        Slope { slope, intercept, interval: Some(interval) }
    }

    fn spec() -> SlopeSpec {
        SlopeSpec {
            benchmarks: Vec::new(),
            over: "calls".to_owned(),
            lines: "way".to_owned(),
            one: "call".to_owned(),
            metrics: vec![Metric::named("cpu_ns_per_request").unwrap()],
            names: Vec::new(),
            notes: Vec::new(),
        }
    }

    #[test]
    fn choices_and_limits_follow_from_the_lines() {
        let spec = spec();
        let lines = [
            ("native", slope(500.0, 50_000.0)),
            ("same", slope(540.0, 50_000.0)),
            ("linked", slope(4_550.0, 50_500.0)),
            ("remote", slope(40_000.0, 60_000.0)),
        ];
        let decided = Decided { spec: &spec, slopes: &lines };
        assert_eq!(
            decided.choices(),
            [
                "With 1 call a request: native, same and linked; next is remote with 1.98×.",
                "With 10 calls a request: native and same; next is linked with 1.75×.",
                "With 100 calls a request: native and same; next is linked with 5.05×.",
            ]
        );
        assert_eq!(
            decided.limits(),
            [
                "native has the cheapest call: 500 ns, on top of 50.0 µs for the request.",
                "same: a call is 1.08×; it hardly matters, however many there are.",
                "linked: a call is 9.10×; below 2 calls a request, the whole request costs at most \
                 a tenth more than by native.",
                "remote: a call is 80.0×; even a single call makes the request more than a tenth \
                 dearer than by native.",
            ]
        );
        assert_eq!(decided.totals()[3].cells, ["1.98×", "8.36×", "40.6×", "72.8×"]);
    }

    #[test]
    fn nothing_is_said_of_what_is_not_known() {
        let spec = spec();
        let vague = ("vague", Slope { interval: None, ..slope(4_550.0, 50_500.0) });
        let known = ("known", slope(500.0, 50_000.0));
        let lines = [known, vague];
        let decided = Decided { spec: &spec, slopes: &lines };
        assert_eq!(decided.limits()[1], "vague: not known to a quarter yet. More blocks tell.");
        assert!(decided.choices().is_empty());
        assert_eq!(decided.totals().len(), 1);
        let lines = [vague, known, ("other", slope(600.0, 50_000.0))];
        let decided = Decided { spec: &spec, slopes: &lines };
        assert_eq!((decided.limits().len(), decided.choices().len()), (1, 0));
        assert!(Decided { spec: &spec, slopes: &[] }.limits().is_empty());
    }

    #[test]
    fn a_metric_that_disagrees_is_told() {
        let spec = spec();
        let lines = [("a", slope(500.0, 1.0)), ("b", slope(900.0, 1.0)), ("c", slope(920.0, 1.0))];
        let decided = Decided { spec: &spec, slopes: &lines };
        let other = Metric::named("latency_p50_ns").unwrap();
        let told = |a, b, c| {
            let slopes = [("a", slope(a, 1.0)), ("b", slope(b, 1.0)), ("c", slope(c, 1.0))];
            decided.agreement(other, &slopes).unwrap()
        };
        let same = "By median latency the order is the same, as far as it tells them apart.";
        assert_eq!(told(10.0, 20.0, 30.0), same);
        // CPU time does not tell b and c apart.
        assert_eq!(told(10.0, 30.0, 20.0), same);
        assert_eq!(
            told(30.0, 10.0, 20.0),
            "By median latency, a call by b is cheaper than by a: CPU time decides."
        );
        assert_eq!(decided.agreement(other, &lines[..1]), None);
    }
}
