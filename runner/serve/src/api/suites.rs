//! `/api/v1/suites`: the questions that are asked.

use crate::app::App;
use crate::extract::{Asked, Named};
use crate::page::{Page, Part, Row};
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use model::Suite;
use serde::Serialize;
use utoipa::ToSchema;

/// A suite.
#[derive(Serialize, ToSchema)]
pub(crate) struct SuiteOut {
    suite: String,
    title: String,
    /// The question.
    why: String,
    owner: String,
    /// Digest of its folder and components.
    sha256: String,
    /// How many arms it has.
    arms: usize,
}

/// A suite with its arms.
#[derive(Serialize, ToSchema)]
pub(crate) struct SuiteArms {
    #[serde(flatten)]
    suite: SuiteOut,
    benchmarks: Vec<ArmOut>,
}

/// One arm of a benchmark.
#[derive(Serialize, ToSchema)]
pub(crate) struct ArmOut {
    benchmark: String,
    arm: String,
    driver: String,
    /// Whether the quick profile has it.
    quick: bool,
    /// Capabilities that a target needs.
    needs: Vec<String>,
    budget_s: u32,
    metrics: Vec<&'static str>,
}

impl Row for SuiteOut {
    const HEAD: &'static [&'static str] = &["suite", "title", "owner", "sha256", "arms"];

    fn row(&self) -> Vec<String> {
        let Self { suite, title, owner, sha256, arms, .. } = self;
        vec![suite.clone(), title.clone(), owner.clone(), sha256.clone(), arms.to_string()]
    }
}

fn out(suite: &Suite) -> SuiteOut {
    SuiteOut {
        suite: suite.name.clone(),
        title: suite.title.clone(),
        why: suite.why.clone(),
        owner: suite.owner.clone(),
        sha256: suite.sha256.to_string(),
        arms: suite.arms.len(),
    }
}

/// The suites of the checkout.
#[utoipa::path(get, path = "/api/v1/suites", tag = "what is measured", params(Part),
    responses((status = 200, description = "Suites", body = Page<SuiteOut>)))]
pub(crate) async fn list(
    State(app): State<App>,
    Asked(part): Asked<Part>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let page = part.of(app.read().inputs()?.suites.iter().map(out))?;
    page.answer(&headers)
}

/// One suite, with its arms.
#[utoipa::path(get, path = "/api/v1/suites/{suite}", tag = "what is measured",
    params(("suite" = String, Path, description = "Its name")),
    responses((status = 200, description = "The suite", body = SuiteArms)))]
pub(crate) async fn one(
    State(app): State<App>,
    Named(name): Named,
) -> Result<Json<SuiteArms>, Problem> {
    let snapshot = app.read();
    let suite = snapshot.inputs()?.suites.iter().find(|suite| suite.name == name);
    let suite = suite.ok_or_else(|| Problem::missing(format!("there is no suite `{name}`")))?;
    let arm = |arm: &model::Arm| ArmOut {
        benchmark: arm.benchmark.clone(),
        arm: arm.name.clone(),
        driver: arm.driver.to_string(),
        quick: arm.quick,
        needs: arm.needs.clone(),
        budget_s: arm.budget_s,
        metrics: arm.metrics.iter().map(|metric| metric.name).collect(),
    };
    Ok(Json(SuiteArms { suite: out(suite), benchmarks: suite.arms.iter().map(arm).collect() }))
}
