//! Which address is answered by what, and what all answers share.

use crate::checkout::Checkout;
use crate::limits::Limits;
use crate::settings::Settings;
use crate::snapshot::Snapshot;
use crate::telemetry::Telemetry;
use crate::{
    Error, access, api, cached, events, hooks, jobs, limits, log, openapi, problem, refresh,
    uploads,
};
use axum::extract::DefaultBodyLimit;
use axum::http::header::{CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Router, middleware};
use model::RunId;
use std::collections::HashSet;
use std::sync::{Arc, PoisonError, RwLock};
use store::Store;
use tokio::sync::{Mutex, Notify, Semaphore, watch};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::services::ServeDir;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::TimeoutLayer;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Bodies of requests that are no uploads.
const MOST_JSON_BYTES: usize = 8 << 20;

/// Uploads that are unpacked and checked at the same time; the others wait.
const UPLOADS_AT_A_TIME: usize = 2;

/// What the site's pages and the service's own may load: nothing from anywhere else.
const POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; \
    script-src 'self' 'wasm-unsafe-eval'; img-src 'self' data:; frame-ancestors 'none'; \
    base-uri 'self'; form-action 'self'";

/// What all answers share. Clones are the same.
#[derive(Clone)]
pub(crate) struct App(Arc<Shared>);

pub(crate) struct Shared {
    pub(crate) store: Store,
    pub(crate) checkout: Box<dyn Checkout>,
    pub(crate) settings: Settings,
    pub(crate) snapshot: RwLock<Arc<Snapshot>>,
    /// Runs that are in the snapshot, or are never shown.
    pub(crate) known: Mutex<HashSet<RunId>>,
    pub(crate) catching_up: Mutex<()>,
    /// Something was stored.
    pub(crate) nudge: Notify,
    pub(crate) uploads: Semaphore,
    pub(crate) telemetry: Telemetry,
    pub(crate) limits: Limits,
    pub(crate) cache: cached::Cache,
    /// A job changed.
    pub(crate) jobs: watch::Sender<()>,
    pub(crate) stopping: RwLock<Option<watch::Receiver<bool>>>,
}

impl std::ops::Deref for App {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl App {
    /// Reads everything there is.
    pub(crate) async fn open(
        store: Store,
        checkout: Box<dyn Checkout>,
        settings: Settings,
    ) -> Result<Self, Error> {
        let app = Self(Arc::new(Shared {
            limits: Limits::new(settings.rate_per_s),
            store,
            checkout,
            settings,
            snapshot: RwLock::default(),
            known: Mutex::default(),
            catching_up: Mutex::default(),
            nudge: Notify::new(),
            uploads: Semaphore::new(UPLOADS_AT_A_TIME),
            telemetry: Telemetry::default(),
            cache: cached::Cache::default(),
            jobs: watch::Sender::new(()),
            stopping: RwLock::default(),
        }));
        // A folder that appeared while it is looked for would be opened as a file, and the
        // answer break off. If it cannot be made, rendering says so.
        let _ = tokio::fs::create_dir_all(&app.settings.site).await;
        refresh::catch_up(&app).await?;
        Ok(app)
    }

