//! What whoever starts the service decides.

use github::Client;
use model::MailConfig;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// What may be decided about a service.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The folder that the site is rendered into.
    pub site: PathBuf,
    /// What is known of runs from earlier renderings.
    pub cache: PathBuf,
    /// Reading needs a token, too.
    pub is_private: bool,
    /// The caller is who the last `X-Forwarded-For` names: a proxy stands before.
    pub is_behind_proxy: bool,
    /// Requests a second of one address, on average; 0 for any number.
    pub rate_per_s: u32,
    /// The longest body of an upload.
    pub most_upload_bytes: usize,
    /// The longest bundle, unpacked.
    pub most_bundle_bytes: u64,
    /// How long a request may take. Uploads wait for each other meanwhile: there is one
    /// writer, and a run with all its samples takes a second or more.
    pub timeout: Duration,
    /// How long the headers of a request may take.
    pub header_timeout: Duration,
    /// Connections at a time.
    pub most_connections: usize,
    /// How often to look whether somebody else wrote to the store.
    pub look_every: Duration,
    /// Time between two renderings of the site.
    pub render_every: Duration,
    /// How long a lease holds if nothing is heard of the worker.
    pub lease: Duration,
    /// Where the service is seen, without a slash at the end; for links.
    pub url: Option<String>,
    /// The repository whose webhooks are heard.
    pub github: Option<Arc<GitHub>>,
    /// Who is told of gates and regressions.
    pub tell: Arc<Tell>,
}

/// A repository, and how its webhooks and its API are reached.
pub struct GitHub {
    /// `owner/name`.
    pub repository: String,
    /// The label that asks for a comparison.
    pub label: String,
    /// The webhook's secret.
    pub secret: Vec<u8>,
    /// The API.
    pub client: Client,
}

/// Who is told of what happens.
#[derive(Default)]
pub struct Tell {
    /// A webhook that takes what Slack's takes. Whoever knows it can write there.
    pub slack: Option<String>,
    /// Whom to write to, and the password for the server.
    pub mail: Option<(MailConfig, Option<String>)>,
}

impl fmt::Debug for GitHub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GitHub({})", self.repository)
    }
}

impl fmt::Debug for Tell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (slack, mail) = (self.slack.is_some(), self.mail.is_some());
        write!(f, "Tell {{ slack: {slack}, mail: {mail} }}")
    }
}

impl Settings {
    /// Nobody outside is told anything.
    pub(crate) fn is_silent(&self) -> bool {
        self.github.is_none() && self.tell.slack.is_none() && self.tell.mail.is_none()
    }

    /// What is right for most, for a site in these folders.
    #[must_use]
    pub fn of(site: PathBuf, cache: PathBuf) -> Self {
        Self {
            site,
            cache,
            is_private: false,
            is_behind_proxy: false,
            rate_per_s: 200,
            most_upload_bytes: 32 << 20,
            most_bundle_bytes: 256 << 20,
            timeout: Duration::from_secs(300),
            header_timeout: Duration::from_secs(10),
            most_connections: 1024,
            look_every: Duration::from_secs(1),
            render_every: Duration::from_secs(10),
            lease: Duration::from_secs(60),
            url: None,
            github: None,
            tell: Arc::default(),
        }
    }
}
