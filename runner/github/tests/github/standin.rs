//! A GitHub that keeps what it is told, on a thread of its own. Whatever it is asked, and
//! whatever it answers, has to be what GitHub's published description says; if not, the
//! test fails when it ends.

use super::published;
use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::net::TcpListener;

/// The token of a user.
pub(crate) const TOKEN: &str = "t0ken";
/// The App's number, and that of its installation.
pub(crate) const APP: u64 = 12_345;
pub(crate) const INSTALLATION: u64 = 678;
/// The App's key: made for these tests, and of no use elsewhere.
pub(crate) const APP_KEY: &str = include_str!("app_key.pem");

/// What it knows and was told.
#[derive(Default)]
pub(crate) struct Kept {
    pub(crate) seen: Vec<String>,
    misbehaving: VecDeque<Misbehaviour>,
    /// Pull request and text.
    pub(crate) comments: Vec<(u64, String)>,
    pub(crate) checks: Vec<Value>,
    pub(crate) statuses: Vec<Value>,
    pub(crate) issues: Vec<Value>,
    /// Tag, commit, day of publication.
    pub(crate) releases: Vec<(u64, String, String)>,
    /// Branches and tags.
    pub(crate) commits: BTreeMap<String, String>,
    /// Users and their rights.
    pub(crate) permissions: BTreeMap<String, String>,
    /// Newest commits of pull requests.
    pub(crate) pulls: BTreeMap<u64, String>,
    /// Tokens that were given for the App's words.
    pub(crate) tokens: Vec<String>,
    pub(crate) problems: Vec<String>,
}

/// The status, headers and message of an answer.
pub(crate) type Misbehaving<'a> = (u16, &'a [(&'a str, &'a str)], &'a str);

struct Misbehaviour {
    status: u16,
    headers: Vec<(String, String)>,
    what: String,
}

pub(crate) struct Shared {
    pub(crate) kept: Mutex<Kept>,
}

pub(crate) struct StandIn {
    addr: SocketAddr,
    shared: Arc<Shared>,
}

impl StandIn {
    pub(crate) fn start() -> Self {
        let shared = Arc::new(Shared { kept: Mutex::default() });
        let (tell, told) = std::sync::mpsc::channel();
        let router = Router::new().fallback(answer).with_state(Arc::clone(&shared));
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                tell.send(listener.local_addr().unwrap()).unwrap();
                axum::serve(listener, router).await.unwrap();
            });
        });
        Self { addr: told.recv().unwrap(), shared }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    pub(crate) fn kept(&self) -> MutexGuard<'_, Kept> {
        self.shared.kept.lock().unwrap()
    }

    /// What the next requests get instead of an answer.
    pub(crate) fn misbehave(&self, how: &[Misbehaving<'_>]) {
        let own = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        self.kept().misbehaving = how
            .iter()
            .map(|(status, headers, what)| Misbehaviour {
                status: *status,
                headers: own(headers),
                what: (*what).to_owned(),
            })
            .collect();
    }

    /// Texts of comments on a pull request.
    pub(crate) fn comments(&self, number: u64) -> Vec<String> {
        let kept = self.kept();
        kept.comments.iter().filter(|it| it.0 == number).map(|it| it.1.clone()).collect()
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        let kept = self.shared.kept.lock();
        let problems = kept.map(|mut kept| std::mem::take(&mut kept.problems)).unwrap_or_default();
        if !std::thread::panicking() {
            assert!(problems.is_empty(), "{}", problems.join("\n"));
        }
    }
}

async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap();
    let path = parts.uri.path();
    let query = parts.uri.query().unwrap_or_default();
    shared.kept.lock().unwrap().seen.push(format!("{} {path}", parts.method));
    let misbehaving = shared.kept.lock().unwrap().misbehaving.pop_front();
    if let Some(Misbehaviour { status, headers, what }) = misbehaving {
        return respond(status, &headers, &json!({ "message": what }));
    }
    let asked = Asked::read(&parts.method, path, query, &parts.headers, &body);
    let answered = asked.and_then(|asked| {
        let (status, value, headers) = super::answers::answer(&shared, &asked)?;
        published::look(|it| it.reply(&asked.call, status, &value))?;
        Ok(respond(status, &headers, &value))
    });
    answered.unwrap_or_else(|problem| {
        eprintln!("the stand-in: {problem}");
        shared.kept.lock().unwrap().problems.push(problem.clone());
        respond(501, &[], &json!({ "message": problem }))
    })
}

fn respond(status: u16, headers: &[(String, String)], value: &Value) -> Response {
    let mut response =
        (StatusCode::from_u16(status).unwrap(), axum::Json(value.clone())).into_response();
    for (name, value) in headers {
        let name: HeaderName = name.parse().unwrap();
        response.headers_mut().insert(name, HeaderValue::from_str(value).unwrap());
    }
    response
}

/// A request that is as the description says.
pub(crate) struct Asked {
    pub(crate) call: String,
    pub(crate) path: String,
    pub(crate) named: Vec<String>,
    pub(crate) query: HashMap<String, String>,
    pub(crate) body: Value,
    /// What follows `Bearer`.
    pub(crate) token: String,
}

impl Asked {
    pub(crate) fn method(&self) -> &str {
        self.call.split(' ').next().unwrap()
    }

    /// What stands for `{number}` or `{id}`.
    pub(crate) fn number(&self) -> u64 {
        self.named[2].parse().unwrap()
    }

    fn read(
        method: &axum::http::Method,
        path: &str,
        query: &str,
        headers: &HeaderMap,
        body: &Bytes,
    ) -> Result<Self, String> {
        let header = |name: &str| headers.get(name).map_or("", |it| it.to_str().unwrap());
        for (name, expected) in [
            ("accept", "application/vnd.github+json"),
            ("x-github-api-version", "2022-11-28"),
            ("user-agent", "arewefastyet"),
        ] {
            if header(name) != expected {
                return Err(format!("{method} {path}: {name} is `{}`", header(name)));
            }
        }
        let call = published::look(|it| it.call(method.as_str(), path));
        let (call, named) = call.ok_or_else(|| format!("GitHub has no {method} {path}"))?;
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let query = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let told = (!body.is_empty())
            .then(|| serde_json::from_slice::<Value>(body))
            .transpose()
            .map_err(|error| format!("{call}: {error}"))?;
        published::look(|it| it.request(&call, &query, told.as_ref()))?;
        let token = header("authorization").strip_prefix("Bearer ").unwrap_or_default().to_owned();
        let (path, body) = (path.to_owned(), told.unwrap_or_default());
        Ok(Self { call, path, named, query, body, token })
    }
}
