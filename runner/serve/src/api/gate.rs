//! `/api/v1/gate`: what the gate says of stored comparisons.

use crate::app::App;
use crate::extract::Asked;
use crate::page::{Page, Part, Row};
use crate::problem::Problem;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use site::{GateCheck, GateResult};
use utoipa::{IntoParams, ToSchema};

/// Which results.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Filter {
    /// Of this candidate only, `target@label`.
    candidate: Option<String>,
    /// `next` of the part before.
    cursor: Option<String>,
    /// Items of the part, 1 to 2000 [default: 100].
    #[param(minimum = 1, maximum = 2000)]
    limit: Option<usize>,
}

/// What the gate says of a candidate.
#[derive(Serialize, ToSchema)]
pub(crate) struct GateOut {
    run: String,
    baseline: String,
    candidate: String,
    /// `refused`, `failed`, `incomplete`, `undecided` or `passed`.
    verdict: String,
    checks: Vec<CheckOut>,
}

/// One check.
#[derive(Serialize, ToSchema)]
pub(crate) struct CheckOut {
    /// `failed`, `missing`, `undecided`, `warned`, `waived` or `passed`.
    outcome: String,
    /// `regression`, `drift`, `budget` or `measured`.
    kind: String,
    /// The series.
    name: String,
    /// What passes.
    limit: String,
    /// What was found.
    found: String,
    note: String,
}

impl Row for GateOut {
    const HEAD: &'static [&'static str] = &["run", "baseline", "candidate", "verdict"];

    fn row(&self) -> Vec<String> {
        [&self.run, &self.baseline, &self.candidate, &self.verdict].map(Clone::clone).to_vec()
    }
}

fn check(check: &GateCheck) -> CheckOut {
    let GateCheck { outcome, kind, name, limit, found, note } = check.clone();
    CheckOut { outcome, kind, name, limit, found, note }
}

fn out(result: &GateResult) -> GateOut {
    GateOut {
        run: result.run.to_string(),
        baseline: result.baseline.clone(),
        candidate: result.candidate.clone(),
        verdict: result.verdict.clone(),
        checks: result.checks.iter().map(check).collect(),
    }
}

/// What the gate of bench.toml says of the newest stored comparisons.
#[utoipa::path(get, path = "/api/v1/gate", tag = "decisions", params(Filter),
    responses((status = 200, description = "Results", body = Page<GateOut>)))]
pub(crate) async fn list(
    State(app): State<App>,
    Asked(filter): Asked<Filter>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Filter { candidate, cursor, limit } = filter;
    let is_asked =
        |result: &&GateResult| candidate.as_ref().is_none_or(|it| *it == result.candidate);
    let part = Part { cursor, limit };
    let page = part.of(app.read().inputs()?.gates.iter().filter(is_asked).map(out))?;
    page.answer(&headers)
}
