//! Any two versions: a page that asks for them, and pages of prepared comparisons
//! for readers without JavaScript. Verdicts come from `compare`, here and there.

use super::{Layout, Page, Site, render};
use crate::Error;
use crate::names;
use crate::prepared::{self, Pair};
use crate::profiles::{self, Picture, Profile};
use crate::shard;
use crate::words;
use askama::Template;
use compare::{Index, Lacking, Report, Row, Terms};
use model::{Label, METRICS, Metric};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// The page that asks for two versions, from the site's root.
pub(crate) const PATH: &str = "compare/index.html";
/// What its script reads.
const DATA: &str = "compare/data.json";
/// A page that compiles WebAssembly needs this much more than the others.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self' \
                      'wasm-unsafe-eval'; connect-src 'self'; base-uri 'self'; form-action 'none'";

#[derive(Template)]
#[template(path = "compare.html")]
struct ComparePage<'a> {
    layout: Layout,
    groups: Vec<(&'static str, Vec<Link>)>,
    versions: usize,
    default_target: &'a str,
}

struct Link {
    href: String,
    a: String,
    b: String,
    said: String,
    verdict: String,
}

#[derive(Template)]
#[template(path = "compared.html")]
struct ComparedPage {
    layout: Layout,
    a: Side,
    b: Side,
    verdict: String,
    lead: String,
    to_measure: &'static str,
    command: String,
    testbeds: Vec<(String, String, String)>,
    suites: Vec<SuiteView>,
    missing: Vec<String>,
    unsupported: Vec<String>,
    reasons: Vec<String>,
}

struct Side {
    name: String,
    title: String,
    day: String,
    run: String,
    run_href: String,
}

/// The rows of a suite, what changed first.
struct SuiteView {
    id: String,
    name: String,
    href: String,
    changed: usize,
    rows: Vec<RowView>,
}

struct RowView {
    name: String,
    metric: &'static str,
    a: String,
    b: String,
    change: String,
    interval: String,
    visible: String,
    verdict: String,
    labels: Vec<String>,
    pictures: Vec<Picture>,
}

/// Factor and symbol, the largest first.
type Scales = &'static [(f64, &'static str)];

/// What the script of the page reads: everything it needs before a run.
#[derive(Serialize)]
struct Data<'a> {
    index: &'a Index,
    terms: &'a Terms,
    /// Metric to its label and the scales of its unit, largest first.
    metrics: BTreeMap<&'static str, (&'static str, Scales)>,
    /// What forbids a verdict, and labels, in words.
    words: BTreeMap<&'static str, String>,
    /// Suite to its page, from this page.
    suites: BTreeMap<&'a str, String>,
}

/// The pages.
pub(crate) fn pages(site: &Site<'_>) -> Result<Vec<Page>, Error> {
    let index = shard::index(site);
    let terms = shard::terms(site.inputs);
    let mut pages: Vec<Page> = Vec::new();
    let mut groups: Vec<(&'static str, Vec<Link>)> = Vec::new();
    for (why, pairs) in prepared::groups(site, &index) {
        let mut links = Vec::new();
        for pair in pairs {
            let Some((path, link, text)) = compared(site, &index, &terms, &pair)? else {
                continue;
            };
            if pages.iter().all(|page| page.path != path) {
                pages.push(Page::of(path, text));
            }
            links.push(link);
        }
        groups.push((why, links));
    }
    groups.retain(|(_, links)| !links.is_empty());
    let layout = Layout::of(PATH, "Compare two versions").described(
        "What changed between any two versions that were measured, with an interval for each \
         difference.",
    );
    let page = ComparePage {
        layout: Layout { policy: POLICY, scripts: &["compare.js"], ..layout },
        groups,
        versions: index.versions.len(),
        default_target: &site.config().default_target,
    };
    pages.push(Page::of(PATH, render(PATH, &page)?));
    pages.push(Page::of(DATA, data(site, &index, &terms)?));
    Ok(pages)
}

fn data(site: &Site<'_>, index: &Index, terms: &Terms) -> Result<String, Error> {
    let metrics = METRICS.iter().filter(|metric| metric.is_comparable());
    let data = Data {
        index,
        terms,
        metrics: metrics.map(|it| (it.name, (it.label, it.unit.scales()))).collect(),
        words: words_of_codes(),
        suites: site
            .suite_names()
            .into_iter()
            .map(|suite| (suite, format!("../{}", names::suite_page(suite))))
            .collect(),
    };
    let text = serde_json::to_string(&data);
    text.map_err(|source| Error::Json { file: DATA.to_owned(), source })
}

/// What forbids a verdict, and labels, in words.
fn words_of_codes() -> BTreeMap<&'static str, String> {
    let label = |label: Label| format!("{}: {}", label.word(), label.meaning());
    let apart = "the two were measured at different times, so what varies decides nothing; \
                 measure them side by side";
    BTreeMap::from([
        ("redefined", "the benchmark changed between the two".to_owned()),
        ("apart", apart.to_owned()),
        ("disturbed", label(Label::Disturbed)),
        ("generator-bound", label(Label::GeneratorBound)),
        ("generator-starved", label(Label::GeneratorStarved)),
        ("wall-only", "wall only".to_owned()),
        ("instructions-only", "instructions only".to_owned()),
        ("ranks-disagree", "ranks disagree".to_owned()),
        ("same-binary", "same binary".to_owned()),
    ])
}

