//! The client against a local stand-in that keeps what it is told, and misbehaves as
//! GitHub does now and then. What is asked and answered is held against GitHub's own
//! description of its API, and events are GitHub's own examples.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "in a test a panic is the report; clippy knows only functions marked #[test]"
)]

#[path = "github/answers.rs"]
mod answers;
#[path = "github/published.rs"]
mod published;
/// A GitHub of comments, check runs, statuses, issues, releases.
#[path = "github/standin.rs"]
mod standin;

use github::{
    Ask, Client, Conclusion, Credentials, Failure, Issue, Patience, Place, Report, Row, Said, asked,
};
use serde_json::{Value, json};
use standin::{APP, APP_KEY, INSTALLATION, StandIn, TOKEN};
use std::time::Duration;

const QUICK: Patience =
    Patience { attempts: 5, longest: Duration::from_secs(5), second: Duration::from_millis(1) };

fn place() -> Place {
    Place { repository: "owner/host".to_owned(), installation: None }
}

fn client(standin: &StandIn) -> Client {
    Client::new(&standin.url(), Credentials::Token(TOKEN.to_owned()), QUICK).unwrap()
}

fn app(standin: &StandIn) -> Client {
    Client::new(&standin.url(), Credentials::App(APP, APP_KEY.to_owned()), QUICK).unwrap()
}

fn report(conclusion: Conclusion) -> Report {
    let row = Row {
        suite: "size".to_owned(),
        name: "size binary default binary_bytes".to_owned(),
        found: "+5.0 %".to_owned(),
        verdict: "regressed".to_owned(),
        is_bad: conclusion == Conclusion::Failure,
    };
    let link = Some("https://bench.example.org/queue#1".to_owned());
    Report { title: "b against a".to_owned(), conclusion, rows: vec![row], others: 3, link }
}

#[test]
fn a_pull_request_has_one_comment_however_often_it_is_told() {
    let standin = StandIn::start();
    let client = client(&standin);
    // More than a page of what others wrote.
    standin.kept().comments.extend((0..120).map(|n| (7, format!("remark {n}"))));
    client.comment(&place(), 7, Said::Report, "first").unwrap();
    client.comment(&place(), 7, Said::Answer, "what?").unwrap();
    // Lost on the way back: it was heard, and is not said again.
    client.comment(&place(), 7, Said::Report, "second").unwrap();
    let comments = standin.comments(7);
    assert_eq!(comments.len(), 122);
    assert_eq!(comments[120], "<!-- arewefastyet report -->\nsecond");
    assert_eq!(comments[121], "<!-- arewefastyet answer -->\nwhat?");
}

#[test]
fn a_check_run_goes_from_being_measured_to_red_with_its_table() {
    let standin = StandIn::start();
    let (client, sha) = (app(&standin), "a".repeat(40));
    assert!(client.is_app());
    let of = |job| (sha.as_str(), "arewefastyet / gate", job);
    client.check(&place(), of("job1"), None).unwrap();
    assert_eq!(standin.kept().checks[0]["status"], "in_progress");
    client.check(&place(), of("job1"), Some(&report(Conclusion::Failure))).unwrap();
    client.check(&place(), of("job2"), Some(&report(Conclusion::Open))).unwrap();
    let kept = standin.kept();
    let [first, second] = kept.checks.as_slice() else { panic!("{:?}", kept.checks) };
    assert_eq!((&first["status"], &first["conclusion"]), (&json!("completed"), &json!("failure")));
    assert!(first["output"]["summary"].as_str().unwrap().contains("| **regressed** | size binary"));
    assert_eq!(first["output"]["annotations"][0]["path"], "suites/size/suite.toml");
    assert_eq!(second["conclusion"], "action_required");
    // One token for all of it.
    assert_eq!(kept.tokens, ["ghs_0"]);
}

#[test]
fn a_token_that_is_refused_is_replaced_once() {
    let standin = StandIn::start();
    let client = app(&standin);
    standin.kept().pulls.insert(7, "c".repeat(40));
    let place = Place { installation: Some(INSTALLATION), ..place() };
    client.pull_head(&place, 7).unwrap();
    standin.misbehave(&[(401, &[], "Bad credentials")]);
    assert_eq!(client.pull_head(&place, 7).unwrap(), "c".repeat(40));
    assert_eq!(standin.kept().tokens.len(), 2);
}

#[test]
fn a_commit_without_an_app_has_a_status() {
    let standin = StandIn::start();
    let (client, sha) = (client(&standin), "a".repeat(40));
    client.status(&place(), (&sha, "arewefastyet / gate"), None).unwrap();
    let undecided = report(Conclusion::Open);
    client.status(&place(), (&sha, "arewefastyet / gate"), Some(&undecided)).unwrap();
    let kept = standin.kept();
    let states: Vec<&Value> = kept.statuses.iter().map(|it| &it["state"]).collect();
    assert_eq!(states, ["pending", "failure"]);
}

