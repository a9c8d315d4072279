//! Pages: what a template needs, made from the history. Templates decide
//! nothing; what is said is decided here and in `words`.

pub(crate) mod alerts;
mod answer;
pub(crate) mod badges;
mod chart_view;
pub(crate) mod compare;
pub(crate) mod documents;
pub(crate) mod events;
pub(crate) mod failures;
mod front;
pub(crate) mod index;
pub(crate) mod metric;
pub(crate) mod missing;
pub(crate) mod paging;
pub(crate) mod releases;
pub(crate) mod run;
pub(crate) mod runs;
mod search;
mod series;
pub(crate) mod shown;
pub(crate) mod slope;
mod spread;
pub(crate) mod suite;
pub(crate) mod targets;
pub(crate) mod testbeds;
mod tile;
pub(crate) mod tiny;
mod zoomed;

use crate::Error;
use crate::calibration::Calibration;
use crate::csv;
use crate::data;
use crate::feed;
use crate::found::Found;
use crate::inputs::Inputs;
use crate::marks::Marks;
use crate::names;
use crate::picture;
use crate::series::{History, LineKey};
use crate::source::RunEntry;
use crate::write::Output;
use askama::Template;
use jiff::Timestamp;
use model::{Config, Digest, Goal, Metric, Suite};
use std::collections::BTreeSet;

/// The navigation: page from the site's root, and what it is called.
pub(crate) const NAV: &[(&str, &str)] = &[
    ("index.html", "Overview"),
    ("benchmarks.html", "Benchmarks"),
    (compare::PATH, "Compare"),
    (releases::PATH, "Releases"),
    ("alerts.html", "Alerts"),
    (targets::PATH, "Targets"),
    ("plugin-or-service.html", "Plugin or service"),
    (tiny::PATH, "Tiny"),
    (testbeds::PATH, "Testbeds"),
    ("runs.html", "Runs"),
];

/// Everything a page may show.
pub(crate) struct Site<'a> {
    pub(crate) inputs: &'a Inputs,
    pub(crate) history: &'a History,
    /// What is known of every series.
    pub(crate) found: &'a Found,
    /// How often the method was wrong where the truth is known.
    pub(crate) calibration: &'a Calibration,
    /// Every run there is, newest first.
    pub(crate) entries: &'a [RunEntry],
    /// Where the files of runs lie already.
    pub(crate) output: &'a Output,
    /// For how old the data are, and nothing else.
    pub(crate) now: Timestamp,
}

/// A file of the site.
pub(crate) struct Page {
    /// From the site's root.
    pub(crate) path: String,
    pub(crate) bytes: Vec<u8>,
    /// Digest of all that it is made from, if the next build may take it over.
    pub(crate) key: Option<Digest>,
}

/// Makes some pages; several are made at the same time.
pub(crate) type Make<'a> = Box<dyn Fn(&Site<'_>) -> Result<Vec<Page>, Error> + Send + Sync + 'a>;

/// Makers of every file that needs all runs.
pub(crate) fn all<'a>(site: &Site<'a>) -> Vec<Make<'a>> {
    let mut makers: Vec<Make<'a>> = vec![
        Box::new(|_| Ok(fixed())),
        Box::new(|site| Ok(vec![Page::of("index.html", index::page(site)?)])),
        Box::new(|_| Ok(vec![Page::of(missing::PATH, missing::page()?)])),
        Box::new(|site| Ok(vec![Page::of(search::PATH, search::page(site)?)])),
        Box::new(|site| Ok(vec![Page::of(data::VERSIONS, data::versions(site)?)])),
        Box::new(|site| Ok(vec![Page::of(slope::PATH, slope::page(site)?)])),
        Box::new(compare::pages),
        Box::new(releases::pages),
        Box::new(alerts::pages),
        Box::new(targets::pages),
        Box::new(testbeds::pages),
        Box::new(tiny::pages),
        Box::new(runs::pages),
        Box::new(failures::pages),
        Box::new(documents::pages),
        Box::new(badges::pages),
        Box::new(feed::pages),
        Box::new(picture::pages),
    ];
    for name in site.suite_names() {
        makers.push(Box::new(move |site| {
            Ok(vec![Page::of(names::suite_page(name), suite::page(site, name)?)])
        }));
        for benchmark in suite::benchmark_names(site, name) {
            makers.push(Box::new(move |site| chart_files(site, name, benchmark)));
        }
        let lines = site.history.suites.get(name);
        for (key, line) in lines.into_iter().flatten() {
            makers.push(Box::new(move |site| series::pages(site, name, key, line)));
        }
    }
    makers
}

fn chart_files(site: &Site<'_>, suite: &str, name: &str) -> Result<Vec<Page>, Error> {
    let Some((suite, lines)) = site.history.suites.get_key_value(suite) else {
        return Ok(Vec::new());
    };
    let Some(name) = lines.keys().map(|key| key.benchmark.as_str()).find(|it| *it == name) else {
        return Ok(Vec::new());
    };
    let Some(shown) = shown::Benchmark::of(site, suite, name) else { return Ok(Vec::new()) };
    let mut pages = Vec::new();
    for metric in suite::shown_metrics(site, suite, name) {
        let file = names::chart_file(suite, name, metric.name, "json");
        let json = data::chart_json(suite, name, shown.of_metric(metric), metric, &file)?;
        pages.push(Page::of(file, json));
        let csv = csv::of_chart(site, &shown, metric);
        pages.push(Page::of(names::chart_file(suite, name, metric.name, "csv"), csv));
    }
    Ok(pages)
}

