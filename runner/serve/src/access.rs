//! Who may ask: tokens, their scopes, and the audit log's entry of whoever was refused.

use crate::app::App;
use crate::booking::Attempt;
use crate::limits;
use crate::problem::Problem;
use crate::secret::Secret;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::StatusCode;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use store::{Scope, Token};

/// A caller with a token that permits something now.
pub(crate) struct Caller(pub(crate) Token);

impl Caller {
    /// Refuses a caller without a scope, and writes that down.
    pub(crate) async fn must(
        &self,
        app: &App,
        scope: Scope,
        action: &'static str,
    ) -> Result<(), Problem> {
        if self.0.permits(scope) {
            return Ok(());
        }
        let detail = format!("the token {} does not permit `{}`", self.0.name, scope.word());
        let problem = Problem::new(StatusCode::FORBIDDEN, detail);
        Err(Attempt::of(action, "").by(&self.0.name).refused(app, problem).await)
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        match token(app, parts).await {
            Ok(token) => {
                app.limits.of_token(&token.name)?;
                Ok(Self(token))
            }
            Err(problem) => {
                let address = limits::address(app, &parts.headers, &parts.extensions);
                app.limits.of_refusal(address)?;
                let subject = format!("{} {}", parts.method, parts.uri.path());
                Err(Attempt::of("authenticate", &subject).refused(app, problem).await)
            }
        }
    }
}

/// The token of a request that permits something now.
async fn token(app: &App, parts: &Parts) -> Result<Token, Problem> {
    let refused = |why: &str| Problem::new(StatusCode::UNAUTHORIZED, why);
    let header = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let Some(header) = header else {
        return Err(refused("this needs a token: `Authorization: Bearer awfy_...`"));
    };
    let secret = header.split_once(' ').filter(|(kind, _)| kind.eq_ignore_ascii_case("bearer"));
    let secret = secret.and_then(|(_, text)| Secret::parse(text.trim()));
    let Some(secret) = secret else {
        return Err(refused("the token is not one: `Authorization: Bearer awfy_NAME_SECRET`"));
    };
    // The same words for a wrong name and a wrong secret.
    let stored = app.store.token(secret.name()).await?;
    let Some(token) = stored.filter(|token| secret.is_of(token.secret_sha256)) else {
        return Err(refused("there is no such token"));
    };
    if token.revoked_at.is_some() {
        return Err(refused("the token was revoked"));
    }
    if !token.is_valid(Timestamp::now()) {
        return Err(refused("the token has expired; `bench token create` makes a new one"));
    }
    Ok(token)
}

/// Where reading is not public, everything needs a token.
pub(crate) async fn reading(State(app): State<App>, request: Request, next: Next) -> Response {
    if !app.settings.is_private {
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    match Caller::from_request_parts(&mut parts, &app).await {
        Ok(_) => next.run(Request::from_parts(parts, body)).await,
        Err(problem) => problem.into_response(),
    }
}
