//! Images through a real registry: Debian's `docker-registry`, on a loopback
//! address with a folder of its own. That such an image serves requests is tested
//! from outside, in `conformance`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed expectation is a failed test")]

use host_under_test::digest::Sha256Digest;
use host_under_test::error::Error;
use host_under_test::image::{Fetched, Images};
use oci_client::Reference;
use oci_client::client::{Client, ClientConfig, ClientProtocol, Config, ImageLayer};
use oci_client::secrets::RegistryAuth;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

const WASM: &str = "application/wasm";
const OLD_WASM: &str = "application/vnd.wasm.content.layer.v1+wasm";
const CONFIG: &str = "application/vnd.wasm.config.v0+json";

/// A registry that ends with the test.
struct Registry {
    process: Child,
    addr: String,
    folder: TempDir,
}

impl Registry {
    fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let config = folder.path().join("config.yml");
        let storage = folder.path().join("storage");
        let text = format!(
            "version: 0.1\nlog: {{accesslog: {{disabled: true}}}}\nstorage: {{filesystem: \
             {{rootdirectory: {}}}}}\nhttp: {{addr: '127.0.0.1:0'}}\n",
            storage.display()
        );
        fs::write(&config, text).unwrap();
        let started =
            Command::new("docker-registry").arg("serve").arg(config).stderr(Stdio::piped()).spawn();
        let mut process = started.unwrap_or_else(|e| {
            panic!("starting docker-registry: {e}; `apt-get install docker-registry` brings it")
        });
        let mut log = BufReader::new(process.stderr.take().unwrap()).lines();
        let addr = loop {
            let line = log.next().expect("the registry listens before it ends").unwrap();
            if let Some((_, rest)) = line.split_once("listening on ") {
                break rest.split(['"', ',', ' ']).next().unwrap().to_owned();
            }
        };
        // Nobody reads the rest; a full pipe would stop the registry.
        std::thread::spawn(move || log.for_each(drop));
        Self { process, addr, folder }
    }

    fn image(&self, name: &str) -> Reference {
        format!("{}/{name}", self.addr).parse().unwrap()
    }

    async fn push(&self, name: &str, layers: &[(&str, &[u8])]) -> (Reference, Sha256Digest) {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let config = ClientConfig { protocol: ClientProtocol::Http, ..ClientConfig::default() };
        let client = Client::try_from(config).unwrap();
        let image = self.image(name);
        let layers: Vec<_> = layers
            .iter()
            .map(|(kind, bytes)| ImageLayer::new(bytes.to_vec(), (*kind).to_owned(), None))
            .collect();
        let config = Config::new(b"{}".to_vec(), CONFIG.to_owned(), None);
        client.push(&image, &layers, config, &RegistryAuth::Anonymous, None).await.unwrap();
        let digest = client.fetch_manifest_digest(&image, &RegistryAuth::Anonymous).await.unwrap();
        (image, digest.parse().unwrap())
    }

    /// Where the registry keeps these bytes.
    fn blob(&self, digest: Sha256Digest) -> PathBuf {
        let hex = digest.hex();
        let blobs = self.folder.path().join("storage/docker/registry/v2/blobs/sha256");
        blobs.join(&hex[..2]).join(&hex).join("data")
    }

    fn stop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.stop();
    }
}

/// What a host keeps of images.
struct Kept(TempDir);

impl Kept {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    async fn fetch(
        &self,
        image: &Reference,
        digest: Option<Sha256Digest>,
    ) -> Result<Fetched, Error> {
        // A new one each time, as after a start.
        let images = Images::new(self.0.path().to_owned(), Vec::new()).unwrap();
        let image = image.clone();
        tokio::spawn(async move { images.fetch(&image, digest).await }).await.unwrap()
    }

    fn file(&self, digest: Sha256Digest) -> PathBuf {
        self.0.path().join("sha256").join(digest.hex())
    }
}

fn flip_byte(path: PathBuf) {
    let mut bytes = fs::read(&path).unwrap();
    bytes[0] ^= 1;
    fs::write(path, bytes).unwrap();
}

#[track_caller]
fn check_refused(result: Result<Fetched, Error>, exit_code: u8, parts: &[&str]) {
    let error = result.map(|fetched| fetched.reference).unwrap_err();
    let text = error.to_string();
    assert_eq!(error.exit_code(), exit_code, "{text}");
    assert!(!text.contains('\n'), "one line: {text}");
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in: {text}");
    }
}

