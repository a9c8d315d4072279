//! Components out of a registry: Debian's `docker-registry`, on a loopback
//! address, over a folder that is laid out here. What is refused of an image is
//! tested beside the code; here, that it reaches the user and is served.

use crate::harness::{Files, Server, check_refused, host, prebuilt, workload_text};
use sha2::{Digest, Sha256};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

const USER: &str = "ali";
const PASSWORD: &str = "open sesame";
/// bcrypt of the password, with the fewest rounds.
const HTPASSWD: &str = "ali:$2b$05$DOncgYMcdcCZOY9U9sNreeydqwwwqyIezUXrtXt1W.K3HDIK1yaDS\n";
/// `auth` of Docker's configuration: `USER:PASSWORD` in base 64.
const AUTH: &str = "YWxpOm9wZW4gc2VzYW1l";

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A registry that ends with the test.
struct Registry {
    process: Child,
    addr: String,
}

impl Registry {
    /// Serves the folder `registry` of these files.
    fn start(files: &Files, auth: &str) -> Self {
        let storage = files.path("registry");
        let config = format!(
            "version: 0.1\nlog: {{accesslog: {{disabled: true}}}}\nstorage: {{filesystem: \
             {{rootdirectory: {}}}}}\nhttp: {{addr: '127.0.0.1:0'}}\n{auth}",
            storage.display()
        );
        let config = files.write("registry.yml", config);
        let started =
            Command::new("docker-registry").arg("serve").arg(config).stderr(Stdio::piped()).spawn();
        let mut process = started.unwrap_or_else(|e| {
            panic!("starting docker-registry: {e}; `apt-get install docker-registry` brings it")
        });
        let mut log = BufReader::new(process.stderr.take().expect("a pipe")).lines();
        let addr = loop {
            let line = log.next().expect("the registry listens before it ends").expect("its log");
            if let Some((_, rest)) = line.split_once("listening on ") {
                break rest.split(['"', ',', ' ']).next().expect("a first part").to_owned();
            }
        };
        // Nobody reads the rest; a full pipe would stop the registry.
        std::thread::spawn(move || log.for_each(drop));
        Self { process, addr }
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Lays out the image `guest:v1` as the registry keeps it, and tells its digest.
fn lay_out(files: &Files, component: &Path) -> String {
    let v2 = files.path("registry/docker/registry/v2");
    let put = |path: &str, bytes: &[u8]| {
        let path = v2.join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, bytes).expect("writing a file of the registry");
    };
    let blob = |bytes: &[u8]| {
        let hex = digest(bytes);
        put(&format!("blobs/sha256/{}/{hex}/data", &hex[..2]), bytes);
        hex
    };
    let bytes = std::fs::read(component).expect("a guest");
    let (layer, config) = (blob(&bytes), blob(b"{}"));
    let manifest = serde_json::json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {
            "mediaType": "application/vnd.wasm.config.v0+json",
            "digest": format!("sha256:{config}"),
            "size": 2,
        },
        "layers": [{
            "mediaType": "application/wasm",
            "digest": format!("sha256:{layer}"),
            "size": bytes.len(),
        }],
    });
    let manifest = blob(manifest.to_string().as_bytes());
    let repository = "repositories/guest";
    for hex in [&layer, &config] {
        put(&format!("{repository}/_layers/sha256/{hex}/link"), format!("sha256:{hex}").as_bytes());
    }
    let link = format!("sha256:{manifest}");
    for place in [
        format!("revisions/sha256/{manifest}/link"),
        format!("tags/v1/index/sha256/{manifest}/link"),
        "tags/v1/current/link".to_owned(),
    ] {
        put(&format!("{repository}/_manifests/{place}"), link.as_bytes());
    }
    link
}

/// `serve` of a workload whose component is this image.
fn serve(files: &Files, image: &str) -> Command {
    let text =
        workload_text(Path::new("FILE"), "").replace("file: FILE", &format!("image: {image}"));
    let mut command = host();
    command.arg("serve").arg("--workload").arg(files.write("workload.yaml", text));
    command.arg("--image-cache").arg(files.path("images"));
    // Of whoever runs the tests.
    command.env("DOCKER_CONFIG", files.folder.path());
    command
}

#[test]
fn an_image_serves_like_the_file_and_needs_its_registry_once() {
    for guest in ["hello-p2", "hello-p3"] {
        let files = Files::new();
        let digest = lay_out(&files, &prebuilt(guest));
        let registry = Registry::start(&files, "");
        let image = format!("{}/guest@{digest}", registry.addr);
        Server::start(serve(&files, &image)).get().check(200, "hello");
        let by_tag = format!("{}/guest:v1", registry.addr);
        Server::start(serve(&files, &by_tag)).get().check(200, "hello");
        drop(registry);
        Server::start(serve(&files, &image)).get().check(200, "hello");
        let mut command = serve(&files, &by_tag);
        command.args(["--addr", "127.0.0.1:0"]);
        check_refused(command, 1, &[&format!("pulling image {by_tag}: ")]);
    }
}

#[test]
fn a_wrong_digest_is_refused() {
    let files = Files::new();
    lay_out(&files, &prebuilt("hello-p2"));
    let registry = Registry::start(&files, "");
    let image = format!("{}/guest@sha256:{}", registry.addr, "0".repeat(64));
    let mut command = serve(&files, &image);
    command.args(["--addr", "127.0.0.1:0"]);
    check_refused(command, 2, &[&format!("pulling image {image}: "), "manifest unknown"]);
}

#[test]
fn credentials_are_used_and_never_shown() {
    let files = Files::new();
    let digest = lay_out(&files, &prebuilt("hello-p2"));
    let users = files.write("htpasswd", HTPASSWD);
    let auth = format!("auth: {{htpasswd: {{realm: test, path: {}}}}}\n", users.display());
    let registry = Registry::start(&files, &auth);
    let image = format!("{}/guest@{digest}", registry.addr);

    let refused = || {
        let mut command = serve(&files, &image);
        command.args(["--addr", "127.0.0.1:0"]);
        command
    };
    check_refused(refused(), 2, &["the registry wants credentials"]);
    let config =
        |auth: &str| format!("{{\"auths\": {{\"{}\": {{\"auth\": \"{auth}\"}}}}}}", registry.addr);
    // `ali:wrong`
    files.write("config.json", config("YWxpOndyb25n"));
    check_refused(refused(), 2, &["the registry wants credentials"]);
    let shown = refused().output().expect("starting the binary").stderr;
    let shown = String::from_utf8(shown).expect("stderr is UTF-8");
    for secret in [USER, PASSWORD, AUTH, "wrong", "YWxpOndyb25n"] {
        assert!(!shown.contains(secret), "{secret} is in: {shown}");
    }

    files.write("config.json", config(AUTH));
    Server::start(serve(&files, &image)).get().check(200, "hello");
}
