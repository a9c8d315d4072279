//! From a webhook to a verdict on GitHub, with the real service and a real worker. A
//! stand-in, held against GitHub's own description, takes GitHub's place.

#[path = "../../github/tests/github/answers.rs"]
pub(super) mod answers;
#[path = "../../github/tests/github/delivering.rs"]
mod delivering;
mod listeners;
#[path = "../../github/tests/github/published.rs"]
pub(super) mod published;
#[path = "../../github/tests/github/standin.rs"]
#[allow(dead_code, reason = "a part of it is used here")]
pub(super) mod standin;

use super::Project;
use super::commits::{self, Commits};
use super::service;
use delivering::Sending;
use expect_test::expect;
use listeners::{Authority, Listener, PASSWORD, USER};
use published::delivery;
use serde_json::Value;
use standin::{APP, APP_KEY, StandIn, TOKEN};
use std::fs::{self, File};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

const SECRET: &str = "a secret that was agreed on";

const SUITE: &str = r#"title = "Ask"
why = "Is a release slower than the one before?"
owner = "tests"

[[benchmark]]
name = "it"
driver = "command"
command = ["./measure.sh", "{binary}"]
metrics = ["ready_ns"]
noise = "wall"
budget_s = 20
"#;

/// The second version is 5 % slower; all of them scatter by 0.1 %.
const MEASURE: &str = r#"#!/bin/sh
slower=1
grep -aq -e --number=1 "$1" && slower=1.05
awk -v n="$(date +%N)" -v slower=$slower 'BEGIN {
    srand(n)
    printf "{\"metric\": \"ready_ns\", \"value\": %.3f}\n", 1e6 * slower * (0.999 + 0.002 * rand())
    print "{\"done\": true}"
}'
"#;

const GATE: &str = r#"
[gate]
required = ["ask"]
probation_runs = 0

[[gate.rules]]
metric = "ready_ns"
tolerated = 0.03
"#;

const WAIVER: &str = r#"
[[gate.waivers]]
suite = "ask"
metric = "ready_ns"
owner = "ada"
reason = "a cache is on its way"
expires = "2999-12-31"
"#;

/// A service that hears one GitHub, and tells one chat and one mailbox.
struct Serving {
    child: Child,
    url: String,
}

struct Outside {
    standin: StandIn,
    authority: Authority,
    chat: Listener,
    mail: Listener,
}

impl Outside {
    fn start(mail: fn(&Authority) -> Listener) -> Self {
        let authority = Authority::new();
        let (chat, mail) = (Listener::chat(&authority), mail(&authority));
        Self { standin: StandIn::start(), authority, chat, mail }
    }

    /// Its part of `bench.toml`; `security` is how mail is sent.
    fn config(&self, app: &str, security: &str) -> String {
        format!(
            "\n[service]\nurl = \"https://bench.example.org\"\n\
             [service.github]\nrepository = \"owner/host\"\napi = \"{}\"\n{app}\n\
             [service.mail]\nserver = \"127.0.0.1\"\nport = {}\nuser = \"{USER}\"\nsecurity = \"{security}\"\n\
             from = \"bench@example.org\"\nto = [\"ada@example.org\"]\n",
            self.standin.url(),
            self.mail.port
        )
    }

    fn serve(&self, project: &Project, store: &str, secrets: &[(&str, &str)]) -> Serving {
        let log = File::create(project.path("serve.log")).unwrap();
        let serve = [
            "serve",
            "--store",
            store,
            "--listen",
            "127.0.0.1:0",
            "--log",
            "debug",
            "--render-every",
            "1",
        ];
        project.write("authority.pem", &self.authority.pem);
        let chat = format!("https://127.0.0.1:{}/services/T0/{PASSWORD}", self.chat.port);
        let mut command = project.command(&serve);
        command.env("BENCH_GITHUB_SECRET", SECRET).env("BENCH_SLACK_URL", chat.replace(' ', "_"));
        command.env("SSL_CERT_FILE", project.path("authority.pem"));
        command.env("BENCH_MAIL_PASSWORD", PASSWORD);
        command.envs(secrets.iter().copied()).stderr(Stdio::from(log));
        let child = command.spawn().unwrap();
        let mut url = None;
        until("listening", || {
            let log = fs::read_to_string(project.path("serve.log")).unwrap();
            url = log
                .split_whitespace()
                .find(|word| word.starts_with("http://127.0.0.1"))
                .map(str::to_owned);
            url.is_some()
        });
        Serving { child, url: url.unwrap().trim_end_matches('/').to_owned() }
    }
}

