//! The preview server: hands out the files of a built site and nothing else.

use crate::Error;
use crate::pages::missing;
use axum::Router;
use axum::http::header::{CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use std::future::Future;
use std::path::{Path, PathBuf};
use tokio::net::TcpListener;
use tower_http::services::ServeDir;
use tower_http::set_header::SetResponseHeaderLayer;

/// Serves the built site in `dir` until `shutdown` completes.
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    listener: TcpListener,
    dir: PathBuf,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Error> {
    let absent = {
        let dir = dir.clone();
        any(move || not_found(dir.clone()))
    };
    let files = ServeDir::new(&dir).fallback(absent);
    let nosniff = SetResponseHeaderLayer::overriding(
        X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    let router = Router::new().fallback_service(files).layer(nosniff);
    axum::serve(listener, router).with_graceful_shutdown(shutdown).await.map_err(Error::Serve)
}

async fn not_found(dir: PathBuf) -> Response {
    let page = missing_page(&dir).await.unwrap_or_else(|| "There is no such page.".to_owned());
    (StatusCode::NOT_FOUND, [(CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response()
}

/// The site's own page. Its links are relative to the site's root, which only
/// the server knows: the address that was asked for may have any depth.
async fn missing_page(dir: &Path) -> Option<String> {
    let page = tokio::fs::read_to_string(dir.join(missing::PATH)).await.ok()?;
    Some(page.replacen("<head>", "<head>\n<base href=\"/\">", 1))
}
