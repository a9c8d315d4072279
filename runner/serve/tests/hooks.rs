//! Webhooks: what GitHub asks for is queued, and everything else is refused with its
//! reason, and in the books.

use super::Service;
use super::delivering::Sending;
use super::published::delivery;
use super::standin::{APP, APP_KEY, StandIn, TOKEN};
use github::{Client, Credentials, Patience};
use serde_json::{Value, json};
use serve::GitHub;
use std::sync::Arc;
use std::time::Duration;
use store::Scope;

const SECRET: &str = "a secret that was agreed on";
const HEAD: &str = "cccccccccccccccccccccccccccccccccccccccc";

/// A service for `owner/host` on that GitHub.
fn hearing(standin: &StandIn, credentials: Credentials) -> Service {
    let patience = Patience { second: Duration::from_millis(1), ..Patience::LONG };
    let client = Client::new(&standin.url(), credentials, patience).unwrap();
    {
        let mut kept = standin.kept();
        kept.permissions.insert("writer".to_owned(), "write".to_owned());
        kept.permissions.insert("reader".to_owned(), "read".to_owned());
        kept.pulls.insert(7, HEAD.to_owned());
        for (name, digit) in [("main", "a"), ("v1.0.0", "1"), ("v2.0.0", "2")] {
            kept.commits.insert(name.to_owned(), digit.repeat(40));
        }
        let release = |id, tag: &str, day: &str| (id, tag.to_owned(), day.to_owned());
        kept.releases = vec![
            release(2, "v2.0.0", "2026-11-02T00:00:00Z"),
            release(1, "v1.0.0", "2026-11-01T00:00:00Z"),
        ];
    }
    Service::with(|settings| {
        settings.url = Some("https://bench.example.org".to_owned());
        settings.github = Some(Arc::new(GitHub {
            repository: "owner/host".to_owned(),
            label: "benchmark".to_owned(),
            secret: SECRET.as_bytes().to_vec(),
            client,
        }));
    })
}

fn with_token(standin: &StandIn) -> Service {
    hearing(standin, Credentials::Token(TOKEN.to_owned()))
}

/// GitHub's example of an event, of this repository.
fn event(name: &str, action: Option<&str>, change: impl FnOnce(&mut Value)) -> Value {
    let mut payload = delivery(name, action);
    payload["repository"]["full_name"] = "owner/host".into();
    payload["repository"]["default_branch"] = "main".into();
    change(&mut payload);
    payload
}

fn comment(text: &str, by: &str) -> Value {
    event("issue_comment", Some("created"), |it| {
        it["comment"]["body"] = text.into();
        it["comment"]["user"]["login"] = by.into();
        it["issue"]["number"] = 7.into();
        it["issue"]["pull_request"] = json!({ "url": "https://x" });
    })
}

fn release() -> Value {
    event("release", Some("published"), |it| {
        it["release"]["id"] = 2.into();
        it["release"]["tag_name"] = "v2.0.0".into();
        it["release"]["draft"] = false.into();
    })
}

fn url(service: &Service) -> String {
    format!("http://{}", service.addr)
}

fn send(service: &Service, event: &str, name: &str, payload: &Value) -> (u16, String) {
    Sending { secret: SECRET, event, name }.send(&url(service), payload)
}

