//! `/api/v1/detect` and `/api/v1/alerts`: where levels changed for good, and what is
//! still to be looked at.

use super::series::{SeriesOut, out as series_out};
use crate::app::App;
use crate::extract::Asked;
use crate::page::{Page, Part, Row};
use crate::problem::Problem;
use crate::snapshot;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use site::LiveChange;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// Which changes.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Filter {
    /// Of this series only: its short name.
    series: Option<String>,
    /// Of this suite only.
    suite: Option<String>,
    /// Of this target only.
    target: Option<String>,
    /// `regressed` or `improved` only.
    verdict: Option<String>,
    /// `next` of the part before.
    cursor: Option<String>,
    /// Items of the part, 1 to 2000 [default: 100].
    #[param(minimum = 1, maximum = 2000)]
    limit: Option<usize>,
}

/// A change of level.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChangeOut {
    #[serde(flatten)]
    of: SeriesOut,
    epoch: String,
    /// The last version at the old level.
    after: String,
    /// The first version at the new level.
    first: String,
    /// The full name of that one.
    first_name: String,
    /// New level over old, less 1.
    effect: Option<f64>,
    /// `regressed` or `improved`.
    verdict: &'static str,
    /// `established`, or `suspected` where few versions follow.
    standing: &'static str,
    /// `new`, `confirmed`, `acknowledged`, `invalid`, `infra` or `fixed`.
    state: &'static str,
    note: String,
    /// How much one value differs from the next where nothing changes, a fraction.
    noise: Option<f64>,
}

impl Row for ChangeOut {
    const HEAD: &'static [&'static str] = &[
        "series",
        "suite",
        "benchmark",
        "target",
        "arm",
        "metric",
        "unit",
        "direction",
        "epoch",
        "after",
        "first",
        "effect",
        "verdict",
        "standing",
        "state",
        "note",
    ];

    fn row(&self) -> Vec<String> {
        let mut row = self.of.row();
        row.extend([self.epoch.clone(), self.after.clone(), self.first.clone()]);
        row.push(self.effect.map_or_else(String::new, |effect| effect.to_string()));
        row.extend([self.verdict, self.standing, self.state].map(str::to_owned));
        row.push(self.note.clone());
        row
    }
}

fn out(change: &LiveChange) -> ChangeOut {
    ChangeOut {
        of: series_out(&change.series),
        epoch: change.epoch.clone(),
        after: change.after.clone(),
        first: change.first.clone(),
        first_name: change.first_name.clone(),
        effect: change.effect,
        verdict: change.verdict,
        standing: change.standing,
        state: change.state,
        note: change.note.clone(),
        noise: change.noise,
    }
}

/// Every change of level, by series.
#[utoipa::path(get, path = "/api/v1/detect", tag = "decisions", params(Filter),
    responses((status = 200, description = "Changes", body = Page<ChangeOut>)))]
pub(crate) async fn detect(
    State(app): State<App>,
    Asked(filter): Asked<Filter>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let changes = found(&app).await?;
    filter.page(changes.iter())?.answer(&headers)
}

/// The changes that somebody should still look at.
#[utoipa::path(get, path = "/api/v1/alerts", tag = "decisions", params(Filter),
    responses((status = 200, description = "Open alerts", body = Page<ChangeOut>)))]
pub(crate) async fn alerts(
    State(app): State<App>,
    Asked(filter): Asked<Filter>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let changes = found(&app).await?;
    let open = changes.iter().filter(|change| matches!(change.state, "new" | "confirmed"));
    filter.page(open)?.answer(&headers)
}

/// The changes of this generation; finding them takes a while, once.
pub(crate) async fn found(app: &App) -> Result<Arc<Vec<LiveChange>>, Problem> {
    let app = app.clone();
    let finding = tokio::task::spawn_blocking(move || app.read().changes());
    finding.await.map_err(|error| Problem::internal(&error))?
}

impl Filter {
    fn page<'a>(
        &self,
        changes: impl Iterator<Item = &'a LiveChange>,
    ) -> Result<Page<ChangeOut>, Problem> {
        let fits = |asked: &Option<String>, has: &str| asked.as_ref().is_none_or(|it| it == has);
        let changes = changes.filter(|change| {
            fits(&self.series, &snapshot::id(&change.series))
                && fits(&self.suite, &change.series.suite)
                && fits(&self.target, &change.series.target)
                && fits(&self.verdict, change.verdict)
        });
        Part { cursor: self.cursor.clone(), limit: self.limit }.of(changes.map(out))
    }
}
