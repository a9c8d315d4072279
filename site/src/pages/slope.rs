//! What one step of a parameter costs: a picture and a table for each size of
//! it, and what that means for the reader's own number of steps. It must not fit.

use super::{Layout, Site, render};
use crate::Error;
use crate::bars::{Bar, Bars};
use crate::names;
use crate::slope::{Fit, SlopeLine, Slopes};
use crate::words;
use askama::Template;
use model::{Metric, SlopeSpec};
use stats::slope::Slope;

/// What counts as hardly more: a tenth.
const HARDLY_MORE: f64 = 1.1;
/// How wide half an interval may be, as a part of the slope, for the slope to
/// decide anything.
const CERTAIN_ENOUGH: f64 = 0.25;
/// How many times a request does it, in the table of decisions.
const TIMES: [u32; 4] = [1, 10, 100, 1000];

/// What `slope.html` shows.
pub(crate) struct SlopeView {
    pub(crate) id: String,
    /// `What one call costs`.
    pub(crate) heading: String,
    pub(crate) one: String,
    /// Which metric decides, and of which version and run.
    pub(crate) source: String,
    pub(crate) caveats: Vec<words::Caveat>,
    pub(crate) tables: Vec<TableView>,
}

/// Lines that differ only in what is compared.
pub(crate) struct TableView {
    /// `bytes=16`; empty if there is nothing beside.
    pub(crate) title: String,
    pub(crate) picture: Option<String>,
    pub(crate) metrics: Vec<&'static str>,
    pub(crate) rows: Vec<RowView>,
    /// What the deciding metric says, in words.
    pub(crate) decisions: Vec<String>,
    pub(crate) totals: Vec<TotalView>,
}

pub(crate) struct RowView {
    pub(crate) name: String,
    pub(crate) cells: Vec<CellView>,
    pub(crate) note: String,
}

pub(crate) struct CellView {
    pub(crate) value: String,
    /// Half the width of the interval, or why there is no value.
    pub(crate) detail: String,
    /// What a request costs without a step.
    pub(crate) fixed: String,
}

/// A request with so many steps.
pub(crate) struct TotalView {
    pub(crate) name: String,
    /// As multiples of the cheapest.
    pub(crate) cells: Vec<String>,
}

/// The decision page, from the site's root.
pub(crate) const PATH: &str = "plugin-or-service.html";

#[derive(Template)]
#[template(path = "decisions.html")]
struct DecisionPage {
    layout: Layout,
    suites: Vec<SuiteSlopes>,
}

struct SuiteSlopes {
    title: String,
    href: String,
    why: String,
    slopes: Vec<SlopeView>,
}

/// Renders the decision page: every suite that asks what one of many costs.
pub(crate) fn page(site: &Site<'_>) -> Result<String, Error> {
    let mut suites = Vec::new();
    for suite in site.inputs.suites.iter().filter(|suite| !suite.slopes.is_empty()) {
        let mut slopes = views(site, &suite.name)?;
        for slope in &mut slopes {
            slope.id = format!("{}-{}", names::slug(&suite.name), slope.id);
        }
        suites.push(SuiteSlopes {
            title: suite.title.clone(),
            href: names::suite_page(&suite.name),
            why: suite.why.trim().split("\n\n").next().unwrap_or_default().to_owned(),
            slopes,
        });
    }
    let layout = Layout::of(PATH, "Plugin or service?")
        .described("What one call costs by each way of providing a service to a component");
    render(PATH, &DecisionPage { layout, suites })
}

/// What is known of a suite's slopes at its newest version.
pub(crate) fn views(site: &Site<'_>, suite: &str) -> Result<Vec<SlopeView>, Error> {
    let Some(declared) = site.declared(suite) else { return Ok(Vec::new()) };
    let mut views = Vec::new();
    for (position, spec) in declared.slopes.iter().enumerate() {
        if let Some(newest) = crate::slope::newest(site.history, declared, spec) {
            views.push(view(site, spec, &newest, &format!("slope-{position}"))?);
        }
    }
    Ok(views)
}

