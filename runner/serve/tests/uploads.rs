//! Bundles, right and wrong: everything of one is stored, or nothing.

use super::{Answer, Service, fixture};
use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::SignedDuration;
use model::{Digest, Outcome, Run, RunId, RunStatus, VersionId, bundle};
use std::io::Write as _;
use store::Scope;

/// A run that is not stored yet.
fn new_run(bits: u64) -> Run {
    let mut run = fixture::runs().remove(9);
    run.id = RunId::from_bits(bits);
    run
}

fn bytes(runs: &[Run]) -> Vec<u8> {
    let mut bytes = Vec::new();
    bundle::write(&mut bytes, runs).unwrap();
    bytes
}

fn upload(service: &Service, token: &str, body: &[u8]) -> Answer {
    service.post("/api/v1/runs", Some(token), body)
}

#[test]
fn a_bundle_is_stored_once_however_often_it_comes() {
    let service = Service::start();
    let token = service.token(&[Scope::Upload]);
    let bundle = bytes(&[new_run(0xa1), new_run(0xa2)]);
    let first = upload(&service, &token, &bundle);
    assert_eq!(first.status, 201, "{}", first.text());
    assert_eq!(first.json()["stored"], 2);
    assert_eq!(first.header("location"), "/api/v1/runs/00000000000000a1");
    // At once, not after the next look.
    assert_eq!(service.json("/api/v1/runs/00000000000000a1")["status"], "complete");
    let again = upload(&service, &token, &bundle);
    assert_eq!((again.status.as_u16(), &again.json()["repeated"]), (200, &true.into()));
    // Of another sender, packed, and with another one in it.
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(&bytes(&[new_run(0xa1), new_run(0xa3)])).unwrap();
    let other = upload(&service, &service.token(&[Scope::Upload]), &packed.finish().unwrap());
    let other = other.json();
    assert_eq!((&other["stored"], &other["already_there"]), (&1.into(), &1.into()));
    service.until("the series grow", || {
        service.json("/api/v1/runs?limit=1000")["items"].as_array().unwrap().len() == 16
    });
    assert!(service.audit().iter().any(|(action, outcome, detail)| {
        (action.as_str(), *outcome, detail.as_str())
            == ("upload", "done", "2 runs stored, 0 were there already")
    }));
}

#[test]
fn a_key_stands_for_one_bundle() {
    let service = Service::start();
    let token = service.token(&[Scope::Upload]);
    let send = |bundle: &[u8]| {
        service.post_with("/api/v1/runs", Some(&token), bundle, &[("idempotency-key", "ci 7")])
    };
    let (one, two) = (bytes(&[new_run(0xb1)]), bytes(&[new_run(0xb2)]));
    assert_eq!(send(&one).status, 201);
    assert_eq!(send(&one).status, 200);
    assert!(send(&two).problem(409).contains("`ci 7` came before with another bundle"));
    assert_eq!(service.get("/api/v1/runs/00000000000000b2", &[]).status, 404);
}

/// A change that makes a good run a bad one, and the words it is refused with.
type Case = (&'static str, fn(&mut Run), u16, &'static str);

const CASES: &[Case] = &[
    (
        "a future",
        |run| {
            let ahead = SignedDuration::from_hours(24 * 365 * 10);
            run.started_at += ahead;
            run.finished_at = run.finished_at.map(|at| at + ahead);
            run.blocks.iter_mut().for_each(|block| block.started_at += ahead);
        },
        422,
        "is in the future",
    ),
    (
        "a past",
        |run| {
            run.started_at = jiff::Timestamp::UNIX_EPOCH;
        },
        422,
        "before anything was measured",
    ),
    (
        "a block after its run",
        |run| {
            run.blocks[0].started_at += SignedDuration::from_hours(24);
        },
        422,
        "after the run or in the future",
    ),
    ("an endless block", |run| run.blocks[0].duration_ns = u64::MAX, 422, "in the future"),
    (
        "an interrupted run",
        |run| {
            run.status = RunStatus::Interrupted;
            run.finished_at = None;
        },
        422,
        "only complete runs",
    ),
    (
        "an unknown target",
        |run| {
            run.artifacts[0].target = "elsewhere".to_owned();
            run.blocks
                .iter_mut()
                .filter(|it| it.artifact == 0)
                .for_each(|it| it.cell.target = "elsewhere".to_owned());
        },
        422,
        "declares no `elsewhere`",
    ),
    (
        "a suite nobody knows",
        |run| {
            run.blocks[0].suite_sha256 = Digest::of("made up");
        },
        422,
        "neither in the checkout here nor stored",
    ),
    (
        "an arm that is not there",
        |run| {
            run.blocks[0].cell.arm = "wasi=p9".to_owned();
        },
        422,
        "has no arm",
    ),
    ("another anchor", |run| run.anchor = Some("host".to_owned()), 422, "is not the anchor"),
    (
        "markup and SQL in a name",
        |run| {
            run.blocks[0].cell.benchmark = "<script>'; DROP TABLE run; --".to_owned();
        },
        422,
        "",
    ),
    ("an empty name", |run| run.blocks[0].cell.benchmark = String::new(), 422, "cell.benchmark"),
    (
        "numbers that are none",
        |run| {
            let measured = run.blocks.iter_mut().find_map(|block| match &mut block.outcome {
                Outcome::Measured(measured) => Some(measured),
                _ => None,
            });
            if let Some(values) = measured.unwrap().samples.values_mut().next() {
                values[0] = f64::INFINITY;
            }
        },
        422,
        "not a bundle",
    ),
];