impl Serving {
    fn deliver(&self, event: &str, name: &str, payload: &Value) -> String {
        let (status, told) = Sending { secret: SECRET, event, name }.send(&self.url, payload);
        assert_eq!(status, 202, "{told}");
        told
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(120), "{what} did not happen");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn event(name: &str, action: Option<&str>, change: impl FnOnce(&mut Value)) -> Value {
    let mut payload = delivery(name, action);
    payload["repository"]["full_name"] = "owner/host".into();
    change(&mut payload);
    payload
}

/// A project with two releases, of which the second is slower.
fn releases(outside: &Outside) -> (Project, Vec<String>) {
    let project = Project::new("right");
    let config = commits::config("").replace("blocks = 4", "blocks = 12");
    project.write(
        "bench.toml",
        &format!("{config}{GATE}{}", outside.config(&format!("app = {APP}"), "tls")),
    );
    project.write("suites/ask/suite.toml", SUITE);
    project.script("suites/ask/measure.sh", MEASURE);
    project.write("app.pem", APP_KEY);
    let mut commits = Commits::begin(&project, ".");
    for tag in ["v1.0.0", "v2.0.0"] {
        commits.add();
        commits.git(&["tag", tag]);
    }
    let all = commits.all.clone();
    let mut kept = outside.standin.kept();
    kept.permissions.insert("maintainer".to_owned(), "admin".to_owned());
    kept.commits.insert("v2.0.0".to_owned(), all[1].clone());
    for (id, tag, day) in [(2, "v2.0.0", "02"), (1, "v1.0.0", "01")] {
        kept.releases.push((id, tag.to_owned(), format!("2026-11-{day}T00:00:00Z")));
    }
    drop(kept);
    (project, all)
}

/// Does what is queued, and ends.
fn work(project: &Project, url: &str) {
    let worker = ["worker", "--server", url, "--token-file", "token", "--once"];
    let said = project.bench(&worker);
    assert_eq!(said.code, 0, "{}", said.err);
}

/// What people see of a check run: how it ended, and its table.
fn shown(check: &Value) -> String {
    let summary = check["output"]["summary"].as_str().unwrap_or_default();
    let table = summary.lines().filter(|line| line.starts_with('|')).skip(2);
    // How much exactly is chance.
    let table = table.map(|line| match (line.split_once("| +"), line.split_once("(passes")) {
        (Some((before, found)), Some((_, after))) => {
            let found: f64 = found.split(' ').next().unwrap().parse().unwrap();
            assert!((4.0..6.0).contains(&found), "{line}");
            format!("{before}| about +5 % (passes{after}")
        }
        _ => line.to_owned(),
    });
    let table: Vec<String> = table.collect();
    format!("{} {}\n{}\n", check["conclusion"], check["output"]["title"], table.join("\n"))
}

#[test]
fn a_slower_release_is_held_back_until_somebody_answers_for_it() {
    let outside = Outside::start(Listener::mail);
    let (project, versions) = releases(&outside);
    service::token(&project);
    let serving =
        outside.serve(&project, "service.sqlite", &[("BENCH_GITHUB_APP_KEY_FILE", "app.pem")]);

    // Published; queued; told that it is being looked at.
    let release = event("release", Some("published"), |it| {
        it["release"]["id"] = 2.into();
        it["release"]["tag_name"] = "v2.0.0".into();
        it["release"]["draft"] = false.into();
    });
    let told = serving.deliver("release", "1", &release);
    assert!(told.ends_with("gate --baseline hello@v1.0.0 --candidate hello@v2.0.0"), "{told}");
    until("a check run", || !outside.standin.kept().checks.is_empty());

    // Built, measured, and red.
    work(&project, &serving.url);
    let is_completed = |at: usize| {
        let kept = outside.standin.kept();
        kept.checks.get(at).is_some_and(|check| check["status"] == "completed")
    };
    until("a verdict", || is_completed(0));
    let red = outside.standin.kept().checks[0].clone();
    assert_eq!(red["head_sha"], versions[1]);
    expect![[r#"
        "failure" "hello@v2.0.0 against hello@v1.0.0: failed"
        | **failed** | regression: ask it default ready\_ns | about +5 % (passes: +3.00 %) |
    "#]]
    .assert_eq(&shown(&red));
    assert_eq!(red["output"]["annotations"][0]["path"], "suites/ask/suite.toml");

    // A waiver is committed, and somebody presses the button.
    let config = fs::read_to_string(project.path("bench.toml")).unwrap();
    project.write("bench.toml", &config.replace("\n[service]", &format!("{WAIVER}\n[service]")));
    commits::git(&project.path("."), &["commit", "--quiet", "--all", "--message", "Waive it"]);
    let again = event("check_run", Some("rerequested"), |it| {
        it["check_run"]["external_id"] = red["external_id"].clone();
        it["sender"]["login"] = "maintainer".into();
    });
    serving.deliver("check_run", "2", &again);
    work(&project, &serving.url);
    until("another verdict", || is_completed(1));
    let green = outside.standin.kept().checks[1].clone();
    expect![[r#"
        "success" "hello@v2.0.0 against hello@v1.0.0: passed"
        | waived | regression: ask it default ready\_ns | about +5 % (passes: +3.00 %); waived by ada until 2999-12-31: a cache is on its way |
    "#]].assert_eq(&shown(&green));

    told_once(&outside);
    // The runs are there for everybody.
    let runs = serving.url.clone() + "/api/v1/runs";
    let runs = ureq::get(&runs).call().unwrap().body_mut().read_to_string().unwrap();
    assert_eq!(runs.matches("\"complete\"").count(), 2, "{runs}");
    drop(serving);
    no_secret_is_kept(&project);
}

/// Both verdicts, by each way.
fn told_once(outside: &Outside) {
    until("all notices", || outside.chat.heard().len() == 2 && outside.mail.heard().len() == 2);
    std::thread::sleep(Duration::from_secs(2));
    let chat = outside.chat.heard();
    let titles: Vec<&str> = chat.iter().filter_map(|text| text.lines().next()).collect();
    expect![[r#"
        Gate: hello@v2.0.0 against hello@v1.0.0: failed
        Gate: hello@v2.0.0 against hello@v1.0.0: passed"#]]
    .assert_eq(&titles.join("\n"));
    let mail = &outside.mail.heard()[0];
    assert!(mail.contains("RCPT TO:<ada@example.org>"), "{mail}");
    assert!(mail.contains("Subject: Gate: hello@v2.0.0 against hello@v1.0.0: failed"), "{mail}");
    assert_eq!(outside.mail.heard().len(), 2);
}

fn no_secret_is_kept(project: &Project) {
    let key = APP_KEY.lines().nth(1).unwrap();
    for file in ["serve.log", "service.sqlite", "service.sqlite-wal"] {
        let bytes = fs::read(project.path(file)).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        for secret in [SECRET, key, "ghs_0", &PASSWORD.replace(' ', "_")] {
            assert!(!text.contains(secret), "{file} holds {secret}");
        }
    }
}

#[test]
fn a_confirmed_regression_has_an_issue_while_it_is_one() {
    let outside = Outside::start(Listener::mail_by_starttls);
    let project = Project::new("right");
    let config = super::config("right") + &outside.config("", "starttls");
    project.write("bench.toml", &config);
    fs::create_dir(project.path("data")).unwrap();
    let synth = ["--db", "synth.sqlite", "synth", "--series", "10", "--versions", "100"];
    assert_eq!(project.bench(&synth).code, 0);
    project.json(&["--db", "synth.sqlite", "detect", "--json"]);
    let alerts = project.path("data/alerts.toml");
    let written = fs::read_to_string(&alerts).unwrap();
    let (before, after) = written.split_once("verdict = \"regressed\"").unwrap();
    let confirmed = after.replacen("state = \"new\"", "state = \"confirmed\"", 1);
    let confirmed = format!("{before}verdict = \"regressed\"{confirmed}");
    fs::write(&alerts, &confirmed).unwrap();

    let secrets = [("BENCH_GITHUB_TOKEN", TOKEN)];
    let serving = outside.serve(&project, "synth.sqlite", &secrets);
    until("an issue", || !outside.standin.kept().issues.is_empty());
    until("notices", || outside.chat.heard().len() == 1 && outside.mail.heard().len() == 1);
    let issue = outside.standin.kept().issues[0].clone();
    assert_eq!(issue["state"], "open");
    let title = issue["title"].as_str().unwrap();
    assert!(title.starts_with("Regression: ") && title.contains(" by +"), "{title}");
    assert!(outside.chat.heard()[0].starts_with("Regression: "), "{:?}", outside.chat.heard());
    drop(serving);

    fs::write(&alerts, confirmed.replace("state = \"confirmed\"", "state = \"fixed\"")).unwrap();
    let _serving = outside.serve(&project, "synth.sqlite", &secrets);
    until("its end", || outside.standin.kept().issues[0]["state"] == "closed");
    let kept = outside.standin.kept();
    assert_eq!((kept.issues.len(), outside.chat.heard().len()), (1, 1));
}

/// Nothing is half connected, and no secret stands in `bench.toml`.
#[test]
fn what_is_missing_to_be_connected_is_said() {
    let project = Project::new("right");
    let github = "\n[service.github]\nrepository = \"owner/host\"\n";
    let mail = "\n[service.mail]\nserver = \"m\"\nuser = \"u\"\nfrom = \"a@b\"\nto = [\"c@d\"]\n";
    project.write("short", "short\n");
    let check = |config: &str, secrets: &[(&str, &str)]| {
        project.write("bench.toml", &format!("{}{config}", super::config("right")));
        let mut command = project.command(&["serve", "--listen", "127.0.0.1:0"]);
        let said: super::Said = command.envs(secrets.iter().copied()).output().unwrap().into();
        assert_eq!(said.code, 2, "{}", said.err);
        format!("{}\n", said.err.lines().last().unwrap_or_default())
    };
    let secret = ("BENCH_GITHUB_SECRET", SECRET);
    let told = [
        check("", &[secret]),
        check(github, &[("BENCH_GITHUB_TOKEN", "t")]),
        check(github, &[("BENCH_GITHUB_SECRET_FILE", "short"), ("BENCH_GITHUB_TOKEN", "t")]),
        check(github, &[("BENCH_GITHUB_SECRET_FILE", "nowhere")]),
        check(github, &[("BENCH_GITHUB_SECRET", " ")]),
        check(github, &[secret, ("BENCH_GITHUB_SECRET_FILE", "short")]),
        check(github, &[secret]),
        check(github, &[secret, ("BENCH_GITHUB_TOKEN", "t"), ("BENCH_GITHUB_APP_KEY", "k")]),
        check(&format!("{github}app = 7\n"), &[secret, ("BENCH_GITHUB_TOKEN", "t")]),
        check(&format!("{github}app = 7\n"), &[secret, ("BENCH_GITHUB_APP_KEY", "no key")]),
        check(mail, &[]),
        check("", &[("BENCH_MAIL_PASSWORD", "p")]),
        check("", &[("BENCH_SLACK_URL", "hooks.example.org")]),
    ];
    expect![[r#"
        error: BENCH_GITHUB_SECRET is set, and bench.toml has no [service.github] that says of which repository
        error: BENCH_GITHUB_SECRET is not set: the secret that the webhook was given on GitHub
        error: BENCH_GITHUB_SECRET has 5 characters, which can be guessed; give 16 or more
        error: reading nowhere, which BENCH_GITHUB_SECRET_FILE names: No such file or directory (os error 2)
        error: BENCH_GITHUB_SECRET is empty
        error: BENCH_GITHUB_SECRET and BENCH_GITHUB_SECRET_FILE are both set; one of them is enough
        error: [service.github] needs BENCH_GITHUB_TOKEN, or `app` with BENCH_GITHUB_APP_KEY: one of them, and not both
        error: [service.github] needs BENCH_GITHUB_TOKEN, or `app` with BENCH_GITHUB_APP_KEY: one of them, and not both
        error: `app` of [service.github] needs BENCH_GITHUB_APP_KEY, the App's private key, and no BENCH_GITHUB_TOKEN
        error: GitHub: the App's private key is no PEM: no items found
        error: `user` of [service.mail] and BENCH_MAIL_PASSWORD belong together: give both, or none
        error: BENCH_MAIL_PASSWORD is set, and bench.toml has no [service.mail] that says of which server
        error: BENCH_SLACK_URL is no address: give the one that the chat service made
    "#]].assert_eq(&told.concat());
}
