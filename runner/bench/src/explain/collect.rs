//! Looking at both versions in every way there is, in rounds that alternate: each look is
//! a fresh host under the arm's load, or for tools that slow it down, under a number of
//! requests. A tool that is not here, or not permitted, is told and left out.

use super::counts::{Counts, Row};
use super::report::{Absent, Explanation, Kind, Section};
use super::{callgrind, cause, dhat, strace};
use crate::measure::{Counted, Observer, Subject};
use crate::profiling::{Round, Sampled, Sides, sample_one};
use crate::progress::Progress;
use crate::symbols::Sizes;
use anyhow::{Result, bail};
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Functions below this share of all are no rows.
const LEAST_SHARE: f64 = 0.001;
/// What callgrind counts, as totals are called and as it calls them.
const SIMULATED: [(&str, &[&str]); 5] = [
    ("simulated_instructions", &["Ir"]),
    ("simulated_branches", &["Bc", "Bi"]),
    ("simulated_branch_misses", &["Bcm", "Bim"]),
    ("simulated_cache_misses", &["I1mr", "D1mr", "D1mw"]),
    ("simulated_memory_accesses", &["ILmr", "DLmr", "DLmw"]),
];
/// Steps of a round: what is done to each side.
const LOOKS: u64 = 5;

/// How much is looked at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Amount {
    /// Fresh hosts of each version and tool.
    pub(crate) rounds: u32,
    /// The load of each that is not slowed down.
    pub(crate) measure: Duration,
    /// Requests to each that is.
    pub(crate) requests: u32,
}

/// What was seen so far.
struct Collector<'a, 's> {
    sides: &'a Sides<'s>,
    amount: Amount,
    progress: Progress,
    done: u64,
    totals: Counts,
    by_kind: BTreeMap<Kind, (&'static str, Counts)>,
    sampled: [Vec<Round>; 2],
    guests: Option<crate::measure::Named>,
    absent: Vec<Absent>,
}

/// Looks, and what that showed; with it the samples of each side, if there are. `None` if
/// it was interrupted.
///
/// # Errors
/// When nothing could be counted at all.
pub(crate) fn collect(
    sides: &Sides<'_>,
    amount: Amount,
) -> Result<Option<(Explanation, Option<[Sampled; 2]>)>> {
    let steps = u64::from(amount.rounds) * LOOKS * 2;
    let mut collector = Collector {
        sides,
        amount,
        progress: Progress::start(&format!("looking at {}", sides.series), Some(steps)),
        done: 0,
        totals: Counts::new(amount.rounds as usize),
        by_kind: BTreeMap::new(),
        sampled: [Vec::new(), Vec::new()],
        guests: None,
        absent: Vec::new(),
    };
    collector.looks("stacks (perf record)", |it, at| it.sample(at));
    collector.looks("counters (perf stat)", |it, at| it.count(at));
    collector.looks("instructions by function (callgrind)", |it, at| it.simulate(at));
    collector.looks("allocations (DHAT)", |it, at| it.allocate(at));
    collector.looks("system calls (strace)", |it, at| it.trace(at));
    let is_cancelled = sides.session.cancel.load(Ordering::Relaxed);
    if is_cancelled { Ok(None) } else { collector.explanation().map(Some) }
}

/// A side, and the round.
type At = (usize, usize);

impl Collector<'_, '_> {
    /// So many looks at both sides; who is first alternates. The first failure ends them,
    /// and is told.
    fn looks(&mut self, what: &str, mut look: impl FnMut(&mut Self, At) -> Result<()>) {
        let planned = self.done + u64::from(self.amount.rounds) * 2;
        for round in 0..self.amount.rounds as usize {
            for turn in 0..2 {
                if self.sides.session.cancel.load(Ordering::Relaxed) {
                    return;
                }
                let side = (round + turn) % 2;
                self.progress.at(self.done, None, what);
                if let Err(reason) = look(self, (side, round)) {
                    let (what, reason) = (what.to_owned(), format!("{reason:#}"));
                    self.absent.push(Absent { what, reason });
                    self.done = planned;
                    return;
                }
                self.done += 1;
            }
        }
    }

