//! `POST /webhooks/github`: what happens in the repository becomes jobs. A delivery is
//! believed only with GitHub's signature, once, and for the one repository this service
//! is for; who may not write to that gets nothing measured.

mod asking;

use crate::app::App;
use crate::body;
use crate::booking::Attempt;
use crate::errand::GITHUB;
use crate::limits;
use crate::problem::Problem;
use crate::settings::GitHub;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use model::Digest;
use std::sync::Arc;

/// In the store: deliveries that were heard.
const HEARD: &str = "github-delivery";
/// GitHub sends no more.
const MOST_BYTES: usize = 25 << 20;
const ACTION: &str = "webhook";

/// Takes in a delivery.
pub(crate) async fn hear(State(app): State<App>, request: Request) -> Response {
    let address = limits::address(&app, request.headers(), request.extensions());
    let (parts, body) = request.into_parts();
    let name = header(&parts.headers, "x-github-delivery").unwrap_or_default();
    let attempt = Attempt::of(ACTION, name).by(GITHUB);
    let told = match app.settings.github.clone() {
        None => Err(Problem::missing("this service hears no webhooks")),
        Some(github) => match body::whole(&parts.headers, body, MOST_BYTES).await {
            Ok(body) => heard(&app, &github, &parts.headers, &body).await,
            Err(problem) => Err(problem),
        },
    };
    match told {
        Ok(None) => (StatusCode::ACCEPTED, "nothing to do").into_response(),
        Ok(Some(told)) => {
            attempt.done(&app, &told).await;
            (StatusCode::ACCEPTED, told).into_response()
        }
        Err(problem) => {
            // Who guesses is slowed down, and does not fill the audit log.
            let is_stranger = problem.status() == StatusCode::UNAUTHORIZED
                || problem.status() == StatusCode::PAYLOAD_TOO_LARGE;
            if is_stranger && let Err(slower) = app.limits.of_refusal(address) {
                return slower.into_response();
            }
            attempt.refused(&app, problem).await.into_response()
        }
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// What was done about it; `None` if it asks for nothing.
async fn heard(
    app: &App,
    github: &Arc<GitHub>,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Option<String>, Problem> {
    let signature = header(headers, "x-hub-signature-256");
    github::verify(&github.secret, body, signature)
        .map_err(|forged| Problem::new(StatusCode::UNAUTHORIZED, forged.to_string()))?;
    let event =
        header(headers, "x-github-event").ok_or_else(|| Problem::bad("X-GitHub-Event: missing"))?;
    let name = header(headers, "x-github-delivery").filter(|it| (1..=100).contains(&it.len()));
    let name = name.ok_or_else(|| Problem::bad("X-GitHub-Delivery: missing or too long"))?;
    let asked = github::asked(event, &github.label, body).map_err(Problem::bad)?;
    let Some((place, ask)) = asked else { return Ok(None) };
    // GitHub ignores case in names.
    if !place.repository.eq_ignore_ascii_case(&github.repository) {
        let text = format!("this service is for {}, not {}", github.repository, place.repository);
        return Err(Problem::new(StatusCode::FORBIDDEN, text));
    }
    // A body that was heard before is not heard under another name either: names are not
    // signed, and neither is the event's.
    let digest = Digest::of(body);
    let once = [name.to_owned(), digest.to_string()];
    for once in &once {
        if app.store.was_noted(HEARD, once).await? {
            let text = format!("X-GitHub-Delivery: {name} was heard before");
            return Err(Problem::new(StatusCode::CONFLICT, text));
        }
    }
    // Only then is it noted: one that failed may be delivered again. Two at the same
    // time are one job, by its name.
    let told = asking::follow(app, github, &place, &ask, digest).await?;
    for once in &once {
        app.store.first_time(HEARD, once, Timestamp::now()).await?;
    }
    Ok(Some(told))
}
