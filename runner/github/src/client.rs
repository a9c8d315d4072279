//! Requests to GitHub. What passes by itself (limits, its servers' trouble) is waited for
//! and tried again; what was refused is told. The address is anybody's: an Enterprise
//! server's, or a test's.

use crate::credentials::{App, Credentials, Identity};
use crate::delivery::Place;
use jiff::Timestamp;
use serde_json::Value;
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use ureq::http::HeaderMap;
use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, Body};

/// One request; a list of a hundred items takes seconds there.
const TIMEOUT: Duration = Duration::from_secs(30);
/// When a secondary limit does not say how long, as its documentation asks.
const UNTOLD_WAIT_S: u32 = 60;
/// Longer answers are not read.
const MOST_BYTES: u64 = 64 << 20;
const PER_PAGE: usize = 100;
/// Pages that are looked through for something of ours.
const MOST_PAGES: usize = 30;
const API_VERSION: &str = "2022-11-28";

/// Why GitHub was not asked or told.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The credentials or the address are of no use.
    #[error("GitHub: {0}")]
    Unusable(String),
    /// It was not reached, or did not answer well; later it may.
    #[error("GitHub {request}: {what}")]
    Passing {
        /// The method and the address.
        request: String,
        /// The last thing that went wrong.
        what: String,
        /// How long it asks to be left alone.
        wait: Option<Duration>,
    },
    /// It does not want to.
    #[error("GitHub refused {request} ({status}): {what}")]
    Refused {
        /// The method and the address.
        request: String,
        /// The HTTP status.
        status: u16,
        /// Its words.
        what: String,
    },
}

/// How long a client tries.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// Of one request.
    pub attempts: u32,
    /// Nobody waits longer between two of them; who asks for more is asked later.
    pub longest: Duration,
    /// The unit of waits; tests have a shorter one.
    pub second: Duration,
}

impl Patience {
    /// For what is done behind.
    pub const LONG: Self =
        Self { attempts: 5, longest: Duration::from_secs(120), second: Duration::from_secs(1) };
    /// For what somebody waits for: GitHub gives a delivery ten seconds.
    pub const SHORT: Self =
        Self { attempts: 2, longest: Duration::from_secs(1), second: Duration::from_secs(1) };
}

/// GitHub, as one of its Apps or users. Clones are the same.
#[derive(Clone)]
pub struct Client {
    api: String,
    identity: Arc<Identity>,
    agent: Agent,
    patience: Patience,
}

/// What was answered.
pub(crate) struct Answer {
    pub(crate) value: Value,
    /// There is another page.
    has_next: bool,
}

