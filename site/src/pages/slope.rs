//! What one step of a parameter costs: a picture and a table for each size of
//! it, and what that means for the reader's own number of steps. It must not fit.

mod choice;

use self::choice::{Decided, TotalView, of_one};
use super::{Layout, Site, render};
use crate::Error;
use crate::bars::{Bar, Bars};
use crate::names;
use crate::slope::{Fit, SlopeLine, Slopes};
use crate::words;
use askama::Template;
use model::{Metric, SlopeSpec};
use stats::slope::Slope;
use std::cmp::Reverse;

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
    pub(crate) metrics: Vec<String>,
    pub(crate) rows: Vec<RowView>,
    /// What to choose for so many steps, by the deciding metric.
    pub(crate) choices: Vec<String>,
    /// Whether the other metrics agree.
    pub(crate) checks: Vec<String>,
    /// Up to how many steps each way is as good as the cheapest.
    pub(crate) limits: Vec<String>,
    pub(crate) totals: Vec<TotalView>,
    /// How many blocks the load generator had to wait in; empty without one.
    pub(crate) waited: String,
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

impl SuiteSlopes {
    /// The most ways that one table compares.
    fn ways(&self) -> usize {
        let tables = self.slopes.iter().flat_map(|slope| &slope.tables);
        tables.map(|table| table.rows.len()).max().unwrap_or(0)
    }
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
    // Where there is most to choose from comes first.
    suites.sort_by_key(|suite| Reverse(suite.ways()));
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
            of_one(deciding),
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
    let rows = lines.iter().map(|line| RowView {
        name: spec.name(&line.name).to_owned(),
        cells: spec.metrics.iter().zip(&line.fits).map(|(metric, fit)| cell(metric, fit)).collect(),
        note: spec.note(&line.name).unwrap_or_default().to_owned(),
    });
    let measured = |position: usize| {
        let slopes = lines.iter().filter_map(move |line| match line.fits.get(position) {
            Some(Fit::Measured { slope, .. }) => Some((spec.name(&line.name), *slope)),
            _ => None,
        });
        slopes.collect::<Vec<(&str, Slope)>>()
    };
    let deciding = measured(0);
    let decided = Decided { spec, slopes: &deciding };
    let others = spec.metrics.iter().enumerate().skip(1);
    let checks = others.filter_map(|(position, it)| decided.agreement(it, &measured(position)));
    Ok(TableView {
        picture: picture(spec, &title, &deciding, id)?,
        metrics: spec.metrics.iter().map(|metric| of_one(metric)).collect(),
        rows: rows.collect(),
        choices: decided.choices(),
        checks: checks.collect(),
        limits: decided.limits(),
        totals: decided.totals(),
        waited: waited(&lines),
        title,
    })
}

fn waited(lines: &[&SlopeLine]) -> String {
    let voids = lines.iter().flat_map(|line| &line.fits).filter_map(|fit| match fit {
        Fit::Measured { void, .. } => Some(*void),
        Fit::Absent(_) => None,
    });
    match voids.max() {
        None | Some(0) => String::new(),
        Some(most) => format!(
            "Behind a number there are up to {} in which the load generator had to wait.",
            words::blocks(most as u32)
        ),
    }
}

fn cost(line: &SlopeLine) -> Option<f64> {
    match line.fits.first() {
        Some(Fit::Measured { slope, .. }) => Some(slope.slope),
        _ => None,
    }
}

fn cell(metric: &Metric, fit: &Fit) -> CellView {
    match fit {
        Fit::Measured { slope, .. } => CellView {
            value: metric.display(slope.slope),
            detail: slope.interval.map_or_else(String::new, |interval| {
                let half = (interval.high - interval.low) / 2.0;
                format!("± {:.1} %", 100.0 * half / slope.slope.abs())
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
        title: format!("{} of one {}, {title} (logarithmic)", of_one(metric), spec.one),
        description: told.join("; "),
        bars,
    };
    bars.svg()
}