fn view(site: &Site<'_>, spec: &SlopeSpec, slopes: &Slopes, id: &str) -> Result<SlopeView, Error> {
    let run = &site.history.runs[slopes.run];
    let version = site.history.versions.get(slopes.at);
    let deciding = spec.metrics[0];
    let mut beside: Vec<&[(String, String)]> = Vec::new();
    for line in &slopes.lines {
        if !beside.contains(&line.beside.as_slice()) {
            beside.push(&line.beside);
        }
    }
    let tables = beside.into_iter().enumerate().map(|(position, beside)| {
        let lines = slopes.lines.iter().filter(|line| line.beside == beside).collect();
        table(spec, beside, lines, &format!("{id}-{position}"))
    });
    Ok(SlopeView {
        id: id.to_owned(),
        heading: format!("What one {} costs", spec.one),
        one: spec.one.clone(),
        source: format!(
            "The slope of a straight line through requests with different numbers of {}s, with its \
             95 % interval; {} decides. {}@{}, {}.",
            spec.one,
            deciding.label,
            version.target,
            version.label(),
            words::day(run.started_at)
        ),
        caveats: words::run_caveats(run),
        tables: tables.collect::<Result<_, _>>()?,
    })
}

fn table(
    spec: &SlopeSpec,
    beside: &[(String, String)],
    mut lines: Vec<&SlopeLine>,
    id: &str,
) -> Result<TableView, Error> {
    // The cheapest first, what has no value last.
    lines.sort_by(|a, b| {
        cost(a).unwrap_or(f64::INFINITY).total_cmp(&cost(b).unwrap_or(f64::INFINITY))
    });
    let title: Vec<String> = beside.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let title = title.join(", ");
    let note = |line: &SlopeLine| {
        let found = spec.notes.iter().find(|(name, _)| *name == line.name);
        found.map(|(_, text)| text.clone()).unwrap_or_default()
    };
    let rows = lines.iter().map(|line| RowView {
        name: line.name.clone(),
        cells: spec.metrics.iter().zip(&line.fits).map(|(metric, fit)| cell(metric, fit)).collect(),
        note: note(line),
    });
    let deciding: Vec<(&str, Slope)> = lines
        .iter()
        .filter_map(|line| match line.fits.first() {
            Some(Fit::Measured { slope, .. }) => Some((line.name.as_str(), *slope)),
            _ => None,
        })
        .collect();
    Ok(TableView {
        picture: picture(spec, &title, &deciding, id)?,
        metrics: spec.metrics.iter().map(|metric| metric.label).collect(),
        rows: rows.collect(),
        decisions: decisions(spec, &deciding),
        totals: totals(&deciding),
        title,
    })
}

fn cost(line: &SlopeLine) -> Option<f64> {
    match line.fits.first() {
        Some(Fit::Measured { slope, .. }) => Some(slope.slope),
        _ => None,
    }
}

fn cell(metric: &Metric, fit: &Fit) -> CellView {
    match fit {
        Fit::Measured { slope, void } => CellView {
            value: metric.display(slope.slope),
            detail: slope.interval.map_or_else(String::new, |interval| {
                let half = (interval.high - interval.low) / 2.0;
                let half = format!("± {:.1} %", 100.0 * half / slope.slope.abs());
                match void {
                    0 => half,
                    _ => format!(
                        "{half}; in {}, the load generator had to wait",
                        words::blocks(*void as u32)
                    ),
                }
            }),
            fixed: metric.display(slope.intercept.max(0.0)),
        },
        Fit::Absent(reason) => {
            CellView { value: "–".to_owned(), detail: reason.clone(), fixed: String::new() }
        }
    }
}

fn picture(
    spec: &SlopeSpec,
    title: &str,
    deciding: &[(&str, Slope)],
    id: &str,
) -> Result<Option<String>, Error> {
    let metric = spec.metrics[0];
    let bars: Vec<Bar> = deciding
        .iter()
        .filter(|(_, slope)| slope.slope > 0.0)
        .map(|(name, slope)| Bar {
            name: (*name).to_owned(),
            value: slope.slope,
            interval: slope.interval.map(|interval| (interval.low, interval.high)),
            told: metric.display(slope.slope),
        })
        .collect();
    let told: Vec<String> = bars.iter().map(|bar| format!("{}: {}", bar.name, bar.told)).collect();
    let bars = Bars {
        id: id.to_owned(),
        title: format!("{} of one {}, {title} (logarithmic)", metric.label, spec.one),
        description: told.join("; "),
        bars,
    };
    bars.svg()
}

