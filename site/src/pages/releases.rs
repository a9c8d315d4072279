//! Releases: what the gate says of each, what got faster and slower since the one
//! before, and the exceptions that are in force. Verdicts come from `compare`, the
//! gate's from whoever evaluated it.

use super::{Layout, Page, Site, render};
use crate::Error;
use crate::inputs::GateResult;
use crate::names;
use crate::prepared;
use crate::shard;
use crate::versions::VersionRef;
use crate::words;
use askama::Template;
use compare::{Index, Report, Row, Terms};
use model::Metric;

/// The page, from the site's root.
pub(crate) const PATH: &str = "releases.html";
/// So many changes are named; the others are on the page of the comparison.
const NAMED: usize = 6;

#[derive(Template)]
#[template(path = "releases.html")]
struct ReleasesPage {
    layout: Layout,
    targets: Vec<TargetView>,
    gates: Vec<GateView>,
    waivers: Vec<WaiverView>,
    gate_command: String,
}

struct TargetView {
    id: String,
    name: String,
    about: String,
    releases: Vec<ReleaseView>,
}

/// A release, against the one before it.
struct ReleaseView {
    name: String,
    label: String,
    day: String,
    gate: Option<GateBrief>,
    before: Option<String>,
    href: Option<String>,
    verdict: Option<String>,
    said: String,
    slower: Vec<String>,
    faster: Vec<String>,
}

struct GateBrief {
    verdict: String,
    href: String,
}

struct GateView {
    id: String,
    verdict: String,
    candidate: String,
    baseline: String,
    run: String,
    run_href: String,
    counts: String,
    checks: Vec<CheckView>,
}

struct CheckView {
    outcome: String,
    kind: String,
    name: String,
    limit: String,
    found: String,
    note: String,
}

struct WaiverView {
    covers: String,
    owner: String,
    reason: String,
    expires: String,
}

/// The page of all releases.
pub(crate) fn pages(site: &Site<'_>) -> Result<Vec<Page>, Error> {
    let (index, terms) = (shard::index(site), shard::terms(site.inputs));
    let mut targets = Vec::new();
    for (position, target) in prepared::targets(site).into_iter().enumerate() {
        let releases = prepared::releases_of(site, target);
        if releases.is_empty() {
            continue;
        }
        let mut views = Vec::new();
        for (at, release) in releases.iter().enumerate().rev() {
            let before = at.checked_sub(1).map(|at| releases[at]);
            views.push(release_view(site, &index, &terms, *release, before)?);
        }
        targets.push(TargetView {
            id: format!("target-{position}"),
            name: target.to_owned(),
            about: site.config().target(target).map(|it| it.about.clone()).unwrap_or_default(),
            releases: views,
        });
    }
    let waivers = site.config().gate.iter().flat_map(|gate| &gate.waivers);
    let page = ReleasesPage {
        layout: Layout::of(PATH, "Releases")
            .described("What the gate said of each release, and what got faster and slower.")
            .pictured(site.config()),
        targets,
        gates: site.inputs.gates.iter().enumerate().map(gate_view).collect(),
        waivers: waivers
            .map(|waiver| WaiverView {
                covers: waiver.covers.words(),
                owner: waiver.owner.clone(),
                reason: waiver.reason.clone(),
                expires: waiver.expires.to_string(),
            })
            .collect(),
        gate_command: "bench gate --baseline LAST_RELEASE --candidate NEXT".to_owned(),
    };
    Ok(vec![Page::of(PATH, render(PATH, &page)?)])
}

