//! `/api/v1/testbeds`: what measurements stood on.

use crate::app::App;
use crate::extract::Asked;
use crate::page::{Page, Part, Row};
use crate::problem::Problem;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A testbed.
#[derive(Serialize, ToSchema)]
pub(crate) struct TestbedOut {
    /// The name of its epoch: numbers of different ones are never compared.
    epoch: String,
    /// Its fields, in words.
    fields: BTreeMap<String, String>,
}

impl Row for TestbedOut {
    const HEAD: &'static [&'static str] = &["epoch", "fields"];

    fn row(&self) -> Vec<String> {
        let fields: Vec<String> =
            self.fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
        vec![self.epoch.clone(), fields.join("; ")]
    }
}

/// The testbeds of everything that was measured.
#[utoipa::path(get, path = "/api/v1/testbeds", tag = "what is measured", params(Part),
    responses((status = 200, description = "Testbeds", body = Page<TestbedOut>)))]
pub(crate) async fn list(
    State(app): State<App>,
    Asked(part): Asked<Part>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let page = {
        let snapshot = app.read();
        part.of(snapshot.live.testbeds().iter().map(|(epoch, testbed)| TestbedOut {
            epoch: epoch.clone(),
            fields: testbed
                .fields()
                .into_iter()
                .map(|(name, value)| (name.to_string(), value))
                .collect(),
        }))?
    };
    page.answer(&headers)
}