#[test]
fn a_regression_has_one_issue_from_its_beginning_to_its_end() {
    let standin = StandIn::start();
    let client = client(&standin);
    let issue = |key: &str, text: &str| Issue {
        key: key.to_owned(),
        title: format!("Regression of {key}"),
        text: text.to_owned(),
    };
    let tell = |issues: &[Issue]| client.issues(&place(), issues).unwrap();
    let states = || -> Vec<(String, bool)> {
        let kept = standin.kept();
        let word = |it: &Value| it.as_str().unwrap().to_owned();
        let all = kept.issues.iter();
        all.map(|it| (word(&it["state"]), it["body"].as_str().unwrap().contains("Closed")))
            .collect()
    };
    assert_eq!(tell(&[]), 0);
    assert_eq!(tell(&[issue("a", "by 5 %")]), 1);
    assert_eq!(tell(&[issue("a", "by 5 %")]), 0);
    assert_eq!(tell(&[issue("a", "by 6 %"), issue("b", "by 2 %")]), 2);
    assert_eq!(standin.kept().issues[0]["body"], "<!-- arewefastyet regression a -->\nby 6 %");
    assert_eq!(tell(&[issue("b", "by 2 %")]), 1);
    assert_eq!(states(), [("closed".to_owned(), true), ("open".to_owned(), false)]);
    assert_eq!(tell(&[issue("a", "by 7 %"), issue("b", "by 2 %")]), 1);
    assert_eq!(states()[0], ("open".to_owned(), false));
    // Somebody has had enough of it.
    standin.kept().issues[0]["state"] = json!("closed");
    assert_eq!(tell(&[issue("a", "by 8 %"), issue("b", "by 2 %")]), 0);
    assert_eq!(standin.kept().issues.len(), 2);
}

#[test]
fn what_passes_is_waited_for_and_what_is_refused_is_told() {
    let standin = StandIn::start();
    let (client, sha) = (client(&standin), "b".repeat(40));
    let status = || client.status(&place(), (&sha, "x"), None);
    let soon = (jiff::Timestamp::now().as_second() + 3).to_string();
    standin.misbehave(&[
        (502, &[], "Bad Gateway"),
        (429, &[("retry-after", "2")], "You have exceeded a secondary rate limit"),
        (
            403,
            &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", &soon)],
            "API rate limit exceeded",
        ),
        (403, &[], "You have exceeded a secondary rate limit and have been temporarily blocked"),
    ]);
    status().unwrap();
    assert_eq!(standin.kept().seen.len(), 5);

    standin.misbehave(&[
        (500, &[], "a"),
        (500, &[], "b"),
        (503, &[], "c"),
        (500, &[], "d"),
        (502, &[], "e"),
    ]);
    let told = status().unwrap_err().to_string();
    assert_eq!(told, format!("GitHub POST /repos/owner/host/statuses/{sha}: 502 Bad Gateway: e"));

    // Longer than anybody waits here: it comes back later.
    standin.kept().seen.clear();
    standin.misbehave(&[(
        403,
        &[("retry-after", "80000")],
        "You have exceeded a secondary rate limit",
    )]);
    let failure = status().unwrap_err();
    let waits = matches!(failure, Failure::Passing { wait: Some(wait), .. } if wait == Duration::from_secs(80));
    assert!(waits, "{failure:?}");
    assert_eq!(standin.kept().seen.len(), 1);

    for (code, what) in
        [(422, "Validation Failed"), (403, "Resource not accessible by integration")]
    {
        standin.misbehave(&[(code, &[], what)]);
        let told = status().unwrap_err().to_string();
        let request = format!("POST /repos/owner/host/statuses/{sha}");
        assert_eq!(told, format!("GitHub refused {request} ({code}): {what}"));
    }
    // An answer that is none.
    standin.misbehave(&[(301, &[("location", "https://example.org")], "Moved Permanently")]);
    assert!(matches!(status(), Err(Failure::Refused { status: 301, .. })));
}

#[test]
fn it_knows_who_may_write_and_which_release_came_before() {
    let standin = StandIn::start();
    let client = client(&standin);
    for (user, right) in
        [("writer", "write"), ("owner", "admin"), ("reader", "read"), ("some[bot]", "write")]
    {
        standin
            .kept()
            .permissions
            .insert(user.replace('[', "%5B").replace(']', "%5D"), right.to_owned());
    }
    for (user, expected) in [
        ("writer", true),
        ("owner", true),
        ("some[bot]", true),
        ("reader", false),
        ("nobody", false),
        ("../../x", false),
        ("", false),
    ] {
        assert_eq!(client.may_write(&place(), user).unwrap(), expected, "{user}");
    }
    let release = |id, day: &str| (id, format!("v{id}"), format!("2026-11-{day}T00:00:00Z"));
    standin.kept().releases = vec![release(3, "03"), release(2, "02"), release(1, "01")];
    assert_eq!(client.release_before(&place(), 3).unwrap().as_deref(), Some("v2"));
    assert_eq!(client.release_before(&place(), 1).unwrap(), None);
    standin.kept().commits.insert("v3".to_owned(), "d".repeat(40));
    assert_eq!(client.commit(&place(), "v3").unwrap(), "d".repeat(40));
    assert!(matches!(client.commit(&place(), "v4"), Err(Failure::Refused { status: 404, .. })));
    assert!(client.commit(&place(), "../x").is_err());
}

