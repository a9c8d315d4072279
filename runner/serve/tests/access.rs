//! Who may write, and how that is refused.

use super::Service;
use store::Scope;

#[test]
fn a_token_that_is_missing_wrong_expired_or_revoked_is_refused_and_written_down() {
    let service = Service::start();
    let check = |token: Option<&str>, expected: &str| {
        let told = service.post("/api/v1/runs", token, b"{}").problem(401);
        assert!(told.contains(expected), "{told}");
        assert_eq!(service.audit()[0], ("authenticate".to_owned(), "refused", told));
    };
    check(None, "this needs a token");
    check(Some("secret"), "the token is not one");
    let good = service.token(&[Scope::Upload]);
    let mut wrong = good.clone();
    wrong.replace_range(20..24, if good[20..].starts_with("AAAA") { "BBBB" } else { "AAAA" });
    check(Some(&wrong), "there is no such token");
    check(Some(&good.replacen(&good[5..9], "ffff", 1)), "there is no such token");
    check(Some(&service.token_for(&[Scope::Upload], None, -1)), "the token has expired");
    let name = good.split('_').nth(1).unwrap();
    let now = jiff::Timestamp::now();
    assert!(service.runtime.block_on(service.store.revoke_token(name, now)).unwrap());
    check(Some(&good), "the token was revoked");
}

#[test]
fn a_scope_permits_what_it_says_and_nothing_else() {
    let service = Service::start();
    let job = br#"{"kind":"run"}"#;
    let lease = br#"{"worker":"w","testbed":"t"}"#;
    let check = |scope: Scope, path: &str, body: &[u8], is_allowed: bool| {
        let answer = service.post(path, Some(&service.token(&[scope])), body);
        assert_eq!(answer.status != 403, is_allowed, "{} {path}: {}", scope.word(), answer.text());
    };
    check(Scope::Upload, "/api/v1/runs", b"", true);
    check(Scope::Upload, "/api/v1/jobs", job, false);
    check(Scope::Upload, "/api/v1/jobs/lease", lease, false);
    check(Scope::Jobs, "/api/v1/runs", b"", false);
    check(Scope::Jobs, "/api/v1/jobs", job, true);
    check(Scope::Admin, "/api/v1/runs", b"", false);
    let told = service.audit();
    assert!(
        told.iter().any(|(_, outcome, detail)| *outcome == "refused"
            && detail.contains("does not permit `upload`"))
    );
    let reading = |scope| {
        let token = format!("Bearer {}", service.token(&[scope]));
        service.get("/api/v1/audit", &[("authorization", &token)]).status.as_u16()
    };
    assert_eq!((reading(Scope::Jobs), reading(Scope::Admin)), (403, 200));
}

#[test]
fn where_reading_is_private_it_needs_a_token() {
    let service = Service::with(|settings| settings.is_private = true);
    for path in ["/", "/api/v1/series", "/metrics", "/queue", "/api"] {
        service.get(path, &[]).problem(401);
    }
    let token = format!("Bearer {}", service.token(&[Scope::Upload]));
    assert_eq!(service.get("/api/v1/series", &[("authorization", &token)]).status, 200);
    assert_eq!(service.get("/healthz", &[]).status, 200);
}

#[test]
fn who_asks_too_often_is_told_to_wait() {
    let service = Service::with(|settings| settings.rate_per_s = 1);
    let answers: Vec<_> = (0..10).map(|_| service.get("/api/v1/suites", &[])).collect();
    let refused: Vec<_> = answers.iter().filter(|answer| answer.status == 429).collect();
    assert!(refused.len() >= 4 && refused.len() < 10, "{}", refused.len());
    assert!(refused[0].header("retry-after").parse::<u32>().unwrap() > 0);
    assert_eq!(service.get("/healthz", &[]).status, 200);
}

#[test]
fn who_guesses_tokens_is_slowed_down_and_does_not_fill_the_log() {
    let service = Service::start();
    let answers: Vec<u16> =
        (0..80).map(|_| service.post("/api/v1/jobs", Some("guess"), b"").status.as_u16()).collect();
    let refused = answers.iter().filter(|status| **status == 401).count();
    assert!((50..75).contains(&refused), "{refused}");
    assert!(answers[75..].iter().all(|status| *status == 429), "{answers:?}");
    assert!(service.audit().len() <= 50);
}

#[test]
fn headers_that_drip_are_not_waited_for() {
    use std::io::{Read as _, Write as _};
    let service = Service::with(|settings| {
        settings.header_timeout = std::time::Duration::from_millis(300);
    });
    let mut slow = std::net::TcpStream::connect(service.addr).unwrap();
    slow.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n").unwrap();
    let mut rest = Vec::new();
    // Closed by the service, not by us.
    slow.set_read_timeout(Some(std::time::Duration::from_secs(30))).unwrap();
    slow.read_to_end(&mut rest).unwrap();
    assert_eq!(service.get("/healthz", &[]).status, 200);
}