#[tokio::test]
async fn by_tag_and_by_digest() {
    let registry = Registry::start();
    for (name, kind) in [("team/new:v1", WASM), ("team/old:v1", OLD_WASM)] {
        let kept = Kept::new();
        let (image, digest) = registry.push(name, &[(kind, name.as_bytes())]).await;
        let by_tag = kept.fetch(&image, None).await.unwrap();
        assert_eq!((by_tag.bytes.as_slice(), by_tag.digest), (name.as_bytes(), digest));
        let by_digest: Reference = by_tag.reference.parse().unwrap();
        assert_eq!(by_digest.digest(), Some(&*digest.to_string()));
        let again = Kept::new().fetch(&by_digest, None).await.unwrap();
        assert_eq!((again.bytes, again.digest), (by_tag.bytes, digest));
    }
}

#[tokio::test]
async fn a_tag_is_asked_for_every_time() {
    let registry = Registry::start();
    let kept = Kept::new();
    let (image, first) = registry.push("a:v1", &[(WASM, b"first")]).await;
    assert_eq!(kept.fetch(&image, None).await.unwrap().digest, first);
    let (_, second) = registry.push("a:v1", &[(WASM, b"second")]).await;
    assert_eq!(kept.fetch(&image, None).await.unwrap().digest, second);
    // Pinned, the tag does not matter.
    assert_eq!(kept.fetch(&image, Some(first)).await.unwrap().bytes, b"first");
}

#[tokio::test]
async fn what_was_pulled_needs_no_registry() {
    let mut registry = Registry::start();
    let kept = Kept::new();
    let (image, digest) = registry.push("a:v1", &[(WASM, b"bytes")]).await;
    kept.fetch(&image, Some(digest)).await.unwrap();
    registry.stop();
    assert_eq!(kept.fetch(&image, Some(digest)).await.unwrap().bytes, b"bytes");
    check_refused(kept.fetch(&image, None).await, 1, &["pulling image ", "/a:v1: "]);
}

#[tokio::test]
async fn a_wrong_digest_is_refused() {
    let registry = Registry::start();
    let (image, _) = registry.push("a:v1", &[(WASM, b"bytes")]).await;
    let wrong = Sha256Digest::of(b"other");
    let refused = Kept::new().fetch(&image, Some(wrong)).await;
    check_refused(refused, 2, &[&format!("/a@{wrong}: "), "manifest unknown"]);
    check_refused(Kept::new().fetch(&registry.image("none:v1"), None).await, 2, &["/none:v1: "]);
}

#[tokio::test]
async fn a_registry_that_lies_is_refused() {
    let registry = Registry::start();
    let kept = Kept::new();
    let (image, digest) = registry.push("a:v1", &[(WASM, b"bytes")]).await;
    flip_byte(registry.blob(Sha256Digest::of(b"bytes")));
    check_refused(kept.fetch(&image, Some(digest)).await, 2, &["Invalid digest"]);
    assert!(!kept.file(Sha256Digest::of(b"bytes")).exists(), "what is wrong is not kept");

    // Still a valid manifest, of another image.
    let (_, other) = registry.push("b:v1", &[(WASM, b"other")]).await;
    fs::copy(registry.blob(other), registry.blob(digest)).unwrap();
    check_refused(Kept::new().fetch(&image, Some(digest)).await, 2, &["digest"]);
}

#[tokio::test]
async fn a_changed_file_is_replaced() {
    let registry = Registry::start();
    let kept = Kept::new();
    let (image, digest) = registry.push("a:v1", &[(WASM, b"bytes")]).await;
    for changed in [Sha256Digest::of(b"bytes"), digest] {
        kept.fetch(&image, Some(digest)).await.unwrap();
        flip_byte(kept.file(changed));
        assert_eq!(kept.fetch(&image, Some(digest)).await.unwrap().bytes, b"bytes");
        assert_eq!(Sha256Digest::of(&fs::read(kept.file(changed)).unwrap()), changed);
    }
}

#[tokio::test]
async fn other_images_are_refused() {
    let registry = Registry::start();
    let (two, _) = registry.push("two:v1", &[(WASM, b"a"), (WASM, b"b")]).await;
    check_refused(Kept::new().fetch(&two, None).await, 2, &["has 2 layers, expected exactly one"]);
    let (tar, _) = registry.push("tar:v1", &[("application/x-tar", b"a")]).await;
    check_refused(Kept::new().fetch(&tar, None).await, 2, &["of type `application/x-tar`"]);
}

#[test]
fn registries_are_hosts() {
    let error = Images::new(PathBuf::new(), vec!["http://a:80".to_owned()]).map(drop).unwrap_err();
    assert_eq!(error.to_string(), "insecure registry `http://a:80`: expected HOST:PORT");
}