#[test]
fn what_cannot_be_used_is_said_at_once_and_without_secrets() {
    let new = |api: &str, credentials| match Client::new(api, credentials, QUICK) {
        Ok(_) => "it was taken".to_owned(),
        Err(failure) => failure.to_string(),
    };
    let token = || Credentials::Token("s3cret".to_owned());
    assert_eq!(
        new("api.github.com", token()),
        "GitHub: address api.github.com: give the whole address, e.g. https://api.github.com"
    );
    let told = new("https://api.github.com", Credentials::App(1, "s3cret".to_owned()));
    assert!(told.starts_with("GitHub: the App's private key is no PEM"), "{told}");
    assert!(!told.contains("s3cret") && !format!("{:?}", token()).contains("s3cret"));
    // Nobody is there.
    let client = Client::new("http://127.0.0.1:1", token(), QUICK).unwrap();
    let told = client.pull_head(&place(), 7).unwrap_err().to_string();
    assert!(told.starts_with("GitHub GET /repos/owner/host/pulls/7: "), "{told}");
    assert!(!told.contains("s3cret"));
}

/// GitHub's own examples, with what matters here in them.
fn ask(event: &str, action: Option<&str>, change: impl FnOnce(&mut Value)) -> Option<(Place, Ask)> {
    let mut payload = published::delivery(event, action);
    change(&mut payload);
    asked(event, "benchmark", payload.to_string().as_bytes()).unwrap()
}

#[test]
fn events_ask_for_what_they_should_and_for_nothing_else() {
    let (place, gate) = ask("release", Some("published"), |it| {
        it["release"]["draft"] = false.into();
        it["installation"] = json!({ "id": 5, "node_id": "x" });
    })
    .unwrap();
    assert_eq!(place.installation, Some(5));
    assert!(place.repository.contains('/'), "{place:?}");
    assert!(matches!(gate, Ask::Gate { .. }), "{gate:?}");
    assert_eq!(ask("release", Some("published"), |it| it["release"]["draft"] = true.into()), None);

    let push = |name: &'static str, deleted: bool| {
        ask("push", None, |it| {
            it["repository"]["default_branch"] = "main".into();
            it["ref"] = name.into();
            it["deleted"] = deleted.into();
            it["after"] = "abc".into();
        })
        .map(|it| it.1)
    };
    assert_eq!(push("refs/heads/main", false), Some(Ask::Measure { sha: "abc".to_owned() }));
    assert_eq!(push("refs/heads/main", true), None);
    assert_eq!(push("refs/heads/topic", false), None);
    assert_eq!(push("refs/tags/main", false), None);

    let labelled = |name: &'static str| {
        ask("pull_request", Some("labeled"), |it| it["label"]["name"] = name.into())
    };
    let Some((_, Ask::Compare { base, head, by, .. })) = labelled("benchmark") else {
        panic!("nothing was asked for")
    };
    assert!(!base.is_empty() && head.unwrap().len() == 40 && !by.is_empty());
    assert_eq!(labelled("bug"), None);
    assert_eq!(ask("pull_request", Some("opened"), |_| {}), None);

    let comment = |text: &'static str, is_pull: bool, action| {
        let told = ask("issue_comment", Some(action), |it| {
            it["comment"]["body"] = text.into();
            it["comment"]["user"]["login"] = "x".into();
            it["issue"]["number"] = 7.into();
            it["issue"]["pull_request"] =
                if is_pull { json!({ "url": "https://x" }) } else { Value::Null };
        });
        told.map(|it| it.1)
    };
    let compare = Ask::Compare {
        number: 7,
        base: "main".to_owned(),
        head: None,
        suite: Some("size".to_owned()),
        by: "x".to_owned(),
    };
    assert_eq!(comment("/bench compare main size", true, "created"), Some(compare));
    assert!(matches!(comment("/bench", true, "created"), Some(Ask::Explain { number: 7, .. })));
    assert_eq!(comment("/bench compare main", false, "created"), None);
    assert_eq!(comment("/bench compare main", true, "edited"), None);
    assert_eq!(comment("nice", true, "created"), None);

    let again = ask("check_run", Some("rerequested"), |it| {
        it["check_run"]["external_id"] = "job1".into();
        it["sender"]["login"] = "x".into();
    });
    assert_eq!(again.unwrap().1, Ask::Again { job: "job1".to_owned(), by: "x".to_owned() });
    assert_eq!(ask("ping", None, |_| {}), None);
    assert!(asked("push", "benchmark", b"{").is_err());
    assert!(asked("push", "benchmark", b"{}").is_err());
}
