//! HTTP with the service. What passes by itself is tried again; what was refused is not.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serve::{FinishIn, JobOut, LeaseIn, LeaseOut, RenewIn, RenewOut};
use std::io::Write as _;
use std::time::Duration;
use ureq::Agent;
use ureq::Body;
use ureq::http::{Response, StatusCode, Uri};

/// As long as the longest upload may take.
const TIMEOUT: Duration = Duration::from_secs(120);
/// How often something that passes is tried again.
const ATTEMPTS: u32 = 8;

/// Why the service did not do as asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// It was not reached, or is not well.
    #[error("{server}: {what}")]
    Passing {
        /// Its address.
        server: String,
        /// What is wrong.
        what: String,
    },
    /// It does not want to.
    #[error("{server} refused ({status}): {detail}")]
    Refused {
        /// Its address.
        server: String,
        /// The HTTP status.
        status: StatusCode,
        /// Its words.
        detail: String,
    },
}

impl Failure {
    /// Whether trying again may help.
    pub(crate) fn is_passing(&self) -> bool {
        matches!(self, Self::Passing { .. })
    }

    /// Whether the job is not this worker's any more.
    pub(crate) fn is_lost(&self) -> bool {
        matches!(self, Self::Refused { status: StatusCode::CONFLICT | StatusCode::NOT_FOUND, .. })
    }
}

/// A service, and the token to work for it.
pub(crate) struct Client {
    server: String,
    token: String,
    agent: Agent,
}

impl Client {
    /// For the service at that address.
    pub(crate) fn new(server: &str, token: &str) -> anyhow::Result<Self> {
        let uri: Uri =
            server.parse().map_err(|error| anyhow::anyhow!("--server {server}: {error}"))?;
        anyhow::ensure!(
            matches!(uri.scheme_str(), Some("http" | "https")),
            "--server {server}: give the whole address, e.g. https://bench.example.org"
        );
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(TIMEOUT))
            .tls_config(github::trust());
        let server = server.trim_end_matches('/').to_owned();
        Ok(Self { server, token: token.to_owned(), agent: config.build().new_agent() })
    }

    /// The next job, if there is one.
    pub(crate) fn lease(&self, asked: &LeaseIn) -> Result<Option<LeaseOut>, Failure> {
        let response = self.post("/api/v1/jobs/lease", asked)?;
        if response.status() == StatusCode::NO_CONTENT {
            return Ok(None);
        }
        self.read(response).map(Some)
    }

    /// The worker is at it still.
    pub(crate) fn renew(&self, job: &str, told: &RenewIn) -> Result<RenewOut, Failure> {
        self.read(self.post(&format!("/api/v1/jobs/{job}/renew"), told)?)
    }

    /// The command has ended.
    pub(crate) fn finish(&self, job: &str, told: &FinishIn) -> Result<JobOut, Failure> {
        self.again(|| self.read(self.post(&format!("/api/v1/jobs/{job}/finish"), told)?))
    }

    /// Stores a bundle; the same one again changes nothing, so it may be tried again.
    pub(crate) fn upload(&self, bundle: &[u8]) -> Result<(), Failure> {
        let passing = |error: std::io::Error| self.passing(error.to_string());
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        packed.write_all(bundle).map_err(passing)?;
        let packed = packed.finish().map_err(passing)?;
        self.again(|| {
            let request = self.agent.post(format!("{}/api/v1/runs", self.server));
            let request = request.header("authorization", format!("Bearer {}", self.token));
            let request = request.header("content-type", "application/x-ndjson");
            let sent =
                request.send(&packed[..]).map_err(|error| self.passing(error.to_string()))?;
            self.read::<serde_json::Value>(sent).map(drop)
        })
    }

    fn again<T>(&self, ask: impl Fn() -> Result<T, Failure>) -> Result<T, Failure> {
        let mut wait = Duration::from_millis(500);
        for _ in 1..ATTEMPTS {
            match ask() {
                Err(failure) if failure.is_passing() => std::thread::sleep(wait),
                answer => return answer,
            }
            wait *= 2;
        }
        ask()
    }

    fn post(&self, path: &str, told: &impl Serialize) -> Result<Response<Body>, Failure> {
        let passing = |what: String| self.passing(what);
        let body = serde_json::to_vec(told).map_err(|error| passing(error.to_string()))?;
        let request = self.agent.post(format!("{}{path}", self.server));
        let request = request.header("authorization", format!("Bearer {}", self.token));
        let request = request.header("content-type", "application/json");
        request.send(&body[..]).map_err(|error| passing(error.to_string()))
    }

    fn read<T: DeserializeOwned>(&self, mut response: Response<Body>) -> Result<T, Failure> {
        let status = response.status();
        let text = response
            .body_mut()
            .read_to_string()
            .map_err(|error| self.passing(error.to_string()))?;
        if status.is_success() {
            return serde_json::from_str(&text).map_err(|error| self.passing(error.to_string()));
        }
        let problem: Option<serde_json::Value> = serde_json::from_str(&text).ok();
        let detail = problem.and_then(|it| Some(it.get("detail")?.as_str()?.to_owned()));
        let detail = detail.unwrap_or_else(|| text.chars().take(200).collect());
        let is_passing = status.is_server_error()
            || matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT);
        if is_passing {
            return Err(self.passing(format!("{status}: {detail}")));
        }
        Err(Failure::Refused { server: self.server.clone(), status, detail })
    }

    fn passing(&self, what: String) -> Failure {
        Failure::Passing { server: self.server.clone(), what }
    }
}