/// Who asks.
#[derive(Clone, Copy)]
enum As<'a> {
    Place(&'a Place),
    /// The App itself, not one of its installations.
    App(&'a App),
}

impl Client {
    /// For the API at that address, e.g. `https://api.github.com`.
    ///
    /// # Errors
    /// When the key or the address cannot be read.
    pub fn new(api: &str, credentials: Credentials, patience: Patience) -> Result<Self, Failure> {
        let uri: ureq::http::Uri =
            api.parse().map_err(|error| Failure::Unusable(format!("address {api}: {error}")))?;
        if !matches!(uri.scheme_str(), Some("http" | "https")) || uri.host().is_none() {
            let text =
                format!("address {api}: give the whole address, e.g. https://api.github.com");
            return Err(Failure::Unusable(text));
        }
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(TIMEOUT))
            .user_agent("arewefastyet")
            .tls_config(trust())
            // What is renamed is told with 301 and the words of its answer, not followed.
            .max_redirects(0);
        let (api, agent) = (api.trim_end_matches('/').to_owned(), config.build().new_agent());
        Ok(Self { api, identity: Arc::new(Identity::of(credentials)?), agent, patience })
    }

    /// The same with another patience.
    #[must_use]
    pub fn with(&self, patience: Patience) -> Self {
        Self { patience, ..self.clone() }
    }

    /// Whether it is an App, which alone may write check runs.
    #[must_use]
    pub fn is_app(&self) -> bool {
        matches!(*self.identity, Identity::App(_))
    }

    pub(crate) fn get(&self, place: &Place, path: &str) -> Result<Value, Failure> {
        Ok(self.again(|| self.ask(As::Place(place), "GET", path, None))?.value)
    }

    pub(crate) fn change(&self, place: &Place, path: &str, body: &Value) -> Result<(), Failure> {
        self.again(|| self.ask(As::Place(place), "PATCH", path, Some(body))).map(drop)
    }

    /// Makes something, and asks but once: a request that failed may have been heard.
    /// Whoever calls looks first whether it is there, and does both [`Self::again`].
    pub(crate) fn make(&self, place: &Place, path: &str, body: &Value) -> Result<(), Failure> {
        self.ask(As::Place(place), "POST", path, Some(body)).map(drop)
    }

    /// Every item of a list, page by page; `query` begins with `?`, or is empty.
    pub(crate) fn all(
        &self,
        place: &Place,
        path: &str,
        query: &str,
        list: impl Fn(Value) -> Value,
    ) -> Result<Vec<Value>, Failure> {
        let mut all = Vec::new();
        let sign = if query.is_empty() { '?' } else { '&' };
        for page in 1..=MOST_PAGES {
            let path = format!("{path}{query}{sign}per_page={PER_PAGE}&page={page}");
            let answer = self.again(|| self.ask(As::Place(place), "GET", &path, None))?;
            let Value::Array(items) = list(answer.value) else {
                return Err(lacking("GET", &path));
            };
            all.extend(items);
            if !answer.has_next {
                break;
            }
        }
        Ok(all)
    }

    /// Does something again while what is wrong passes by itself.
    pub(crate) fn again<T>(
        &self,
        mut act: impl FnMut() -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let Patience { attempts, longest, second } = self.patience;
        for attempt in 1..attempts {
            match act() {
                Err(Failure::Passing { wait, .. }) if wait.is_none_or(|wait| wait <= longest) => {
                    let usual = second * 2_u32.saturating_pow(attempt - 1);
                    std::thread::sleep(wait.unwrap_or(usual).min(longest));
                }
                other => return other,
            }
        }
        act()
    }

    /// One request. An App's token that is refused is replaced, once.
    fn ask(
        &self,
        who: As<'_>,
        method: &'static str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer, Failure> {
        let (app, place) = match (who, &*self.identity) {
            (As::App(app), _) => {
                let words = app.words(Timestamp::now())?;
                return self.send(&words, method, path, body);
            }
            (As::Place(_), Identity::Token(token)) => return self.send(token, method, path, body),
            (As::Place(place), Identity::App(app)) => (app, place),
        };
        let installation = self.installation(app, place)?;
        let token = self.token_of(app, installation)?;
        match self.send(&token, method, path, body) {
            Err(Failure::Refused { status: 401, .. }) => {
                app.forget(installation);
                let token = self.token_of(app, installation)?;
                self.send(&token, method, path, body)
            }
            other => other,
        }
    }

    fn installation(&self, app: &App, place: &Place) -> Result<u64, Failure> {
        if let Some(known) = place.installation {
            return Ok(known);
        }
        let known = {
            let known = app.installations.lock().unwrap_or_else(PoisonError::into_inner);
            known.get(&place.repository).copied()
        };
        if let Some(known) = known {
            return Ok(known);
        }
        let path = format!("/repos/{}/installation", place.repository);
        let told = self.ask(As::App(app), "GET", &path, None)?.value;
        let id = told["id"].as_u64().ok_or_else(|| lacking("GET", &path))?;
        let mut known = app.installations.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(place.repository.clone(), id);
        Ok(id)
    }

    fn token_of(&self, app: &App, installation: u64) -> Result<String, Failure> {
        if let Some(token) = app.token(installation, Timestamp::now()) {
            return Ok(token);
        }
        let path = format!("/app/installations/{installation}/access_tokens");
        let told = self.ask(As::App(app), "POST", &path, None)?.value;
        let end = told["expires_at"].as_str().and_then(|end| end.parse().ok());
        let (Some(token), Some(end)) = (told["token"].as_str(), end) else {
            return Err(lacking("POST", &path));
        };
        app.keep(installation, token.to_owned(), end);
        Ok(token.to_owned())
    }

    fn send(
        &self,
        token: &str,
        method: &'static str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer, Failure> {
        // What follows the path is of no use to a reader.
        let request = format!("{method} {}", path.split('?').next().unwrap_or(path));
        let passing =
            |what: String, wait| Failure::Passing { request: request.clone(), what, wait };
        let asked = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.api))
            .header("authorization", format!("Bearer {token}"))
            .header("accept", "application/vnd.github+json")
            .header("x-github-api-version", API_VERSION);
        let sent = match body {
            Some(body) => {
                let asked = asked.header("content-type", "application/json").body(body.to_string());
                asked.map(|asked| self.agent.run(asked))
            }
            None => asked.body(()).map(|asked| self.agent.run(asked)),
        };
        let sent = sent.map_err(|error| Failure::Unusable(format!("{request}: {error}")))?;
        let mut response = sent.map_err(|error| passing(error.to_string(), None))?;
        let text = read(response.body_mut()).map_err(|error| passing(error.to_string(), None))?;
        let (status, headers) = (response.status(), response.headers());
        if status.is_success() {
            let value = serde_json::from_str(&text);
            let value = value.map_err(|error| passing(format!("its answer: {error}"), None))?;
            let link = headers.get("link").and_then(|link| link.to_str().ok()).unwrap_or_default();
            return Ok(Answer { value, has_next: link.contains("rel=\"next\"") });
        }
        let told: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
        let what: String = told["message"].as_str().unwrap_or(&text).chars().take(300).collect();
        let wait = pause(headers, self.patience.second);
        let is_limit = status == 429
            || status == 403 && (wait.is_some() || what.to_lowercase().contains("rate limit"));
        if is_limit {
            let untold = self.patience.second * UNTOLD_WAIT_S;
            return Err(passing(format!("{status}: {what}"), Some(wait.unwrap_or(untold))));
        }
        if status.is_server_error() || status == 408 {
            return Err(passing(format!("{status}: {what}"), wait));
        }
        Err(Failure::Refused { request, status: status.as_u16(), what })
    }
}

