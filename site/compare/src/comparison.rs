//! From two shards to a report: blocks of one arm and round belong together, one
//! of each version. It mirrors what the command line does with whole runs, and
//! takes every rule from `stats`.

use crate::report::{Lacking, Report, Row};
use crate::sides::{ArmBlocks, Shard, State};
use crate::terms::Terms;
use stats::compare::{Comparison, Method, Repeatability};
use stats::contradiction::{self, Contradiction};
use stats::pairing::{self, Caveats, Forbidden};
use stats::procedure::{self, Look, Series, Standing};
use stats::{Overall, Verdict, summary};
use std::collections::{BTreeMap, BTreeSet};

/// The chance of at least one false alarm in a whole comparison.
const FAMILY_ALPHA: f64 = 0.05;

/// Suite, benchmark and arm.
type ArmName<'a> = (&'a str, &'a str, &'a str);

/// A block, and where its values are.
#[derive(Clone, Copy)]
struct Block<'a> {
    state: State,
    of: &'a ArmBlocks,
    position: usize,
}

/// The blocks of an arm by round, of both versions.
#[derive(Default)]
struct Both<'a> {
    a: BTreeMap<u32, Block<'a>>,
    b: BTreeMap<u32, Block<'a>>,
}

/// A series, and what forbids it a verdict.
struct Asked<'a> {
    arm: ArmName<'a>,
    metric: &'a str,
    series: Series,
    forbidden: Option<Forbidden>,
}

/// Compares a version of one run with a version of the same or another one; the
/// second of each pair is its name, `target@label`.
///
/// # Errors
/// When a shard is not right, or the two have nothing in common.
pub fn compare(a: (&Shard, &str), b: (&Shard, &str), terms: &Terms) -> Result<Report, String> {
    let (a, b) = ((a.0, a.0.position(a.1)?), (b.0, b.0.position(b.1)?));
    // The run, if it measured both as neighbours.
    let beside = Some(a.0.run.as_str()).filter(|run| *run == b.0.run);
    let side_by_side = beside.is_some();
    let testbeds = differences(a.0, b.0);
    let mut report = Report {
        verdict: "refused".to_owned(),
        side_by_side,
        same_binary: same_binary(a, b),
        rows: Vec::new(),
        missing: Vec::new(),
        unsupported: Vec::new(),
        testbeds,
    };
    if !report.testbeds.is_empty() {
        return Ok(report);
    }
    let mut arms: BTreeMap<ArmName<'_>, Both<'_>> = BTreeMap::new();
    for ((shard, version), is_a) in [(a, true), (b, false)] {
        for of in shard.arms.iter().filter(|arm| arm.version == version) {
            let both = arms.entry((&of.suite, &of.benchmark, &of.arm)).or_default();
            add_blocks(if is_a { &mut both.a } else { &mut both.b }, of)?;
        }
    }
    let mut asked = Vec::new();
    for (name, both) in &arms {
        note_missing(*name, both, &mut report);
        asked.extend(of_arm(*name, both, terms, beside, &mut report)?);
    }
    if asked.is_empty() && report.missing.is_empty() {
        return Err("the two versions have no measured benchmark in common".to_owned());
    }
    let looks: Vec<Look> = if side_by_side {
        a.0.looks.iter().map(|&(rounds, share)| Look { rounds, share }).collect()
    } else {
        single().to_vec()
    };
    report.rows = judge(asked, &looks)?;
    label(&mut report.rows, terms);
    if report.same_binary {
        excuse(&mut report.rows);
    }
    let verdicts: Vec<Verdict> =
        report.rows.iter().filter_map(|row| Verdict::named(&row.verdict)).collect();
    report.verdict = Overall::of(&verdicts, !report.missing.is_empty()).word().to_owned();
    Ok(report)
}

fn same_binary(a: (&Shard, usize), b: (&Shard, usize)) -> bool {
    let (a, b) = (&a.0.versions[a.1], &b.0.versions[b.1]);
    (&a.target, &a.binary_sha256) == (&b.target, &b.binary_sha256)
}

/// The fields in which two testbeds differ.
fn differences(a: &Shard, b: &Shard) -> Vec<(String, String, String)> {
    let pairs = a.testbed.iter().zip(&b.testbed);
    let differing = pairs.filter(|(a, b)| a != b);
    differing.map(|(a, b)| (a.0.clone(), a.1.clone(), b.1.clone())).collect()
}

fn add_blocks<'a>(blocks: &mut BTreeMap<u32, Block<'a>>, of: &'a ArmBlocks) -> Result<(), String> {
    if of.states.chars().count() != of.rounds.len() {
        return Err(format!("{}/{} {}: states and rounds differ", of.suite, of.benchmark, of.arm));
    }
    for (position, (round, letter)) in of.rounds.iter().zip(of.states.chars()).enumerate() {
        blocks.insert(*round, Block { state: State::of(letter)?, of, position });
    }
    Ok(())
}

