//! Every complete run. What was interrupted is no part of a published history, and a
//! site made from that must be the same; `bench list runs` shows it.

use super::paging::{self, Position};
use super::{Layout, Page, Site, render};
use crate::Error;
use crate::names;
use crate::source::RunEntry;
use crate::words;
use askama::Template;
use model::{ProfileName, RunStatus};

#[derive(Template)]
#[template(path = "runs.html")]
struct RunsPage<'a> {
    layout: Layout,
    lead: String,
    position: Position,
    rows: Vec<RowView<'a>>,
}

struct RowView<'a> {
    href: String,
    id: &'a str,
    started: String,
    profile: &'a str,
    versions: String,
    blocks: String,
    note: &'static str,
}

/// The pages of all runs.
pub(crate) fn pages(site: &Site<'_>) -> Result<Vec<Page>, Error> {
    let complete: Vec<&RunEntry> =
        site.entries.iter().filter(|run| run.status == RunStatus::Complete).collect();
    let lead = match complete.len() {
        0 => "No run is complete yet.".to_owned(),
        count => format!("{}, each with every block.", words::counted(count, "complete run")),
    };
    let mut pages = Vec::new();
    for (position, entries) in paging::chunks("runs", &complete) {
        let page = RunsPage {
            layout: Layout::of(&position.path, "Runs").described(lead.clone()),
            lead: lead.clone(),
            rows: entries.iter().map(|run| row(run)).collect(),
            position,
        };
        let text = render(&page.position.path, &page)?;
        pages.push(Page::of(page.position.path, text));
    }
    Ok(pages)
}

fn row(run: &RunEntry) -> RowView<'_> {
    let mut blocks = run.measured.to_string();
    for (count, word) in [(run.failed, "failed"), (run.unsupported, "not supported")] {
        if count > 0 {
            blocks.push_str(&format!(", {count} {word}"));
        }
    }
    let is_calibration = run.profile == ProfileName::Calibrate.word();
    RowView {
        href: names::run_page(&run.id),
        id: run.id.as_str(),
        started: words::minute(run.started_at),
        profile: &run.profile,
        versions: run.versions.join(", "),
        blocks: format!("{blocks} of {}", run.planned),
        note: if is_calibration { "slowed down on purpose: on no chart" } else { "" },
    }
}
