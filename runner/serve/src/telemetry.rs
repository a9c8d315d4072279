//! What is counted, for Prometheus.

use crate::app::App;
use crate::problem::Problem;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};
use std::time::Duration;

const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    method: String,
    route: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Ended {
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Standing {
    status: &'static str,
}

/// The counters of a service.
pub(crate) struct Telemetry {
    registry: Registry,
    requests: Family<Request, Counter>,
    durations: Histogram,
    hits: Counter,
    uploads: Family<Ended, Counter>,
    jobs: Family<Standing, Gauge>,
    runs: Gauge,
    rendering: Histogram,
}

impl Default for Telemetry {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("bench");
        let requests = Family::default();
        let durations = Histogram::new(exponential_buckets(0.0005, 2.0, 16));
        let (hits, uploads, jobs) = (Counter::default(), Family::default(), Family::default());
        let (runs, rendering) =
            (Gauge::default(), Histogram::new(exponential_buckets(0.1, 2.0, 12)));
        registry.register("requests", "Requests that were answered", requests.clone());
        registry.register_with_unit(
            "request_duration",
            "Time until the head of the answer",
            Unit::Seconds,
            durations.clone(),
        );
        registry.register("cached_answers", "Answers that were kept already", hits.clone());
        registry.register("uploads", "Bundles that came", uploads.clone());
        registry.register("jobs", "Jobs, by how far they have come", jobs.clone());
        registry.register("runs", "Complete runs that are answered from", runs.clone());
        registry.register_with_unit(
            "site_rendering",
            "Time to render the site",
            Unit::Seconds,
            rendering.clone(),
        );
        Self { registry, requests, durations, hits, uploads, jobs, runs, rendering }
    }
}

impl Telemetry {
    pub(crate) fn request(&self, method: &str, route: &str, status: u16, took: Duration) {
        let label = Request { method: method.to_owned(), route: route.to_owned(), status };
        self.requests.get_or_create(&label).inc();
        self.durations.observe(took.as_secs_f64());
    }

    pub(crate) fn hit(&self) {
        self.hits.inc();
    }

    pub(crate) fn upload(&self, outcome: &'static str) {
        self.uploads.get_or_create(&Ended { outcome }).inc();
    }

    pub(crate) fn jobs(&self, status: &'static str, count: usize) {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        self.jobs.get_or_create(&Standing { status }).set(count);
    }

    pub(crate) fn runs(&self, count: usize) {
        self.runs.set(i64::try_from(count).unwrap_or(i64::MAX));
    }

    pub(crate) fn rendered(&self, took: Duration) {
        self.rendering.observe(took.as_secs_f64());
    }
}

/// `/metrics`.
pub(crate) async fn metrics(State(app): State<App>) -> Result<Response, Problem> {
    crate::jobs::count(&app).await?;
    let mut text = String::new();
    encode(&mut text, &app.telemetry.registry).map_err(|error| Problem::internal(&error))?;
    Ok(([(CONTENT_TYPE, MEDIA_TYPE), (CACHE_CONTROL, "no-store")], text).into_response())
}