/// Kind and words of every job, the oldest first.
fn jobs(service: &Service) -> Vec<String> {
    let jobs = service.json("/api/v1/jobs");
    let line = |job: &Value| {
        let words: Vec<&str> =
            job["arguments"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
        format!("{} {}", job["kind"].as_str().unwrap(), words.join(" "))
    };
    let mut all: Vec<String> = jobs["items"].as_array().unwrap().iter().map(line).collect();
    all.reverse();
    all
}

#[test]
fn what_github_asks_for_is_queued() {
    let standin = StandIn::start();
    let service = with_token(&standin);
    let push = event("push", None, |it| {
        it["ref"] = "refs/heads/main".into();
        it["deleted"] = false.into();
        it["after"] = "b".repeat(40).into();
    });
    let labelled = event("pull_request", Some("labeled"), |it| {
        it["label"]["name"] = "benchmark".into();
        it["pull_request"]["number"] = 7.into();
        it["pull_request"]["head"]["sha"] = HEAD.into();
        it["pull_request"]["base"]["ref"] = "main".into();
        it["sender"]["login"] = "writer".into();
    });
    for (name, payload) in [
        ("push", &push),
        ("release", &release()),
        ("pull_request", &labelled),
        ("issue_comment", &comment("/bench compare v1.0.0 size", "writer")),
        ("ping", &event("ping", None, |_| {})),
    ] {
        let (status, told) = send(&service, name, name, payload);
        assert_eq!(status, 202, "{name}: {told}");
    }
    let [a, b, one] = ["a", "b", "1"].map(|digit| digit.repeat(40));
    assert_eq!(
        jobs(&service),
        [
            format!("run host@{b} --suite size"),
            "gate --baseline host@v1.0.0 --candidate host@v2.0.0".to_owned(),
            format!("compare host@{a} host@{HEAD}"),
            format!("compare host@{one} host@{HEAD} --suite size"),
        ]
    );
    let books = service.audit();
    assert_eq!(books.iter().filter(|it| (it.0.as_str(), it.1) == ("webhook", "done")).count(), 4);
    // Whoever waits is told that it is being measured.
    service.until("being told", || standin.kept().statuses.len() == 4);
    let kept = standin.kept();
    assert!(kept.statuses.iter().all(|it| it["state"] == "pending"), "{:?}", kept.statuses);
}

/// Everything that must not get through, with its reason, which is in the books as well.
#[test]
fn what_is_not_githubs_or_not_allowed_is_refused_and_booked() {
    let standin = StandIn::start();
    let service = with_token(&standin);
    let url = url(&service);
    let body = release().to_string();
    let sending = |event, name| Sending { secret: SECRET, event, name };
    let long = vec![b' '; (25 << 20) + 1];
    let strange = event("release", Some("published"), |it| {
        it["repository"]["full_name"] = "evil/host".into();
    });
    let told = [
        sending("release", "unsigned").send_signed(&url, body.as_bytes(), None),
        sending("release", "half").send_signed(&url, body.as_bytes(), Some("sha256=00")),
        Sending { secret: "another secret", event: "release", name: "forged" }
            .send(&url, &release()),
        sending("release", "long").send_signed(&url, &long, Some("sha256=00")),
        sending("release", "broken").send(&url, &json!([1])),
        sending("release", "strange").send(&url, &strange),
        sending("issue_comment", "reader").send(&url, &comment("/bench compare main", "reader")),
        sending("issue_comment", "nobody").send(&url, &comment("/bench compare main", "nobody")),
        sending("issue_comment", "muddled").send(&url, &comment("/bench please", "reader")),
        sending("release", "").send(&url, &release()),
    ];
    let expected = [
        (401, "X-Hub-Signature-256: missing, or not `sha256=` and 64 hexadecimal digits"),
        (401, "X-Hub-Signature-256: missing, or not `sha256=` and 64 hexadecimal digits"),
        (
            401,
            "X-Hub-Signature-256: it is not the signature of this body; is the secret the same at both ends?",
        ),
        (413, "the body is longer than 26214400 bytes"),
        (400, "a release event: "),
        (403, "this service is for owner/host, not evil/host"),
        (403, "reader may not write to owner/host, so nothing is measured"),
        (403, "nobody may not write to owner/host, so nothing is measured"),
        (403, "reader may not write to owner/host, so nothing is measured"),
        (400, "X-GitHub-Delivery: missing or too long"),
    ];
    let mut books: Vec<String> = service
        .audit()
        .into_iter()
        .filter(|(action, outcome, _)| action == "webhook" && *outcome == "refused")
        .map(|(_, _, detail)| detail)
        .collect();
    books.reverse();
    assert_eq!(books.len(), expected.len(), "{books:#?}");
    for (((status, text), (code, why)), booked) in told.iter().zip(expected).zip(&books) {
        let problem: Value = serde_json::from_str(text).unwrap();
        let detail = problem["detail"].as_str().unwrap();
        assert_eq!(*status, code, "{text}");
        assert!(detail.starts_with(why), "{detail}");
        assert_eq!(detail, booked);
    }
    assert_eq!(jobs(&service), [""; 0]);
    assert!(standin.comments(7).is_empty(), "a stranger made it speak");
    assert!(service.get("/webhooks/github", &[]).problem(405).contains("does not answer"));
}

#[test]
fn a_delivery_is_heard_once_under_whatever_name() {
    let standin = StandIn::start();
    let service = with_token(&standin);
    // What the service asks by itself is over.
    service.until("looking for issues", || {
        standin.kept().seen.iter().any(|it| it == "GET /repos/owner/host/issues")
    });
    // GitHub is out of order, so the delivery failed, and may come again.
    standin.misbehave(&[(502, &[], "x"), (502, &[], "x")]);
    let (status, told) = send(&service, "release", "first", &release());
    assert_eq!(status, 502, "{told}");
    assert_eq!(send(&service, "release", "first", &release()).0, 202);
    for name in ["first", "second"] {
        let (status, told) = send(&service, "release", name, &release());
        assert_eq!(status, 409, "{told}");
        assert!(told.contains("was heard before"), "{told}");
    }
    assert_eq!(jobs(&service).len(), 1);
    let books: Vec<&str> = service.audit().iter().map(|it| it.1).collect();
    let of = |outcome| books.iter().filter(|it| **it == outcome).count();
    assert_eq!((of("done"), of("failed"), of("refused")), (1, 1, 2));
}

#[test]
fn who_writes_it_wrongly_is_told_and_who_is_not_known_is_not() {
    let standin = StandIn::start();
    let service = with_token(&standin);
    for (name, text) in [("usage", "/bench please"), ("nowhere", "/bench compare nowhere")] {
        let (status, told) = send(&service, "issue_comment", name, &comment(text, "writer"));
        assert_eq!(status, 202, "{told}");
    }
    let comments = standin.comments(7);
    assert_eq!(
        comments,
        ["<!-- arewefastyet answer -->\nNothing is measured: there is no commit `nowhere`"]
    );
    assert_eq!(jobs(&service), [""; 0]);
}

/// A job that a token asked for is nobody's business on GitHub, whatever it says of itself.
#[test]
fn only_github_has_things_told_to_github() {
    let standin = StandIn::start();
    let service = with_token(&standin);
    let token = service.token(&[Scope::Jobs]);
    let sha = "e".repeat(40);
    let job = json!({ "kind": "run", "once": format!("github owner/host 0 7 {sha} 0") });
    assert_eq!(service.post("/api/v1/jobs", Some(&token), job.to_string().as_bytes()).status, 201);
    assert_eq!(send(&service, "release", "gate", &release()).0, 202);
    service.until("being told", || !standin.kept().statuses.is_empty());
    assert!(standin.kept().statuses.iter().all(|it| it["sha"] != sha.as_str()));
}

#[test]
fn a_check_run_can_be_asked_for_again() {
    let standin = StandIn::start();
    let service = hearing(&standin, Credentials::App(APP, APP_KEY.to_owned()));
    assert_eq!(send(&service, "release", "gate", &release()).0, 202);
    service.until("a check run", || !standin.kept().checks.is_empty());
    let check = standin.kept().checks[0].clone();
    assert_eq!(
        (&check["name"], &check["head_sha"]),
        (&json!("arewefastyet / gate"), &json!("2".repeat(40)))
    );
    let again = |by: &str, job: &Value| {
        event("check_run", Some("rerequested"), |it| {
            it["check_run"]["external_id"] = job.clone();
            it["sender"]["login"] = by.into();
        })
    };
    let job = &check["external_id"];
    assert_eq!(send(&service, "check_run", "reader", &again("reader", job)).0, 403);
    assert_eq!(send(&service, "check_run", "other", &again("writer", &json!("x"))).0, 202);
    assert_eq!(jobs(&service).len(), 1);
    assert_eq!(send(&service, "check_run", "again", &again("writer", job)).0, 202);
    let queued = jobs(&service);
    assert_eq!((queued.len(), &queued[0]), (2, &queued[1]));
    service.until("another check run", || standin.kept().checks.len() == 2);
}
