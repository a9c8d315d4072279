//! `/api/v1/series`: lines of charts, and their points.

use crate::app::App;
use crate::extract::{Asked, Named};
use crate::page::{Page, Part, Row, cursor};
use crate::problem::Problem;
use crate::snapshot;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use model::Metric;
use serde::{Deserialize, Serialize};
use site::{LivePoint, SeriesName};
use utoipa::{IntoParams, ToSchema};

/// Which series.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Filter {
    /// Of this suite only.
    suite: Option<String>,
    /// Of this benchmark only.
    benchmark: Option<String>,
    /// Of this target only.
    target: Option<String>,
    /// Of this arm only.
    arm: Option<String>,
    /// Of this metric only.
    metric: Option<String>,
    /// `next` of the part before.
    cursor: Option<String>,
    /// Items of the part, 1 to 2000 [default: 100].
    #[param(minimum = 1, maximum = 2000)]
    limit: Option<usize>,
}

/// A series.
#[derive(Clone, Serialize, ToSchema)]
pub(crate) struct SeriesOut {
    /// Names it in `/api/v1/series/{series}`.
    pub(crate) series: String,
    pub(crate) suite: String,
    pub(crate) benchmark: String,
    pub(crate) target: String,
    pub(crate) arm: String,
    pub(crate) metric: &'static str,
    /// In words.
    pub(crate) label: &'static str,
    pub(crate) unit: &'static str,
    /// Which direction is better, in words.
    pub(crate) direction: &'static str,
}

impl Row for SeriesOut {
    const HEAD: &'static [&'static str] =
        &["series", "suite", "benchmark", "target", "arm", "metric", "unit", "direction"];

    fn row(&self) -> Vec<String> {
        let Self { series, suite, benchmark, target, arm, .. } = self.clone();
        let words = [self.metric, self.unit, self.direction].map(str::to_owned);
        [series, suite, benchmark, target, arm].into_iter().chain(words).collect()
    }
}

pub(crate) fn out(name: &SeriesName) -> SeriesOut {
    let metric = Metric::named(name.metric);
    SeriesOut {
        series: snapshot::id(name),
        suite: name.suite.clone(),
        benchmark: name.benchmark.clone(),
        target: name.target.clone(),
        arm: name.arm.clone(),
        metric: name.metric,
        label: metric.map_or("", |metric| metric.label),
        unit: metric.map_or("", |metric| metric.unit.symbol()),
        direction: metric.map_or("", |metric| metric.direction.words()),
    }
}

/// A point of a series: what one run says of it at one version.
#[derive(Serialize, ToSchema)]
pub(crate) struct PointOut {
    /// `target@label`.
    version: String,
    version_time: String,
    run: String,
    run_started_at: String,
    profile: String,
    /// The testbed; values of different ones are not comparable.
    epoch: String,
    /// What defines its numbers; likewise.
    definition: String,
    blocks: u32,
    /// `measured`, `failed`, `unsupported` or `absent`.
    state: &'static str,
    /// Why there is no value.
    reason: Option<String>,
    /// Median of the blocks, in the unit of the series.
    value: Option<f64>,
    /// Lower end of its 95 % interval.
    low: Option<f64>,
    /// Upper end.
    high: Option<f64>,
    /// The same as a ratio to the anchor measured beside it.
    ratio: Option<f64>,
}

impl Row for PointOut {
    const HEAD: &'static [&'static str] = &[
        "version",
        "version_time",
        "run",
        "run_started_at",
        "profile",
        "epoch",
        "definition",
        "blocks",
        "state",
        "reason",
        "value",
        "low",
        "high",
        "ratio",
    ];

    fn row(&self) -> Vec<String> {
        let number = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
        vec![
            self.version.clone(),
            self.version_time.clone(),
            self.run.clone(),
            self.run_started_at.clone(),
            self.profile.clone(),
            self.epoch.clone(),
            self.definition.clone(),
            self.blocks.to_string(),
            self.state.to_owned(),
            self.reason.clone().unwrap_or_default(),
            number(self.value),
            number(self.low),
            number(self.high),
            number(self.ratio),
        ]
    }
}

fn point(point: LivePoint) -> PointOut {
    PointOut {
        version: point.version,
        version_time: point.version_time.to_string(),
        run: point.run.to_string(),
        run_started_at: point.run_started_at.to_string(),
        profile: point.profile,
        epoch: point.epoch,
        definition: point.definition,
        blocks: point.blocks,
        state: point.state,
        reason: point.reason,
        value: point.value,
        low: point.interval.map(|ends| ends.0),
        high: point.interval.map(|ends| ends.1),
        ratio: point.ratio,
    }
}

/// Every series, in the order of its names.
#[utoipa::path(get, path = "/api/v1/series", tag = "series", params(Filter),
    responses((status = 200, description = "Series", body = Page<SeriesOut>)))]
pub(crate) async fn list(
    State(app): State<App>,
    Asked(filter): Asked<Filter>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let part = Part { cursor: filter.cursor.clone(), limit: filter.limit };
    let page = part.of(app.read().series.iter().filter(|name| filter.has(name)).map(out))?;
    page.answer(&headers)
}

impl Filter {
    fn has(&self, name: &SeriesName) -> bool {
        let fits = |asked: &Option<String>, has: &str| asked.as_ref().is_none_or(|it| it == has);
        fits(&self.suite, &name.suite)
            && fits(&self.benchmark, &name.benchmark)
            && fits(&self.target, &name.target)
            && fits(&self.arm, &name.arm)
            && fits(&self.metric, name.metric)
    }
}

/// The points of a series, in the order of versions.
#[utoipa::path(get, path = "/api/v1/series/{series}", tag = "series",
    params(("series" = String, Path, description = "Its short name, from `/api/v1/series`"), Part),
    responses((status = 200, description = "Points", body = Page<PointOut>)))]
pub(crate) async fn points(
    State(app): State<App>,
    Named(series): Named,
    Asked(part): Asked<Part>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (from, limit) = (part.from()?, part.limit()?);
    let points = {
        let snapshot = app.read();
        let name = snapshot.named(&series);
        name.and_then(|name| snapshot.live.points(name, from, limit))
    };
    let missing = || Problem::missing(format!("there is no series `{series}`"));
    let (points, all) = points.ok_or_else(missing)?;
    let next = (from + limit < all).then(|| cursor(from + limit));
    Page { items: points.into_iter().map(point).collect(), next }.answer(&headers)
}
