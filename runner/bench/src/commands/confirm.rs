//! Measuring both sides of suspected changes again, which is what tells a change
//! from a run of bad luck at the end of a history.

use crate::adaptive::UntilDecided;
use crate::alerts::{Alert, State};
use crate::output::note;
use crate::project::Project;
use crate::report::cells::change;
use crate::session::{Amount, Session, Sink};
use crate::verdicts::{self, Comparison, Earlier, FAMILY_ALPHA, Known, Pairs, Side};
use anyhow::{Context, Result};
use model::{ProfileName, Run, Suite};
use stats::Interval;
use stats::follow_up::{Confirmation, confirm};
use std::collections::BTreeMap;
use std::time::Duration;

/// What measuring again says of an alert.
pub(super) struct Settled {
    /// Position among the alerts.
    pub(super) alert: usize,
    /// The new state; none if it stays open.
    pub(super) state: Option<State>,
    pub(super) note: String,
}

/// Measures both sides of every alert that waits for it, those between the same
/// two versions together. What cannot be measured is told and stays as it is;
/// `None` if it was interrupted.
///
/// # Errors
/// When the database fails.
pub(super) fn all(
    project: &Project,
    sink: &Sink,
    alerts: &[Alert],
    budget: Option<Duration>,
) -> Result<Option<Vec<Settled>>> {
    let mut groups: BTreeMap<(&str, &str, &str), Vec<usize>> = BTreeMap::new();
    for (index, alert) in alerts.iter().enumerate().filter(|(_, it)| it.wants_confirmation()) {
        let sides = (alert.series.target.as_str(), alert.after.as_str(), alert.first.as_str());
        groups.entry(sides).or_default().push(index);
    }
    let mut settled = Vec::new();
    for ((target, after, first), group) in groups {
        let sides = [format!("{target}@{after}"), format!("{target}@{first}")];
        note(&format!("measuring {} and {} again", sides[0], sides[1]));
        let suspected: Vec<&Alert> = group.iter().map(|&index| &alerts[index]).collect();
        match measured(project, sink, &sides, &suspected, budget) {
            Ok(Some(found)) => {
                settled.extend(group.iter().zip(&suspected).map(|(&alert, suspected)| {
                    let (state, note) = judged(suspected, &found);
                    Settled { alert, state, note }
                }));
            }
            Ok(None) => return Ok(None),
            Err(error) => note(&format!("not measured again: {error:#}")),
        }
    }
    Ok(Some(settled))
}

fn measured(
    project: &Project,
    sink: &Sink,
    sides: &[String; 2],
    alerts: &[&Alert],
    budget: Option<Duration>,
) -> Result<Option<Vec<Comparison>>> {
    let versions = sides
        .iter()
        .map(|side| project.config.parse_version(side))
        .collect::<Result<Vec<_>, _>>()?;
    let session = Session::prepare(project, suites_of(project, alerts)?, &versions)?;
    let earlier = Earlier::read(sink, &session)?;
    let known = Known { suites: &session.suites, config: &project.config, earlier: &earlier };
    let question = |run: &Run| -> Vec<Pairs> {
        let side = |artifact| Side { run, artifact };
        let mut pairs = verdicts::collect(side(0), side(1), known).pairs;
        pairs.retain(|pairs| alerts.iter().any(|alert| is_of(alert, pairs)));
        // Whether it is there is asked, not whether it matters.
        pairs.iter_mut().for_each(|pairs| pairs.series.margin = 0.0);
        pairs
    };
    let amount = Amount {
        profile: ProfileName::Compare,
        quick: false,
        blocks: None,
        seed: None,
        budget,
        compared: versions.len(),
        variants: Vec::new(),
    };
    let mut steer = UntilDecided::new(question);
    let measured = session.measure(sink, &versions, &amount, &mut steer)?;
    if !measured.finished {
        return Ok(None);
    }
    let run = sink.runtime.block_on(sink.store.run(measured.run.as_str()))?;
    let looks = verdicts::looks_of_finished(&run);
    verdicts::judge(question(&run), &looks, FAMILY_ALPHA).map(Some)
}

/// The suites with nothing but the arms in question.
fn suites_of(project: &Project, alerts: &[&Alert]) -> Result<Vec<Suite>> {
    let mut names: Vec<&String> = alerts.iter().map(|alert| &alert.series.suite).collect();
    names.sort();
    names.dedup();
    let mut suites = Vec::new();
    for name in names {
        let mut suite =
            project.suite(name).with_context(|| format!("suite {name} is no more as it was"))?;
        suite.arms.retain(|arm| {
            alerts.iter().any(|alert| {
                let series = &alert.series;
                (&series.suite, &series.benchmark, &series.arm) == (name, &arm.benchmark, &arm.name)
            })
        });
        suites.push(suite);
    }
    Ok(suites)
}

fn is_of(alert: &Alert, pairs: &Pairs) -> bool {
    let series = &alert.series;
    let (suite, benchmark, arm) = &pairs.arm;
    (suite, benchmark, arm, pairs.metric.name)
        == (&series.suite, &series.benchmark, &series.arm, series.metric)
}

/// The state that a new comparison leads to, and what is noted of it.
fn judged(alert: &Alert, found: &[Comparison]) -> (Option<State>, String) {
    let series = &alert.series;
    let of_series = found.iter().find(|it| {
        (&it.suite, &it.benchmark, &it.arm, it.metric)
            == (&series.suite, &series.benchmark, &series.arm, series.metric)
    });
    let Some(found) = of_series else {
        return (None, "measured again, and its arm gave no pair".to_owned());
    };
    let interval = found.low.zip(found.high).map(|(low, high)| {
        let confidence = found.confidence;
        Interval { low, high, confidence }
    });
    let told = match interval {
        Some(Interval { low, high, .. }) => {
            format!("{} ({} to {})", change(found.ratio), change(low), change(high))
        }
        None => change(found.ratio),
    };
    let told = format!("measured again with {} pairs: {told}", found.pairs);
    match confirm(alert.effect.unwrap_or(0.0), interval) {
        Confirmation::Confirmed => (Some(State::Confirmed), told),
        Confirmation::Refuted => (Some(State::Invalid), told),
        Confirmation::Open => (None, format!("{told}, which does not decide it")),
    }
}