/// Files that are the same in every site.
fn fixed() -> Vec<Page> {
    let style =
        concat!(include_str!("../../static/style.css"), include_str!("../../static/pages.css"));
    let mut pages = vec![
        Page::of("style.css", style),
        Page::of("site.js", include_str!("../../static/site.js")),
        Page::of("compare.js", include_str!("../../static/compare.js")),
        Page {
            path: "compare.wasm".to_owned(),
            bytes: include_bytes!("../../compare-wasm/compare.wasm").to_vec(),
            key: None,
        },
        Page::of("icon.svg", include_str!("../../static/icon.svg")),
    ];
    let schemas = model::SCHEMAS.iter().filter_map(|(name, _)| {
        Some(Page::of(format!("schemas/{name}.schema.json"), model::schema(name)?))
    });
    pages.extend(schemas);
    pages
}

impl Page {
    /// A file of text that the next build may take over while `key` is the digest of
    /// all that it is made from.
    pub(crate) fn for_next(path: String, text: String, key: Digest) -> Self {
        Self { path, bytes: text.into_bytes(), key: Some(key) }
    }

    /// A file of text.
    pub(crate) fn of(path: impl Into<String>, text: impl Into<String>) -> Self {
        Self { path: path.into(), bytes: text.into().into_bytes(), key: None }
    }
}

/// What the frame around every page needs.
pub(crate) struct Layout {
    /// From the page to the site's root: empty, `../`, or more of them.
    pub(crate) root: String,
    pub(crate) title: String,
    /// For search engines and previews.
    pub(crate) description: String,
    /// The content security policy.
    pub(crate) policy: &'static str,
    /// Further scripts, from the site's root.
    pub(crate) scripts: &'static [&'static str],
    /// Where what previews show lies: a whole address, if that is known.
    pub(crate) picture: String,
    pub(crate) nav: Vec<NavEntry>,
}

/// An entry of the navigation.
pub(crate) struct NavEntry {
    pub(crate) href: String,
    pub(crate) label: &'static str,
    pub(crate) is_here: bool,
}

/// Nothing from anywhere but the site itself, and no script or style inside a page.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; \
                      base-uri 'self'; form-action 'none'";

impl Layout {
    /// The frame of the page `path`.
    pub(crate) fn of(path: &str, title: &str) -> Self {
        let root = "../".repeat(path.matches('/').count());
        let nav = NAV.iter().map(|(href, label)| NavEntry {
            href: format!("{root}{href}"),
            label,
            is_here: *href == path,
        });
        Self {
            nav: nav.collect(),
            title: format!("{title} · are we fast yet?"),
            description: title.to_owned(),
            policy: POLICY,
            scripts: &[],
            picture: format!("{root}{}", picture::of_page(path)),
            root,
        }
    }

    /// With the whole address of its picture, as previews want it, where `bench.toml`
    /// says where the site lies.
    pub(crate) fn pictured(self, config: &Config) -> Self {
        let picture = self.picture.trim_start_matches("../");
        match &config.site.url {
            Some(url) => Self { picture: format!("{url}{picture}"), ..self },
            None => self,
        }
    }

    /// With a sentence for search engines and previews.
    pub(crate) fn described(self, description: impl Into<String>) -> Self {
        Self { description: description.into(), ..self }
    }
}

impl<'a> Site<'a> {
    /// What people wrote in `bench.toml`.
    pub(crate) fn config(&self) -> &'a Config {
        &self.inputs.config
    }

    /// Versions with a meaning.
    pub(crate) fn marks(&self) -> &'a Marks {
        &self.found.marks
    }

    /// The goal of a series, if it has one.
    pub(crate) fn goal(&self, suite: &str, key: &LineKey, metric: &Metric) -> Option<&'a Goal> {
        self.config().goals.iter().find(|goal| {
            goal.metric.name == metric.name
                && goal.is_of(suite, &key.benchmark, &key.target, &key.arm)
        })
    }

    /// When the newest run started whose results are shown; a calibration is none.
    pub(crate) fn data_until(&self) -> Option<Timestamp> {
        self.history.runs.last().map(|run| run.started_at)
    }

    /// Every suite's name: those of the checkout, then those only measured.
    pub(crate) fn suite_names(&self) -> Vec<&'a str> {
        let suites = self.inputs.suites.iter();
        let declared: Vec<&str> = suites.map(|suite| suite.name.as_str()).collect();
        let known: BTreeSet<&str> = declared.iter().copied().collect();
        let measured = self.history.suites.keys().map(String::as_str);
        let only_measured: Vec<&str> = measured.filter(|name| !known.contains(name)).collect();
        [declared, only_measured].concat()
    }

    /// The suite of that name, if the checkout has it.
    pub(crate) fn declared(&self, name: &str) -> Option<&'a Suite> {
        self.inputs.suite(name)
    }

    /// What the column of verdicts is called.
    pub(crate) fn since_heading(&self) -> String {
        let base = self.marks().since_release().map(|[base, _]| base);
        base.map_or_else(
            || "since".to_owned(),
            |base| format!("since {}", self.marks().name(self.history, base)),
        )
    }

    /// What the column of ratios is called.
    pub(crate) fn ratio_heading(&self) -> String {
        match &self.config().anchor {
            Some(anchor) => format!("vs {anchor}"),
            None => "vs anchor".to_owned(),
        }
    }

    /// The anchor's name in sentences.
    pub(crate) fn anchor(&self) -> &'a str {
        self.config().anchor.as_deref().unwrap_or("anchor")
    }
}

/// Renders a template; `page` is named when that fails.
pub(crate) fn render(page: &str, template: &impl Template) -> Result<String, Error> {
    template.render().map_err(|source| Error::Render { page: page.to_owned(), source })
}