fn release_view(
    site: &Site<'_>,
    index: &Index,
    terms: &Terms,
    release: VersionRef,
    before: Option<VersionRef>,
) -> Result<ReleaseView, Error> {
    let version = site.history.versions.get(release);
    let name = version.full_label();
    let gates = site.inputs.gates.iter().enumerate();
    let gate = gates
        .filter(|(_, gate)| gate.candidate == name)
        .map(|(at, gate)| GateBrief { verdict: gate.verdict.clone(), href: format!("#gate-{at}") });
    let mut view = ReleaseView {
        name: prepared::release_name(site, release).unwrap_or_else(|| version.label()),
        label: version.label(),
        day: words::day(version.time()),
        gate: gate.into_iter().next(),
        before: None,
        href: None,
        verdict: None,
        said: "The first release that was measured.".to_owned(),
        slower: Vec::new(),
        faster: Vec::new(),
    };
    let Some(before) = before else { return Ok(view) };
    let older = site.history.versions.get(before).full_label();
    view.before = prepared::release_name(site, before);
    match compared(site, index, terms, &older, &name)? {
        Err(why) => view.said = format!("Not compared: {why}."),
        Ok(report) => {
            view.href = Some(names::compare_page(&older, &name));
            view.said = if report.side_by_side {
                "Measured side by side.".to_owned()
            } else {
                "Measured at different times: only what repeats exactly is decided.".to_owned()
            };
            if report.verdict == "refused" {
                view.said = "Measured on different testbeds: not compared.".to_owned();
            }
            view.slower = changed(&report, "regressed");
            view.faster = changed(&report, "improved");
            view.verdict = Some(report.verdict);
        }
    }
    Ok(view)
}

/// Two versions by the runs that say most of them, or why not.
pub(crate) fn compared(
    site: &Site<'_>,
    index: &Index,
    terms: &Terms,
    a: &str,
    b: &str,
) -> Result<Result<Report, String>, Error> {
    let (run_a, run_b) = match index.choose(a, b) {
        Ok(runs) => runs,
        Err(why) => return Ok(Err(why)),
    };
    let first = shard::read(site, run_a)?;
    let second = if run_a == run_b { None } else { Some(shard::read(site, run_b)?) };
    Ok(compare::compare((&first, a), (second.as_ref().unwrap_or(&first), b), terms))
}

/// The largest changes of a kind, in words.
fn changed(report: &Report, verdict: &str) -> Vec<String> {
    let mut rows: Vec<&Row> = report.rows.iter().filter(|row| row.verdict == verdict).collect();
    rows.sort_by(|a, b| b.ratio.ln().abs().total_cmp(&a.ratio.ln().abs()));
    let told = |row: &&Row| {
        let label = Metric::named(&row.metric).map_or(row.metric.as_str(), |metric| metric.label);
        let arm = if row.arm == "default" { String::new() } else { format!(" {}", row.arm) };
        let change = words::difference(row.ratio - 1.0, 1);
        format!("{}/{}{arm}, {label}: {change}", row.suite, row.benchmark)
    };
    let mut named: Vec<String> = rows.iter().take(NAMED).map(told).collect();
    if rows.len() > NAMED {
        named.push(format!("and {} more", rows.len() - NAMED));
    }
    named
}

fn gate_view((at, gate): (usize, &GateResult)) -> GateView {
    let count = |outcome: &str| gate.checks.iter().filter(|it| it.outcome == outcome).count();
    let counts: Vec<String> = ["failed", "missing", "undecided", "warned", "waived", "passed"]
        .into_iter()
        .filter(|outcome| count(outcome) > 0)
        .map(|outcome| format!("{} {outcome}", count(outcome)))
        .collect();
    GateView {
        id: format!("gate-{at}"),
        verdict: gate.verdict.clone(),
        candidate: gate.candidate.clone(),
        baseline: gate.baseline.clone(),
        run: gate.run.to_string(),
        run_href: names::run_page(&gate.run),
        counts: counts.join(", "),
        checks: gate
            .checks
            .iter()
            .filter(|check| check.outcome != "passed")
            .map(|check| CheckView {
                outcome: check.outcome.clone(),
                kind: check.kind.clone(),
                name: check.name.clone(),
                limit: check.limit.clone(),
                found: check.found.clone(),
                note: check.note.clone(),
            })
            .collect(),
    }
}