/// A prepared comparison: its path, a link to it, its text. None if no run of
/// either is left to compare.
fn compared(
    site: &Site<'_>,
    index: &Index,
    terms: &Terms,
    pair: &Pair,
) -> Result<Option<(String, Link, String)>, Error> {
    let [name_a, name_b] = [pair.a, pair.b].map(|at| index.versions[at].name.as_str());
    let Ok((run_a, run_b)) = index.choose(name_a, name_b) else { return Ok(None) };
    let a = shard::read(site, run_a)?;
    let other = if run_a == run_b { None } else { Some(shard::read(site, run_b)?) };
    let b = other.as_ref().unwrap_or(&a);
    let Ok(report) = compare::compare((&a, name_a), (b, name_b), terms) else { return Ok(None) };
    let path = names::compare_page(name_a, name_b);
    let side = |at: usize, run: &str| {
        let version = &index.versions[at];
        Side {
            name: version.name.clone(),
            title: version.title.clone(),
            day: version.day.clone(),
            run: run.to_owned(),
            run_href: format!("../{}", names::run_page_of(run)),
        }
    };
    let lead = lead(&report);
    let page = ComparedPage {
        layout: Layout::of(&path, &format!("{name_a} and {name_b}")).described(lead.clone()),
        a: side(pair.a, run_a),
        b: side(pair.b, run_b),
        verdict: report.verdict.clone(),
        lead,
        to_measure: if report.side_by_side {
            "To measure both again:"
        } else {
            "To measure both side by side, which decides most:"
        },
        command: command(site, name_a, name_b),
        testbeds: report.testbeds.clone(),
        suites: suites(&report, &site.inputs.profiles, [name_a, name_b]),
        missing: report.missing.iter().map(lacking).collect(),
        unsupported: report.unsupported.iter().map(lacking).collect(),
        reasons: reasons(&report),
    };
    let link = Link {
        href: path.trim_start_matches("compare/").to_owned(),
        a: shown(index, pair.a),
        b: shown(index, pair.b),
        said: counts(&report),
        verdict: report.verdict,
    };
    let text = render(&path, &page)?;
    Ok(Some((path, link, text)))
}

fn shown(index: &Index, at: usize) -> String {
    format!("{} {}", index.versions[at].name, index.versions[at].title)
}

/// The command that measures both side by side.
fn command(site: &Site<'_>, a: &str, b: &str) -> String {
    let default = format!("{}@", site.config().default_target);
    let plain = |name: &str| {
        crate::versions::shell_word(name.strip_prefix(default.as_str()).unwrap_or(name))
    };
    format!("bench compare {} {}", plain(a), plain(b))
}

/// What was found, in a sentence.
fn lead(report: &Report) -> String {
    if report.verdict == "refused" {
        return "The two were measured on different testbeds, so their numbers are not compared."
            .to_owned();
    }
    let how = if report.same_binary {
        "Both are the same binary, so what differs is noise. "
    } else if report.side_by_side {
        "Measured side by side in one run. "
    } else {
        "Measured in two runs, at different times: only what repeats exactly can be decided. "
    };
    format!("{how}{}.", counts(report))
}