/// Trusts whom this machine trusts: the authorities of its system, or of `SSL_CERT_FILE` and
/// `SSL_CERT_DIR`.
#[must_use]
pub fn trust() -> TlsConfig {
    TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build()
}

fn read(body: &mut Body) -> Result<String, ureq::Error> {
    body.with_config().limit(MOST_BYTES).read_to_string()
}

/// How long GitHub asks to wait: in seconds, or until its limit begins anew.
fn pause(headers: &HeaderMap, second: Duration) -> Option<Duration> {
    let number = |name: &str| headers.get(name)?.to_str().ok()?.parse::<i64>().ok();
    let seconds = match number("retry-after") {
        Some(seconds) => seconds,
        None => {
            let is_used_up = number("x-ratelimit-remaining") == Some(0);
            let reset = number("x-ratelimit-reset").filter(|_| is_used_up)?;
            // A second more, since theirs have no fractions.
            reset - Timestamp::now().as_second() + 1
        }
    };
    // No more than a day, whatever they say.
    Some(second * u32::try_from(seconds.clamp(0, 86_400)).unwrap_or(0))
}

/// An answer that does not hold what was asked for.
pub(crate) fn lacking(method: &str, path: &str) -> Failure {
    Failure::Refused {
        request: format!("{method} {path}"),
        status: 200,
        what: "the answer lacks what was asked for".to_owned(),
    }
}
