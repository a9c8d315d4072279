//! What a running service says of itself: a log in JSON lines, and traces by OpenTelemetry
//! if the environment names who collects them.

use crate::cli::LogLevel;
use anyhow::{Context, Result, bail};
use async_trait::async_trait;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{SpanExporter, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use std::time::Duration;
use tracing::Level;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer as _;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use ureq::Agent;

/// As the specification of OTLP names them. An empty one counts as none.
const ENDPOINTS: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];
const PROTOCOLS: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"];

/// Longer than that no batch of spans is waited for.
const LONGEST: Duration = Duration::from_secs(10);

/// Sends what is left when it is dropped.
pub(super) struct Watched(Option<SdkTracerProvider>);

/// Begins to log to standard error, and to trace.
///
/// # Errors
///
/// The environment asks for traces in a way that cannot be done.
pub(super) fn begin(level: LogLevel) -> Result<Watched> {
    let level = match level {
        LogLevel::Error => Level::ERROR,
        LogLevel::Warn => Level::WARN,
        LogLevel::Info => Level::INFO,
        LogLevel::Debug => Level::DEBUG,
    };
    let log = tracing_subscriber::fmt::layer().json().flatten_event(true);
    let log = log.with_span_list(false).with_target(false).with_writer(std::io::stderr);
    let log = log.with_filter(LevelFilter::from_level(level));
    let collected = collected()?;
    let spans = collected.as_ref().map(|provider| {
        let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("bench"));
        layer.with_location(false).with_threads(false).with_filter(LevelFilter::INFO)
    });
    tracing_subscriber::registry().with(log).with(spans).init();
    Ok(Watched(collected))
}

fn collected() -> Result<Option<SdkTracerProvider>> {
    let is_off = std::env::var("OTEL_SDK_DISABLED").is_ok_and(|it| it.eq_ignore_ascii_case("true"));
    let Some(name) = named(ENDPOINTS).filter(|_| !is_off) else { return Ok(None) };
    if let Some(protocol) = named(PROTOCOLS)
        && let value = std::env::var(protocol)?
        && !["http/protobuf", "http/json"].contains(&value.as_str())
    {
        bail!("{protocol}={value}: traces are sent as http/protobuf or http/json");
    }
    let exporter = SpanExporter::builder().with_http().with_http_client(Client::default()).build();
    let exporter = exporter.with_context(|| format!("traces, which {name} asks for"))?;
    opentelemetry::global::set_text_map_propagator(TraceContextPropagator::new());
    let provider = SdkTracerProvider::builder().with_batch_exporter(exporter);
    // OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES say otherwise.
    let mut about = Resource::builder();
    if std::env::var_os("OTEL_SERVICE_NAME").is_none() {
        about = about.with_service_name("bench-serve");
    }
    Ok(Some(provider.with_resource(about.build()).build()))
}

/// The first that has a value.
fn named(names: [&'static str; 2]) -> Option<&'static str> {
    let has_value = |name: &&str| std::env::var(name).is_ok_and(|value| !value.trim().is_empty());
    names.into_iter().find(has_value)
}

impl Drop for Watched {
    fn drop(&mut self) {
        if let Some(provider) = self.0.take()
            && let Err(error) = provider.shutdown()
        {
            tracing::warn!(%error, "the last spans were not sent");
        }
    }
}

/// The client that everything here uses. It waits, and may: batches have a thread of
/// their own.
#[derive(Debug)]
struct Client(Agent);

impl Default for Client {
    fn default() -> Self {
        let config =
            Agent::config_builder().timeout_global(Some(LONGEST)).tls_config(github::trust());
        Self(config.http_status_as_error(false).build().new_agent())
    }
}

impl Client {
    fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (head, body) = request.into_parts();
        let response = self.0.run(Request::from_parts(head, &body[..]))?;
        let (head, mut body) = response.into_parts();
        Ok(Response::from_parts(head, body.read_to_vec()?.into()))
    }
}

#[async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let sent = self.send(request);
        match &sent {
            Ok(response) if response.status().is_success() => {}
            Ok(response) => {
                tracing::warn!(status = response.status().as_u16(), "spans were refused");
            }
            Err(error) => tracing::warn!(%error, "spans were not sent"),
        }
        sent
    }
}