/// Up to how many steps each way is as good as the cheapest.
fn decisions(spec: &SlopeSpec, deciding: &[(&str, Slope)]) -> Vec<String> {
    let Some(((cheapest, least), others)) = deciding.split_first() else { return Vec::new() };
    let (metric, one) = (spec.metrics[0], &spec.one);
    if !is_certain(least) {
        return vec![format!(
            "Nothing is decided yet: what a {one} costs by {cheapest} is not known to a quarter of \
             it. More blocks tell."
        )];
    }
    let mut told = vec![format!(
        "{cheapest} is the cheapest: {} a {one}, on top of {} for the request.",
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
            format!("{name}: {times} a {one}; it hardly matters, however many there are.")
        } else if until >= 1.0 {
            format!(
                "{name}: {times} a {one}; up to {until:.0} {one}s a request, the whole request \
                 costs at most a tenth more than by {cheapest}."
            )
        } else {
            format!(
                "{name}: {times} a {one}; even a single {one} makes the request more than a tenth \
                 dearer than by {cheapest}."
            )
        });
    }
    told
}

fn is_certain(slope: &Slope) -> bool {
    let half = slope.interval.map(|interval| (interval.high - interval.low) / 2.0);
    half.is_some_and(|half| half <= CERTAIN_ENOUGH * slope.slope.abs())
}

fn totals(deciding: &[(&str, Slope)]) -> Vec<TotalView> {
    let total = |slope: &Slope, times: u32| slope.intercept + slope.slope * f64::from(times);
    let least = TIMES.map(|times| {
        let certain = deciding.iter().filter(|(_, slope)| is_certain(slope));
        certain.map(|(_, slope)| total(slope, times)).fold(f64::INFINITY, f64::min)
    });
    let certain = deciding.iter().filter(|(_, slope)| is_certain(slope));
    let rows = certain.map(|(name, slope)| TotalView {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn slope(slope: f64, intercept: f64) -> Slope {
        let interval = stats::Interval { low: slope * 0.9, high: slope * 1.1, confidence: 0.95 };
        Slope { slope, intercept, interval: Some(interval) }
    }

    #[test]
    fn decisions_follow_from_the_lines() {
        let spec = SlopeSpec {
            benchmarks: Vec::new(),
            over: "calls".to_owned(),
            lines: "way".to_owned(),
            one: "call".to_owned(),
            metrics: vec![Metric::named("cpu_ns_per_request").unwrap()],
            notes: Vec::new(),
        };
        let lines = [
            ("native", slope(500.0, 50_000.0)),
            ("same", slope(540.0, 50_000.0)),
            ("linked", slope(4_550.0, 51_000.0)),
            ("remote", slope(40_000.0, 60_000.0)),
        ];
        let told = decisions(&spec, &lines);
        assert_eq!(
            told,
            [
                "native is the cheapest: 500 ns a call, on top of 50.0 µs for the request.",
                "same: 1.08× a call; it hardly matters, however many there are.",
                "linked: 9.10× a call; up to 1 calls a request, the whole request costs at most a \
                 tenth more than by native.",
                "remote: 80.0× a call; even a single call makes the request more than a tenth \
                 dearer than by native.",
            ]
        );
        assert_eq!(totals(&lines)[3].cells, ["1.98×", "8.36×", "40.6×", "72.8×"]);
        assert!(decisions(&spec, &[]).is_empty());
        let vague = ("vague", Slope { interval: None, ..lines[2].1 });
        let told = decisions(&spec, &[lines[0], vague]);
        assert_eq!(told[1], "vague: not known to a quarter yet. More blocks tell.");
        assert_eq!(decisions(&spec, &[vague, lines[3]]).len(), 1);
        assert_eq!(totals(&[lines[0], vague]).len(), 1);
    }
}