    fn of_kind(&mut self, kind: Kind, tool: &'static str) -> &mut Counts {
        let rounds = self.amount.rounds as usize;
        &mut self.by_kind.entry(kind).or_insert_with(|| (tool, Counts::new(rounds))).1
    }

    fn sample(&mut self, at: At) -> Result<()> {
        let (round, guests) = sample_one(self.sides, at.0, self.amount.measure)?;
        let one = round.ns_per_request(1);
        for (name, place) in round.stacks.functions() {
            let (own, all) = (round.ns_per_request(place.own), round.ns_per_request(place.all));
            self.of_kind(Kind::OwnNs, "perf record").add(at, name, own, one);
            self.of_kind(Kind::AllNs, "perf record").add(at, name, all, one);
        }
        self.guests = Some(guests);
        self.sampled[at.0].push(round);
        Ok(())
    }

    fn count(&mut self, at: At) -> Result<()> {
        let bench = self.sides.session.bench(None);
        let observer = self.sides.measured(&bench, at.0)?;
        let Counted { requests, counts } =
            observer.count(self.amount.measure).map_err(anyhow::Error::msg)?;
        let requests = requests.max(1) as f64;
        for (event, count) in counts {
            let count = match count {
                Ok(count) => count,
                Err(reason) => {
                    let what = event.replace('-', " ");
                    let absent = Absent { what, reason };
                    if !self.absent.contains(&absent) {
                        self.absent.push(absent);
                    }
                    continue;
                }
            };
            // The kernel tells this one in milliseconds.
            let (name, count) = match event.as_str() {
                "task-clock" => ("cpu_ns".to_owned(), count * 1e6),
                event => (event.replace('-', "_"), count),
            };
            self.totals.add(at, &name, count / requests, 1.0 / requests);
        }
        Ok(())
    }

    fn simulate(&mut self, at: At) -> Result<()> {
        let texts = self.with_names(at, |it, requests| it.simulate(requests))?;
        let requests = f64::from(self.amount.requests);
        for text in &texts {
            let profile = callgrind::read(text).map_err(anyhow::Error::msg)?;
            for (name, events) in SIMULATED {
                if let Some(total) = profile.total(events) {
                    self.totals.add(at, name, total as f64 / requests, 1.0 / requests);
                }
            }
            let counts = self.of_kind(Kind::Instructions, "callgrind");
            for (name, instructions) in profile.instructions() {
                counts.add(at, name, instructions as f64 / requests, 1.0 / requests);
            }
        }
        Ok(())
    }

    /// What starting and ending allocate is in a host that is hardly asked, too.
    fn allocate(&mut self, at: At) -> Result<()> {
        let requests = f64::from(self.amount.requests);
        let asked = self.with_names(at, |it, requests| it.allocate(requests))?;
        let idle = self.with_names(at, |it, _| it.allocate(0))?;
        let binary = &self.sides.named[at.0].binary;
        let own = binary.file_stem().unwrap_or_default().to_string_lossy().replace('-', "_");
        for (texts, sign) in [(asked, 1.0), (idle, -1.0)] {
            for text in &texts {
                let places = dhat::read(text, &own).map_err(anyhow::Error::msg)?;
                for (name, it) in &places {
                    let share = |number: u64| sign * number as f64 / requests;
                    let (blocks, bytes) = (share(it.blocks), share(it.bytes));
                    let size = it.bytes as f64 / it.blocks.max(1) as f64 / requests;
                    self.of_kind(Kind::Allocations, "DHAT").add(at, name, blocks, 1.0 / requests);
                    self.of_kind(Kind::AllocatedBytes, "DHAT").add(at, name, bytes, size);
                    self.totals.add(at, "allocations", blocks, 1.0 / requests);
                    self.totals.add(at, "allocated_bytes", bytes, 1.0 / requests);
                }
            }
        }
        Ok(())
    }