impl Block<'_> {
    fn value(&self, metric: &str) -> Option<f64> {
        self.state.peace()?;
        self.of.values.get(metric)?.get(self.position).copied().flatten()
    }
}

/// Failed blocks, blocks without a partner, and what is not supported.
fn note_missing((suite, benchmark, arm): ArmName<'_>, both: &Both<'_>, report: &mut Report) {
    let unsupported = |blocks: &BTreeMap<u32, Block<'_>>| {
        blocks.values().any(|block| block.state == State::Unsupported)
    };
    let neither = unsupported(&both.a) && unsupported(&both.b);
    for (version, blocks, others) in [("a", &both.a, &both.b), ("b", &both.b, &both.a)] {
        let mut reasons: Vec<String> = Vec::new();
        for block in blocks.values() {
            if block.state.peace().is_none() {
                reasons.extend(block.of.reasons.iter().cloned());
            }
        }
        let absent = others.keys().filter(|round| !blocks.contains_key(round)).count();
        if absent > 0 && !unsupported(blocks) && !unsupported(others) {
            reasons.push(format!("{absent} blocks were not measured"));
        }
        let mut seen = BTreeSet::new();
        reasons.retain(|reason| seen.insert(reason.clone()));
        let list = if neither { &mut report.unsupported } else { &mut report.missing };
        list.extend(reasons.into_iter().map(|reason| Lacking {
            suite: suite.to_owned(),
            benchmark: benchmark.to_owned(),
            arm: arm.to_owned(),
            version: version.to_owned(),
            reason,
        }));
    }
}

/// The measured blocks of rounds that measured both sides, with what is known of
/// how.
fn neighbours<'a>(both: &Both<'a>) -> Vec<(u32, Block<'a>, Block<'a>, Caveats)> {
    let mut pairs = Vec::new();
    for (round, a) in &both.a {
        let Some(b) = both.b.get(round) else { continue };
        let [Some(of_a), Some(of_b)] = [a.state, b.state].map(State::peace) else { continue };
        let caveats = Caveats {
            redefined: a.of.definition != b.of.definition,
            generator_bound: of_a.is_bound || of_b.is_bound,
            generator_starved: of_a.is_starved || of_b.is_starved,
            disturbed: of_a.is_disturbed || of_b.is_disturbed,
        };
        pairs.push((*round, *a, *b, caveats));
    }
    pairs
}

fn of_arm<'a>(
    name: ArmName<'a>,
    both: &Both<'a>,
    terms: &'a Terms,
    beside: Option<&str>,
    report: &mut Report,
) -> Result<Vec<Asked<'a>>, String> {
    let pairs = neighbours(both);
    let (usable, forbidden) =
        pairing::usable(&pairs.iter().map(|(.., caveats)| *caveats).collect::<Vec<_>>());
    let (suite, benchmark, arm) = name;
    let key = format!("{suite}/{benchmark}/{arm}");
    let repeatability = terms.repeatability(&key);
    let mut asked = Vec::new();
    for metric in metrics(&key, both, terms) {
        let Some(known) = terms.metrics.get(metric) else { continue };
        let exact = repeatability == Repeatability::Deterministic;
        let mut series = Series {
            rounds: Vec::new(),
            a: Vec::new(),
            b: Vec::new(),
            better: known.better()?,
            margin: if exact { terms.exact_margin } else { known.margin },
            repeatability,
            tolerated: None,
            least_noise: beside.map_or(0.0, |run| terms.least_noise(run, &key, metric)),
        };
        let mut only = BTreeSet::new();
        for &index in &usable {
            let (round, a, b, _) = &pairs[index];
            match (a.value(metric), b.value(metric)) {
                (Some(a), Some(b)) => {
                    series.rounds.push(*round);
                    series.a.push(a);
                    series.b.push(b);
                }
                (None, Some(_)) => drop(only.insert("a")),
                (Some(_), None) => drop(only.insert("b")),
                (None, None) => {}
            }
        }
        report.missing.extend(only.into_iter().map(|version| Lacking {
            suite: suite.to_owned(),
            benchmark: benchmark.to_owned(),
            arm: arm.to_owned(),
            version: version.to_owned(),
            reason: format!("{metric} was measured only on the other side"),
        }));
        if !series.a.is_empty() {
            let forbidden = forbidden.or_else(|| pairing::apart(beside.is_some(), repeatability));
            asked.push(Asked { arm: name, metric, series, forbidden });
        }
    }
    Ok(asked)
}