    /// The present state.
    pub(crate) fn read(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshot.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Answers from another state from now on.
    pub(crate) fn replace(&self, next: Snapshot) {
        *self.snapshot.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(next);
    }

    pub(crate) fn generation(&self) -> u64 {
        self.read().generation
    }
}

/// Everything that is answered, and the document that says so.
pub(crate) fn described() -> (Router<App>, utoipa::openapi::OpenApi) {
    let reading = OpenApiRouter::with_openapi(openapi::head())
        .routes(routes!(api::suites::list))
        .routes(routes!(api::suites::one))
        .routes(routes!(api::targets::list))
        .routes(routes!(api::testbeds::list))
        .routes(routes!(api::versions::list))
        .routes(routes!(api::runs::list, uploads::upload))
        .routes(routes!(api::runs::one))
        .routes(routes!(api::runs::bundle))
        .routes(routes!(api::series::list))
        .routes(routes!(api::series::points))
        .routes(routes!(api::comparing::compare))
        .routes(routes!(api::changes::detect))
        .routes(routes!(api::changes::alerts))
        .routes(routes!(api::gate::list));
    let working = OpenApiRouter::new()
        .routes(routes!(jobs::list, jobs::submit))
        .routes(routes!(jobs::lease))
        .routes(routes!(jobs::one, jobs::cancel))
        .routes(routes!(jobs::renew))
        .routes(routes!(jobs::finish))
        .routes(routes!(events::follow))
        .routes(routes!(api::audit::list));
    reading.merge(working).split_for_parts()
}

/// The service as one thing that answers requests.
pub(crate) fn router(app: App, stopping: watch::Receiver<bool>) -> Router {
    *app.stopping.write().unwrap_or_else(PoisonError::into_inner) = Some(stopping);
    let settings = app.settings.clone();
    let (api, _) = described();
    let files = ServeDir::new(&settings.site).fallback(get(no_page).with_state(app.clone()));
    let header =
        |name, value| SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value));
    let with = |app: &App| app.clone();
    api.route("/api", get(openapi::page))
        .route("/api/v1/openapi.json", get(openapi::json))
        .route("/queue", get(jobs::page))
        .route("/metrics", get(crate::telemetry::metrics))
        .fallback_service(files)
        .layer(DefaultBodyLimit::max(MOST_JSON_BYTES))
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, settings.timeout))
        .layer(middleware::from_fn(problem::in_words))
        .layer(CompressionLayer::new())
        .layer(middleware::from_fn_with_state(with(&app), cached::answer))
        .layer(middleware::from_fn_with_state(with(&app), access::reading))
        // Signed with a secret of its own.
        .merge(
            Router::new()
                .route("/webhooks/github", post(hooks::hear))
                .layer(TimeoutLayer::with_status_code(
                    StatusCode::REQUEST_TIMEOUT,
                    settings.timeout,
                ))
                .layer(middleware::from_fn(problem::in_words)),
        )
        .layer(middleware::from_fn_with_state(with(&app), limits::limit))
        // Asked by whoever keeps the service running: no limit, no token.
        .route("/healthz", get(healthz))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(header(X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(header(CONTENT_SECURITY_POLICY, POLICY))
        .layer(header(REFERRER_POLICY, "no-referrer"))
        .layer(middleware::from_fn_with_state(with(&app), log::write))
        .with_state(app)
}

/// Whether the store can be read.
async fn healthz(axum::extract::State(app): axum::extract::State<App>) -> Response {
    match app.store.visible_runs().await {
        Ok(runs) => {
            axum::Json(serde_json::json!({ "status": "ok", "runs": runs.len() })).into_response()
        }
        Err(error) => problem::Problem::from(error).into_response(),
    }
}

fn panicked(_: Box<dyn std::any::Any + Send>) -> Response {
    let error = std::io::Error::other("it panicked");
    problem::Problem::internal(&error).into_response()
}

/// An address without a page. The site's own page for that has relative links, so it
/// is told where the site begins.
async fn no_page(
    axum::extract::State(app): axum::extract::State<App>,
    uri: axum::http::Uri,
) -> Response {
    if uri.path().starts_with("/api/") {
        return problem::Problem::missing("there is no such address; /api lists them")
            .into_response();
    }
    let page = tokio::fs::read_to_string(app.settings.site.join("404.html")).await;
    match page {
        Ok(page) => {
            let page = page.replacen("<head>", "<head>\n<base href=\"/\">", 1);
            (StatusCode::NOT_FOUND, axum::response::Html(page)).into_response()
        }
        Err(_) => problem::Problem::starting().into_response(),
    }
}
