//! Asking a registry: protocol, patience, and what its errors mean. What it
//! answers is judged elsewhere. No secret reaches an error or a log.

use super::credentials;
use crate::digest::Sha256Digest;
use crate::error::{Error, Result, one_line};
use oci_client::client::{ClientConfig, ClientProtocol};
use oci_client::errors::OciDistributionError;
use oci_client::manifest::OCI_IMAGE_MEDIA_TYPE;
use oci_client::secrets::RegistryAuth;
use oci_client::{Client, Reference};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::OnceLock;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::AsyncWrite;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Between two pieces of an answer.
const READ_TIMEOUT: Duration = Duration::from_secs(30);
/// For one answer as a whole.
const TIMEOUT: Duration = Duration::from_secs(300);
/// After a failure that may pass. One more try than pauses.
const PAUSES: [Duration; 3] =
    [Duration::from_millis(200), Duration::from_millis(800), Duration::from_millis(3200)];
/// Of what a registry says when it refuses; it may send a page of HTML.
const MAX_CAUSE_CHARS: usize = 300;

pub(super) struct Registry {
    insecure: Vec<String>,
    /// Made when first needed: each reads the machine's certificates.
    plain: OnceLock<Client>,
    tls: OnceLock<Client>,
}

impl Registry {
    pub(super) fn new(insecure: Vec<String>) -> Self {
        Self { insecure, plain: OnceLock::new(), tls: OnceLock::new() }
    }

    /// The bytes of an image's manifest.
    pub(super) async fn manifest(&self, image: &Reference) -> Result<Vec<u8>> {
        let (client, auth) = self.open(image).await?;
        let ask = || client.pull_manifest_raw(image, &auth, &[OCI_IMAGE_MEDIA_TYPE]);
        let (bytes, _) = patiently(image, ask).await?;
        Ok(bytes.into())
    }

    /// The bytes of a blob, at most `size_bytes` of them.
    pub(super) async fn blob(
        &self,
        image: &Reference,
        digest: Sha256Digest,
        size_bytes: u64,
    ) -> Result<Vec<u8>> {
        let (client, auth) = self.open(image).await?;
        client.store_auth_if_needed(image.resolve_registry(), &auth).await;
        let (client, digest) = (&client, &*digest.to_string());
        let ask = || async move {
            let mut blob = Bounded { bytes: Vec::new(), left: size_bytes };
            client.pull_blob(image, digest, &mut blob).await?;
            Ok(blob.bytes)
        };
        patiently(image, ask).await
    }

    async fn open(&self, image: &Reference) -> Result<(Client, RegistryAuth)> {
        let registry = image.resolve_registry().to_owned();
        let is_plain = self.insecure.contains(&registry) || is_loopback(&registry);
        let client = if is_plain { &self.plain } else { &self.tls };
        let client = match client.get() {
            Some(client) => client.clone(),
            None => {
                let protocol = if is_plain { ClientProtocol::Http } else { ClientProtocol::Https };
                let new = new_client(protocol)
                    .map_err(|e| Error::Runtime(format!("asking registry {registry}: {e}")))?;
                client.get_or_init(|| new).clone()
            }
        };
        // May run a program that Docker's configuration names.
        let auth = tokio::task::spawn_blocking(move || credentials::of(&registry)).await;
        let auth = auth.map_err(|e| Error::Runtime(format!("reading credentials: {e}")))??;
        Ok((client, auth))
    }
}

fn new_client(protocol: ClientProtocol) -> std::result::Result<Client, String> {
    // The provider of TLS is the process's; somebody may have set it already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    // The client's constructor panics without, also if it is to talk plain HTTP.
    if rustls_native_certs::load_native_certs().certs.is_empty() {
        return Err("there are no CA certificates on this machine: install them (Debian: \
                    ca-certificates) or set SSL_CERT_FILE"
            .to_owned());
    }
    let config = ClientConfig {
        protocol,
        platform_resolver: None,
        connect_timeout: Some(CONNECT_TIMEOUT),
        read_timeout: Some(READ_TIMEOUT),
        ..ClientConfig::default()
    };
    Client::try_from(config).map_err(describe)
}

/// Whether a registry (`HOST` or `HOST:PORT`) is on this machine.
fn is_loopback(registry: &str) -> bool {
    if let Ok(addr) = registry.parse::<SocketAddr>() {
        return addr.ip().is_loopback();
    }
    let host = registry.rsplit_once(':').map_or(registry, |(host, _)| host);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Tries again after failures that may pass.
async fn patiently<T, F>(image: &Reference, ask: impl Fn() -> F) -> Result<T>
where
    F: Future<Output = std::result::Result<T, OciDistributionError>>,
{
    let mut pauses = PAUSES.iter();
    loop {
        let (may_pass, error) = match tokio::time::timeout(TIMEOUT, ask()).await {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(error)) => (may_pass(&error), failure(image, error)),
            Err(_) => {
                let what = format!("no complete answer within {TIMEOUT:?}");
                (false, Error::Runtime(format!("pulling image {}: {what}", image.whole())))
            }
        };
        match pauses.next() {
            Some(pause) if may_pass => tokio::time::sleep(*pause).await,
            _ => return Err(error),
        }
    }
}

fn may_pass(error: &OciDistributionError) -> bool {
    match error {
        OciDistributionError::RequestError(e) => !e.is_builder(),
        OciDistributionError::ServerError { code, .. } => *code >= 500 || *code == 429,
        _ => false,
    }
}

/// Wrong bytes and images that do not exist are wrong input; the rest is not.
fn failure(image: &Reference, error: OciDistributionError) -> Error {
    let is_input = matches!(
        error,
        OciDistributionError::DigestError(_)
            | OciDistributionError::ImageManifestNotFoundError(_)
            | OciDistributionError::RegistryError { .. }
            | OciDistributionError::UnauthorizedError { .. }
            | OciDistributionError::AuthenticationFailure(_)
    );
    let what = format!("pulling image {}: {}", image.whole(), describe(error));
    if is_input { Error::Input(what) } else { Error::Runtime(what) }
}

/// One short line without what may be secret.
fn describe(error: OciDistributionError) -> String {
    let text = match error {
        // The address may be one that the registry redirected to, with a
        // signature in it that stands for a password.
        OciDistributionError::RequestError(e) => with_causes(&e.without_url()),
        OciDistributionError::UnauthorizedError { .. } => {
            "the registry wants credentials: `docker login` writes them where they are read"
                .to_owned()
        }
        OciDistributionError::RegistryError { envelope, .. } => envelope.to_string(),
        OciDistributionError::ServerError { code, message, .. } => {
            format!("the registry answered {code}: {message}")
        }
        other => with_causes(&other),
    };
    one_line(&text).chars().take(MAX_CAUSE_CHARS).collect()
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

/// Bytes in memory that refuse to become too many.
struct Bounded {
    bytes: Vec<u8>,
    left: u64,
}

impl AsyncWrite for Bounded {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let Some(left) = self.left.checked_sub(bytes.len() as u64) else {
            let what = "the registry sends more than the manifest says";
            return Poll::Ready(Err(io::Error::other(what)));
        };
        self.left = left;
        self.bytes.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::is_loopback;

    #[test]
    fn plain_http_is_for_loopback_only() {
        for here in ["localhost", "localhost:5000", "127.0.0.1:5000", "127.1.2.3", "[::1]:5000"] {
            assert!(is_loopback(here), "{here}");
        }
        for there in ["ghcr.io", "localhost.example", "10.0.0.1:5000", "127.0.0.1.example:80"] {
            assert!(!is_loopback(there), "{there}");
        }
    }
}
