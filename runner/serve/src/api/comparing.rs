//! `/api/v1/compare`: two stored versions, as the site's pages compare them.

use crate::app::App;
use crate::extract::Asked;
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use compare::Report;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// Which two versions.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pair {
    /// The older one, `target@label` or the beginning of it; see `/api/v1/versions`.
    a: String,
    /// The newer one.
    b: String,
}

/// What is said of the two.
#[derive(Serialize, ToSchema)]
pub(crate) struct Compared {
    /// The full name of A.
    a: String,
    /// The full name of B.
    b: String,
    /// The run that measured A.
    run_a: String,
    /// The run that measured B; the same where they were measured side by side.
    run_b: String,
    /// `verdict`, `rows` and what is missing; ratios are B / A.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    report: Report,
}

/// Compares two stored versions.
#[utoipa::path(get, path = "/api/v1/compare", tag = "decisions", params(Pair),
    responses((status = 200, description = "What differs", body = Compared)))]
pub(crate) async fn compare(
    State(app): State<App>,
    Asked(pair): Asked<Pair>,
) -> Result<Json<Compared>, Problem> {
    let (a, b, run_a, run_b, terms) = {
        let snapshot = app.read();
        let name = |asked: &str| {
            let names = snapshot.index.versions.iter().map(|version| &version.name);
            one(asked, names)
        };
        let (a, b) = (name(&pair.a)?, name(&pair.b)?);
        let runs = snapshot.index.choose(&a, &b).map_err(Problem::missing)?;
        let terms = snapshot.terms.as_ref().ok_or_else(Problem::starting)?;
        let (run_a, run_b) = (runs.0.to_owned(), runs.1.to_owned());
        (a, b, run_a, run_b, Arc::clone(terms))
    };
    let first = app.store.run(&run_a).await?;
    let second = if run_a == run_b { None } else { Some(app.store.run(&run_b).await?) };
    let names = (a.clone(), b.clone());
    let comparing = tokio::task::spawn_blocking(move || {
        let first = site::shard_of(&first);
        let second = second.as_ref().map(site::shard_of);
        compare::compare((&first, &names.0), (second.as_ref().unwrap_or(&first), &names.1), &terms)
    });
    let report = comparing.await.map_err(|error| Problem::internal(&error))?;
    let report = report.map_err(|text| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, text))?;
    Ok(Json(Compared { a, b, run_a, run_b, report }))
}

/// The version of that name, or the only one that begins so.
fn one<'a>(
    asked: &str,
    names: impl Iterator<Item = &'a String> + Clone,
) -> Result<String, Problem> {
    if let Some(exact) = names.clone().find(|name| *name == asked) {
        return Ok(exact.clone());
    }
    let mut found = names.filter(|name| asked.contains('@') && name.starts_with(asked));
    match (found.next(), found.next()) {
        (Some(name), None) => Ok(name.clone()),
        (None, _) => Err(Problem::missing(format!(
            "no stored version is `{asked}`; /api/v1/versions lists them, as target@label"
        ))),
        (Some(_), Some(_)) => {
            Err(Problem::bad(format!("several versions begin with `{asked}`; give more of it")))
        }
    }
}