    fn trace(&mut self, at: At) -> Result<()> {
        let bench = self.sides.session.bench(None);
        let observer = self.sides.measured(&bench, at.0)?;
        let text = observer.trace(self.amount.requests).map_err(anyhow::Error::msg)?;
        let calls = strace::read(&text);
        if calls.is_empty() {
            bail!("strace saw no system call; it may not be permitted to look (ptrace)");
        }
        let requests = f64::from(self.amount.requests);
        for (name, count) in calls {
            let count = count as f64 / requests;
            self.of_kind(Kind::SystemCalls, "strace").add(at, &name, count, 1.0 / requests);
            self.totals.add(at, "system_calls", count, 1.0 / requests);
        }
        Ok(())
    }

    fn with_names(
        &self,
        at: At,
        look: impl FnOnce(&Observer<'_>, u32) -> Result<Vec<String>, String>,
    ) -> Result<Vec<String>> {
        let bench = self.sides.session.bench(None);
        let observer = self.sides.with_names(&bench, at.0)?;
        look(&observer, self.amount.requests).map_err(anyhow::Error::msg)
    }

    fn explanation(self) -> Result<(Explanation, Option<[Sampled; 2]>)> {
        self.progress.end();
        let Self { sides, amount, totals, by_kind, sampled, guests, absent, .. } = self;
        if by_kind.is_empty()
            && let Some(Absent { what, reason }) = absent.first()
        {
            bail!("nothing could be counted: {what}: {reason}");
        }
        let [a, b] = [&sides.session.subjects[0], &sides.session.subjects[1]];
        let size =
            |it: &Subject| BTreeMap::from([("binary_bytes".to_owned(), it.artifact.binary_bytes)]);
        let mut rows = totals.without_gaps().rows(0.0)?;
        rows.extend(exact(&size(a), &size(b)));
        let mut sections = vec![Section { kind: Kind::Totals, tool: "all of them", rows }];
        for (kind, (tool, counts)) in by_kind {
            let is_told = |it: &Absent| it.what.contains(&format!("({tool})"));
            // Half of the rounds would be zeros.
            if !absent.iter().any(is_told) {
                sections.push(Section { kind, tool, rows: counts.rows(LEAST_SHARE)? });
            }
        }
        sections.extend(sizes(sides)?);
        let mut told = Explanation {
            a: a.label(),
            b: b.label(),
            series: sides.series.to_string(),
            rounds: amount.rounds,
            same_binary: a.artifact.binary_sha256 == b.artifact.binary_sha256,
            cause: Vec::new(),
            sections,
            absent,
            notes: vec![sides.about_code()],
            files: Vec::new(),
        };
        told.cause = cause::say(&told);
        let [a, b] = sampled;
        let is_whole = |rounds: &[Round]| rounds.len() == amount.rounds as usize;
        let sampled = guests
            .filter(|_| is_whole(&a) && is_whole(&b))
            .map(|guests| [a, b].map(|rounds| Sampled { rounds, guests: guests.clone() }));
        Ok((told, sampled))
    }
}

/// Sizes of the measured binaries; what differs is sure.
fn sizes(sides: &Sides<'_>) -> Result<[Section; 2]> {
    let of = |side: usize| Sizes::of(&sides.session.subjects[side].binary);
    let (a, b) = (of(0)?, of(1)?);
    let section = |kind, a: &BTreeMap<String, u64>, b: &BTreeMap<String, u64>| Section {
        kind,
        tool: "symbols",
        rows: exact(a, b),
    };
    Ok([
        section(Kind::Sections, &a.sections, &b.sections),
        section(Kind::Crates, &a.crates, &b.crates),
    ])
}

fn exact(a: &BTreeMap<String, u64>, b: &BTreeMap<String, u64>) -> Vec<Row> {
    let mut names: Vec<&String> = a.keys().chain(b.keys()).collect();
    names.sort_unstable();
    names.dedup();
    let mut rows: Vec<Row> = names
        .into_iter()
        .map(|name| {
            let of = |side: &BTreeMap<String, u64>| side.get(name).copied().unwrap_or(0) as f64;
            let (a, b) = (of(a), of(b));
            let ends = Some(b - a);
            let sure = a != b;
            Row { name: name.clone(), a, b, difference: b - a, low: ends, high: ends, sure }
        })
        .collect();
    rows.sort_by(|one, other| other.difference.abs().total_cmp(&one.difference.abs()));
    rows
}