/// What the arm is asked for; of a suite that is gone, what was measured.
fn metrics<'a>(key: &str, both: &Both<'a>, terms: &'a Terms) -> Vec<&'a str> {
    if let Some(asked) = terms.asked.get(key) {
        return asked.iter().map(String::as_str).collect();
    }
    let first = both.a.values().chain(both.b.values()).find(|block| !block.of.values.is_empty());
    first.map(|block| block.of.values.keys().map(String::as_str).collect()).unwrap_or_default()
}

fn single() -> [Look; 1] {
    [Look { rounds: u32::MAX, share: 1.0 }]
}

/// The verdicts; what makes none is no part of the family, and is shown all the same.
fn judge(asked: Vec<Asked<'_>>, looks: &[Look]) -> Result<Vec<Row>, String> {
    let told = |error: stats::Error| error.to_string();
    let family: Vec<Series> =
        asked.iter().filter(|it| it.forbidden.is_none()).map(|it| it.series.clone()).collect();
    let mut standings = procedure::follow(&family, looks, FAMILY_ALPHA).map_err(told)?.into_iter();
    let mut rows = Vec::new();
    for asked in asked {
        let judged = if asked.forbidden.is_none() { standings.next() } else { None };
        let standing = match judged {
            Some(standing) => standing,
            None => {
                let alone = std::slice::from_ref(&asked.series);
                procedure::follow(alone, &single(), FAMILY_ALPHA).map_err(told)?.remove(0)
            }
        };
        rows.push(row(asked, &standing).map_err(told)?);
    }
    Ok(rows)
}

fn row(asked: Asked<'_>, standing: &Standing) -> Result<Row, stats::Error> {
    let Asked { arm: (suite, benchmark, arm), metric, series, forbidden } = asked;
    let (a, b) = (summary::median(&series.a)?, summary::median(&series.b)?);
    let row = Row {
        suite: suite.to_owned(),
        benchmark: benchmark.to_owned(),
        arm: arm.to_owned(),
        metric: metric.to_owned(),
        a,
        b,
        ratio: if a > 0.0 { b / a } else { 1.0 },
        low: None,
        high: None,
        confidence: standing.confidence,
        verdict: Verdict::Inconclusive.word().to_owned(),
        smallest_visible: None,
        pairs: series.a.len(),
        labels: Vec::new(),
        forbidden: forbidden.map(|it| it.word().to_owned()),
        why: None,
    };
    Ok(match &standing.comparison {
        Err(error) => Row { why: Some(error.to_string()), ..row },
        Ok(found) => Row {
            ratio: found.ratio,
            low: found.interval.map(|interval| interval.low),
            high: found.interval.map(|interval| interval.high),
            smallest_visible: found.smallest_visible,
            pairs: found.pairs,
            verdict: match forbidden {
                Some(_) => row.verdict.clone(),
                None => found.verdict.word().to_owned(),
            },
            why: found.undecided.filter(|_| forbidden.is_none()).map(|why| why.to_string()),
            labels: doubts(found, &series)?,
            ..row
        },
    })
}

/// Whether a test of ranks does not show what the interval shows.
fn doubts(found: &Comparison, series: &Series) -> Result<Vec<String>, stats::Error> {
    if found.method == Method::Exact {
        return Ok(Vec::new());
    }
    let seen = found.pairs.min(series.a.len());
    let p = stats::compare::rank_p(&series.a[..seen], &series.b[..seen])?;
    let is_doubted = found.is_doubted_by_ranks(p);
    Ok(is_doubted.then(|| "ranks-disagree".to_owned()).into_iter().collect())
}

/// Notes every change that the other metrics of its arm contradict.
fn label(rows: &mut [Row], terms: &Terms) {
    let kind = |metric: &str| terms.metrics.get(metric).and_then(|metric| metric.kind());
    let mut labels = Vec::with_capacity(rows.len());
    // The metrics of an arm stand together.
    for arm in
        rows.chunk_by(|a, b| (&a.suite, &a.benchmark, &a.arm) == (&b.suite, &b.benchmark, &b.arm))
    {
        let told: Vec<_> = arm
            .iter()
            .map(|row| {
                let verdict = Verdict::named(&row.verdict).unwrap_or(Verdict::Inconclusive);
                (kind(&row.metric), verdict)
            })
            .collect();
        labels.extend((0..told.len()).map(|index| contradiction::of_change(&told, index)));
    }
    for (row, label) in rows.iter_mut().zip(labels) {
        row.labels.extend(label.map(|label| {
            let word = match label {
                Contradiction::WallOnly => "wall-only",
                Contradiction::InstructionsOnly => "instructions-only",
            };
            word.to_owned()
        }));
    }
}

/// Nothing can have changed between a binary and itself: an alarm is noise.
fn excuse(rows: &mut [Row]) {
    for row in rows {
        row.labels = vec!["same-binary".to_owned()];
        row.verdict = Verdict::Equivalent.word().to_owned();
        row.why = None;
    }
}
