//! Changes of level that somebody should look at, and what was said of them.
//!
//! The state is text in the repository (`data/alerts.toml`), so that triage is
//! reviewed like code. The program only adds entries at its end; people edit
//! them, and nothing they wrote is ever rewritten.

mod file;

use crate::history::{Segment, SeriesKey};
use anyhow::Result;
use model::{Direction, Metric};
use serde::{Deserialize, Serialize};
use stats::detect::{self, Change, Options, Standing};
use stats::history;

pub(crate) use file::AlertFile;

/// Few versions follow.
pub(crate) const SUSPECTED: &str = "suspected";

/// What people say of an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum State {
    /// Nobody looked yet.
    New,
    /// Measuring both sides again showed it.
    Confirmed,
    /// It is known and wanted, or lived with.
    Acknowledged,
    /// There is no change.
    Invalid,
    /// The machine or the measuring changed, not the host.
    Infra,
    /// A later version undid it.
    Fixed,
}

/// A change of a series.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Alert {
    pub(crate) series: SeriesKey,
    /// `regressed` or `improved`.
    pub(crate) verdict: &'static str,
    /// New level over old, less 1.
    pub(crate) effect: Option<f64>,
    /// The last version at the old level; the change came after it ...
    pub(crate) after: String,
    /// ... and not after this one, the first at the new level.
    pub(crate) first: String,
    /// The commits in between, any of which may have done it, oldest first; empty
    /// where no repository tells.
    pub(crate) culprits: Vec<String>,
    /// How much one value of the series differs from the next where nothing
    /// changes, a fraction; null if there are too few.
    pub(crate) noise: Option<f64>,
    /// `established`, or `suspected` where few versions follow.
    pub(crate) standing: &'static str,
    pub(crate) state: State,
    /// What people noted.
    pub(crate) note: String,
    /// Whether it stands in the file already.
    pub(crate) is_known: bool,
    /// The first version in the file's entry, which may be a few from this one.
    #[serde(skip)]
    pub(crate) entry_first: String,
}

impl Alert {
    /// Whether measuring both sides again is what it waits for.
    pub(crate) fn wants_confirmation(&self) -> bool {
        self.state == State::New && self.standing == SUSPECTED && self.effect.is_some()
    }
}

impl State {
    /// The word used everywhere.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Confirmed => "confirmed",
            Self::Acknowledged => "acknowledged",
            Self::Invalid => "invalid",
            Self::Infra => "infra",
            Self::Fixed => "fixed",
        }
    }
}

/// The changes of a segment, with what is known of them.
///
/// # Errors
/// When its values cannot be judged.
pub(crate) fn in_segment(
    segment: &Segment<'_>,
    options: &Options,
    known: &AlertFile,
) -> Result<Vec<Alert>> {
    if segment.values.is_empty() {
        return Ok(Vec::new());
    }
    let changes = detect::changes(&segment.values, options)?;
    let is_same = |at: usize| segment.is_same_binary_as_before(at);
    let changes = detect::between_binaries(changes, segment.values.len(), is_same);
    let noise = history::noise(&segment.values).ok();
    let alert = |change| Some(Alert { noise, ..alert(segment, change, known)? });
    Ok(changes.into_iter().filter_map(alert).collect())
}

fn alert(segment: &Segment<'_>, change: Change, known: &AlertFile) -> Option<Alert> {
    let metric = Metric::named(segment.series.metric)?;
    let is_worse = match metric.direction {
        Direction::Lower => change.rises,
        Direction::Higher => !change.rises,
        Direction::Neither => return None,
    };
    let verdict = if is_worse { stats::Verdict::Regressed } else { stats::Verdict::Improved };
    let near =
        change.position.saturating_sub(detect::SAME_WITHIN)..=change.position + detect::SAME_WITHIN;
    let entry = known.entries.iter().find(|entry| {
        let position = segment.versions.iter().position(|version| *version == entry.first);
        entry.is_of(segment.series, verdict.word()) && position.is_some_and(|at| near.contains(&at))
    });
    let first = *segment.versions.get(change.position)?;
    Some(Alert {
        series: segment.series.clone(),
        verdict: verdict.word(),
        effect: change.effect,
        after: segment.versions.get(change.position.checked_sub(1)?)?.to_string(),
        first: first.to_owned(),
        culprits: Vec::new(),
        noise: None,
        standing: match change.standing {
            Standing::Established => "established",
            Standing::Suspected => SUSPECTED,
        },
        state: entry.map_or(State::New, |entry| entry.state),
        note: entry.map(|entry| entry.note.clone()).unwrap_or_default(),
        is_known: entry.is_some(),
        entry_first: entry.map_or_else(|| first.to_owned(), |entry| entry.first.clone()),
    })
}