#[test]
fn what_a_bundle_claims_is_held_against_what_is_known() {
    let service = Service::start();
    let token = service.token(&[Scope::Upload]);
    for (what, change, status, expected) in CASES {
        let mut bad = new_run(0xc2);
        change(&mut bad);
        // A good run beside it is not stored either.
        let told = upload(&service, &token, &bytes(&[new_run(0xc1), bad])).problem(*status);
        assert!(told.contains(expected), "{what}: {told}");
        let (action, outcome, detail) = service.audit().swap_remove(0);
        assert_eq!(
            (action.as_str(), outcome, detail),
            ("upload", "refused", told.chars().take(1000).collect()),
            "{what}"
        );
        assert_eq!(service.get("/api/v1/runs/00000000000000c1", &[]).status, 404, "{what}");
    }
    let conflict = {
        let mut other = fixture::runs().remove(2);
        other.seed += 1;
        bytes(&[other])
    };
    assert!(
        upload(&service, &token, &conflict).problem(409).contains("other content (seed differs)")
    );
}

#[test]
fn bytes_that_are_no_bundle_change_nothing() {
    let service = Service::with(|settings| {
        settings.most_upload_bytes = 4 << 20;
        settings.most_bundle_bytes = 8 << 20;
    });
    let token = service.token(&[Scope::Upload]);
    let good = bytes(&[new_run(0xd1)]);
    let check = |body: &[u8], status: u16, expected: &str| {
        let told = upload(&service, &token, body).problem(status);
        assert!(told.contains(expected), "{told}");
    };
    check(b"", 422, "holds no run");
    check(b"nonsense\n", 422, "line 1: not a line of a bundle");
    check(&good[..good.len() - 10], 422, "the file ends inside this line");
    let at = good.windows(6).position(|it| it == b"\"seed\"").unwrap() + 7;
    let mut altered = good;
    altered[at] = if altered[at] == b'1' { b'2' } else { b'1' };
    check(&altered, 422, "was altered");
    check(&vec![b' '; 5 << 20], 413, "longer than 4194304 bytes");
    let mut bomb = GzEncoder::new(Vec::new(), Compression::best());
    bomb.write_all(&vec![b' '; 64 << 20]).unwrap();
    check(&bomb.finish().unwrap(), 413, "when it is unpacked");
    assert_eq!(service.json("/healthz")["runs"], 13);
}

#[test]
fn a_token_and_its_sender_limit_what_a_bundle_may_claim() {
    let service = Service::start();
    let run = new_run(0xe1);
    let bound = service.token_for(&[Scope::Upload], Some("00000000"), 3600);
    let told = upload(&service, &bound, &bytes(std::slice::from_ref(&run))).problem(403);
    assert!(told.contains("the token is for testbed 00000000"), "{told}");

    let VersionId::Commit { sha, .. } = &run.artifacts[0].version else { panic!("no commit") };
    let vouched = |commits: &str| {
        let path = format!("/api/v1/runs?commits={commits}");
        service.post(
            &path,
            Some(&service.token(&[Scope::Upload])),
            &bytes(std::slice::from_ref(&run)),
        )
    };
    let told = vouched(&"0".repeat(40)).problem(422);
    assert!(told.contains("which its sender did not vouch for"), "{told}");
    assert!(vouched("main").problem(400).contains("`main` is not a full hash"));
    assert_eq!(vouched(sha).status, 201);
    // Nor as anything that is no commit, or is more than one.
    for version in [
        VersionId::Release { version: "1.0.0".to_owned() },
        VersionId::Commit {
            sha: sha.clone(),
            subject: String::new(),
            committed_at: run.started_at,
            modified: Some(Digest::of("on top")),
        },
    ] {
        let mut other = new_run(0xe2);
        other.artifacts[0].version = version;
        let path = format!("/api/v1/runs?commits={sha}");
        let token = service.token(&[Scope::Upload]);
        let told = service.post(&path, Some(&token), &bytes(&[other])).problem(422);
        assert!(told.contains("which its sender did not vouch for"), "{told}");
    }
}

#[test]
fn many_send_and_many_read_and_nothing_is_lost() {
    const CLIENTS: u64 = 8;
    const EACH: u64 = 5;
    let service = Service::start();
    let token = service.token(&[Scope::Upload]);
    let (service, token) = (&service, token.as_str());
    std::thread::scope(|scope| {
        for client in 0..CLIENTS {
            scope.spawn(move || {
                for number in 0..EACH {
                    let bits = 0xf000 + client * 0x10 + number;
                    let mut run = fixture::first_run();
                    run.id = RunId::from_bits(bits);
                    let answer = upload(service, token, &bytes(&[run]));
                    assert_eq!(answer.status, 201, "{}", answer.text());
                    assert_eq!(
                        service.json(&format!("/api/v1/runs/{bits:016x}"))["status"],
                        "complete"
                    );
                }
            });
        }
        for _ in 0..CLIENTS {
            scope.spawn(move || {
                for _ in 0..20 {
                    assert!(service.get("/api/v1/series", &[]).status.is_success());
                }
            });
        }
    });
    assert_eq!(service.json("/healthz")["runs"], 13 + CLIENTS * EACH);
}
