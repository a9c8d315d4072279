//! The service as its callers see it, over real connections. What belongs where:
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "in a test a panic is the report; clippy knows only functions marked #[test]"
)]

#[path = "../../../site/tests/fixture/mod.rs"]
#[allow(dead_code, unused_imports, reason = "a part of it is used here")]
mod fixture;

#[path = "../../github/tests/github/answers.rs"]
mod answers;
#[path = "../../github/tests/github/delivering.rs"]
mod delivering;
#[path = "../../github/tests/github/published.rs"]
mod published;
#[path = "../../github/tests/github/standin.rs"]
#[allow(dead_code, reason = "a part of it is used here")]
mod standin;

/// Who may write, and how that is refused.
mod access;
/// The document of the API says what is answered.
mod document;
/// Webhooks, and who is heard.
mod hooks;
/// Jobs, from being asked for to their end.
mod queue;
/// Kept answers, other formats, parts of lists, the site.
mod reading;
/// Bundles, right and wrong.
mod uploads;

use jiff::{SignedDuration, Timestamp};
use model::Gate;
use serde_json::Value;
use serve::{Checkout, Inputting, Secret, Settings};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use store::{NewToken, Scope, Store};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use ureq::http::{HeaderMap, StatusCode};

/// A service with the made-up history, on a port of its own.
struct Service {
    dir: TempDir,
    addr: SocketAddr,
    agent: ureq::Agent,
    runtime: tokio::runtime::Runtime,
    store: Store,
    stop: Option<oneshot::Sender<()>>,
    ended: Option<tokio::task::JoinHandle<Result<(), serve::Error>>>,
}

/// What was answered.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

struct Made;

impl Checkout for Made {
    fn inputs<'a>(&'a self, _: &'a Store) -> Inputting<'a> {
        let mut inputs = fixture::inputs();
        let required = vec!["size".to_owned()];
        inputs.config.gate = Some(Gate { required, ..Gate::default() });
        Box::pin(async { Ok(inputs) })
    }
}

impl Service {
    fn start() -> Self {
        Self::with(|_| {})
    }

    fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let store = runtime.block_on(async {
            let store = Store::open(&dir.path().join("bench.sqlite")).await.unwrap();
            for run in fixture::runs() {
                store.import(&run).await.unwrap();
            }
            store
        });
        let mut settings = Settings::of(dir.path().join("site"), dir.path().join("cache"));
        settings.rate_per_s = 0;
        settings.look_every = Duration::from_millis(50);
        settings.render_every = Duration::from_millis(100);
        change(&mut settings);
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let addr = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let shutdown = async { drop(stopped.await) };
        let ended = runtime.spawn(serve::serve(listener, store.clone(), Made, settings, shutdown));
        let config = ureq::Agent::config_builder().http_status_as_error(false);
        let agent = config.timeout_global(Some(Duration::from_secs(60))).build().new_agent();
        Self { dir, addr, agent, runtime, store, stop: Some(stop), ended: Some(ended) }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = self.agent.get(format!("http://{}{path}", self.addr));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        answer(request.call().unwrap())
    }

    fn json(&self, path: &str) -> Value {
        let answer = self.get(path, &[]);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.json()
    }

    fn post(&self, path: &str, token: Option<&str>, body: &[u8]) -> Answer {
        self.post_with(path, token, body, &[])
    }

    fn post_with(
        &self,
        path: &str,
        token: Option<&str>,
        body: &[u8],
        headers: &[(&str, &str)],
    ) -> Answer {
        let mut request = self.agent.post(format!("http://{}{path}", self.addr));
        request = request.header("content-type", "application/json");
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        answer(request.send(body).unwrap())
    }

    /// A token with these scopes, for so many seconds.
    fn token_for(&self, scopes: &[Scope], testbed: Option<&str>, seconds: i64) -> String {
        let secret = Secret::generate().unwrap();
        let now = Timestamp::now();
        let token = NewToken {
            name: secret.name().to_owned(),
            secret_sha256: secret.digest(),
            about: "tests".to_owned(),
            scopes: scopes.to_vec(),
            testbed: testbed.map(str::to_owned),
            created_at: now,
            expires_at: now + SignedDuration::from_secs(seconds),
        };
        self.runtime.block_on(self.store.create_token(&token)).unwrap();
        secret.reveal()
    }

    fn token(&self, scopes: &[Scope]) -> String {
        self.token_for(scopes, None, 3600)
    }

    /// Waits until something holds.
    fn until(&self, what: &str, mut holds: impl FnMut() -> bool) {
        let waited = std::time::Instant::now();
        while !holds() {
            assert!(waited.elapsed() < Duration::from_secs(60), "{what} did not happen");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The audit log, newest first: action, outcome, detail.
    fn audit(&self) -> Vec<(String, &'static str, String)> {
        let log = self.runtime.block_on(self.store.audit_log(50)).unwrap();
        log.into_iter().map(|it| (it.action, it.outcome.word(), it.detail)).collect()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if let (Some(stop), Some(ended)) = (self.stop.take(), self.ended.take()) {
            let _ = stop.send(());
            let ended = self.runtime.block_on(ended);
            if !std::thread::panicking() {
                ended.unwrap().unwrap();
            }
        }
    }
}

fn answer(mut response: ureq::http::Response<ureq::Body>) -> Answer {
    let body = response.body_mut().with_config().limit(64 << 20).read_to_vec().unwrap();
    Answer { status: response.status(), headers: response.headers().clone(), body }
}

impl Answer {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The detail of a problem of that status.
    fn problem(&self, status: u16) -> String {
        assert_eq!(self.status, status, "{}", self.text());
        assert_eq!(self.header("content-type"), "application/problem+json");
        let problem = self.json();
        assert_eq!(problem["status"], status);
        problem["detail"].as_str().unwrap().to_owned()
    }
}