fn counts(report: &Report) -> String {
    let count = |verdict: &str| report.rows.iter().filter(|row| row.verdict == verdict).count();
    let counted = ["regressed", "improved", "equivalent", "inconclusive"]
        .map(|verdict| (count(verdict), verdict))
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, verdict)| format!("{count} {verdict}"));
    let missing = report.missing.len();
    let missing = (missing > 0).then(|| format!("{missing} missing"));
    let parts: Vec<String> = counted.chain(missing).collect();
    if parts.is_empty() { "nothing to compare".to_owned() } else { parts.join(", ") }
}

fn suites<'a>(report: &'a Report, profiles: &[Profile], versions: [&str; 2]) -> Vec<SuiteView> {
    let rank = |row: &Row| {
        let order = ["regressed", "improved", "inconclusive", "equivalent"];
        order.iter().position(|verdict| *verdict == row.verdict).unwrap_or(order.len())
    };
    let mut suites: BTreeMap<&'a str, Vec<&'a Row>> = BTreeMap::new();
    for row in &report.rows {
        suites.entry(&row.suite).or_default().push(row);
    }
    let mut suites: Vec<(&'a str, Vec<&'a Row>)> = suites.into_iter().collect();
    for (_, rows) in &mut suites {
        rows.sort_by_key(|row| rank(row));
    }
    suites.sort_by_key(|(_, rows)| rows.first().map(|row| rank(row)));
    // Once an arm, beside what changed most of it.
    let mut shown: BTreeSet<(&str, &str, &str)> = BTreeSet::new();
    let mut pictures = |row: &'a Row| {
        let series = (row.suite.as_str(), row.benchmark.as_str(), row.arm.as_str());
        if shown.insert(series) {
            profiles::links(profiles, series, versions, "../")
        } else {
            Vec::new()
        }
    };
    let view = |(position, (suite, rows)): (usize, (&'a str, Vec<&'a Row>))| SuiteView {
        id: format!("suite-{position}"),
        name: suite.to_owned(),
        href: format!("../{}", names::suite_page(suite)),
        changed: rows.iter().filter(|row| rank(row) < 2).count(),
        rows: rows.into_iter().filter_map(|row| row_view(row, pictures(row))).collect(),
    };
    suites.into_iter().enumerate().map(view).collect()
}

fn row_view(row: &Row, pictures: Vec<Picture>) -> Option<RowView> {
    let metric = Metric::named(&row.metric)?;
    let percent = |ratio: f64| words::difference(ratio - 1.0, 2);
    let arm = if row.arm == "default" { String::new() } else { format!(" {}", row.arm) };
    Some(RowView {
        name: format!("{}{arm}", row.benchmark),
        metric: metric.label,
        a: metric.display(row.a),
        b: metric.display(row.b),
        change: percent(row.ratio),
        interval: match (row.low, row.high) {
            (Some(low), Some(high)) if low == high => "exact".to_owned(),
            (Some(low), Some(high)) => format!("{} to {}", percent(low), percent(high)),
            _ => "none".to_owned(),
        },
        visible: match row.smallest_visible {
            _ if row.low.is_some() && row.low == row.high => "any".to_owned(),
            Some(visible) => format!("{:.2} %", visible * 100.0),
            None => "unknown".to_owned(),
        },
        verdict: row.verdict.clone(),
        labels: row.labels.iter().map(|label| label.replace('-', " ")).collect(),
        pictures,
    })
}

fn lacking(lacking: &Lacking) -> String {
    let Lacking { suite, benchmark, arm, version, reason } = lacking;
    let arm = if arm == "default" { String::new() } else { format!(" {arm}") };
    format!("{} {suite}/{benchmark}{arm}: {reason}", version.to_uppercase())
}

/// Why something is inconclusive, each reason once.
fn reasons(report: &Report) -> Vec<String> {
    let words = words_of_codes();
    let told = |row: &Row| {
        let forbidden = row.forbidden.as_deref().and_then(|code| words.get(code));
        forbidden.or(row.why.as_ref()).cloned()
    };
    let mut counted: BTreeMap<String, usize> = BTreeMap::new();
    for reason in report.rows.iter().filter_map(told) {
        *counted.entry(reason).or_default() += 1;
    }
    let told = |(reason, count)| format!("{}: {reason}", words::counted(count, "metric"));
    counted.into_iter().map(told).collect()
}
