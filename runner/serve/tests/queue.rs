//! Jobs, from being asked for to their end.

use super::{Answer, Service};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader};
use std::time::Duration;
use store::Scope;

struct Queue {
    service: Service,
    token: String,
}

impl Queue {
    fn new() -> Self {
        Self::with_lease(Duration::from_secs(60))
    }

    fn with_lease(lease: Duration) -> Self {
        let service = Service::with(|settings| settings.lease = lease);
        let token = service.token(&[Scope::Jobs]);
        Self { service, token }
    }

    fn post(&self, path: &str, body: &Value) -> Answer {
        self.service.post(path, Some(&self.token), body.to_string().as_bytes())
    }

    fn submit(&self, job: &Value) -> String {
        let answer = self.post("/api/v1/jobs", job);
        assert_eq!(answer.status, 201, "{}", answer.text());
        answer.json()["job"].as_str().unwrap().to_owned()
    }

    /// The job and the lease that a machine gets, if any.
    fn lease(&self, testbed: &str) -> Option<(String, String)> {
        let answer = self.post("/api/v1/jobs/lease", &json!({ "worker": "w", "testbed": testbed }));
        if answer.status == 204 {
            return None;
        }
        let leased = answer.json();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        Some((text(&leased["job"]["job"]), text(&leased["lease"])))
    }

    fn finish(&self, (job, lease): &(String, String), code: i64) -> Answer {
        let told = json!({ "lease": lease, "exit_code": code, "outcome": "said" });
        self.post(&format!("/api/v1/jobs/{job}/finish"), &told)
    }

    fn status(&self, job: &str) -> String {
        self.service.json(&format!("/api/v1/jobs/{job}"))["status"].as_str().unwrap().to_owned()
    }
}

#[test]
fn the_most_urgent_job_goes_first_and_a_machine_has_one_at_a_time() {
    let queue = Queue::new();
    let plain = queue.submit(&json!({ "kind": "run" }));
    let urgent =
        queue.submit(&json!({ "kind": "compare", "arguments": ["v1", "v2"], "priority": 5 }));
    let bound = queue.submit(&json!({ "kind": "run", "testbed": "other", "priority": 9 }));
    let first = queue.lease("here").unwrap();
    assert_eq!(first.0, urgent);
    assert_eq!(queue.lease("here"), None, "the machine is busy");
    assert_eq!(queue.lease("other").unwrap().0, bound);
    assert_eq!(queue.finish(&first, 1).json()["status"], "done");
    assert_eq!(queue.lease("here").unwrap().0, plain);
}

#[test]
fn parents_come_first_and_take_their_children_with_them() {
    let queue = Queue::new();
    let parent = queue.submit(&json!({ "kind": "run" }));
    let child = queue.submit(
        &json!({ "kind": "gate", "arguments": ["--baseline", "a", "--candidate", "b"], "parents": [parent], "priority": 9 }),
    );
    let grandchild = queue.submit(&json!({ "kind": "run", "parents": [child] }));
    let leased = queue.lease("here").unwrap();
    assert_eq!(leased.0, parent);
    // Bad usage or input: there is nothing for the others to go on with.
    assert_eq!(queue.finish(&leased, 2).json()["status"], "failed");
    assert_eq!(queue.lease("here"), None);
    assert_eq!(
        (queue.status(&child), queue.status(&grandchild)),
        ("failed".to_owned(), "failed".to_owned())
    );
}

#[test]
fn the_job_of_a_dead_worker_is_taken_over_and_ends_once() {
    let queue = Queue::with_lease(Duration::from_millis(300));
    let job = queue.submit(&json!({ "kind": "run", "most_attempts": 1 }));
    let dead = queue.lease("here").unwrap();
    queue.service.until("the lease ends", || {
        queue.lease("here").is_none() && queue.status(&job) == "failed"
    });
    let outcome = queue.service.json(&format!("/api/v1/jobs/{job}"))["outcome"].clone();
    assert!(outcome.as_str().unwrap().contains("nothing was heard of"), "{outcome}");
    let late = queue.finish(&dead, 0);
    assert!(late.problem(409).contains("not this worker's any more"));
    // With attempts left it waits for the next one instead.
    let second = queue.submit(&json!({ "kind": "run" }));
    queue.lease("here").unwrap();
    std::thread::sleep(Duration::from_millis(400));
    assert_eq!(queue.lease("here"), None, "it waits a while before it is tried again");
    assert_eq!(queue.status(&second), "queued");
}

#[test]
fn a_worker_that_is_heard_of_keeps_its_job() {
    let queue = Queue::with_lease(Duration::from_secs(2));
    let job = queue.submit(&json!({ "kind": "run" }));
    let (name, lease) = queue.lease("here").unwrap();
    for beat in 0..6 {
        std::thread::sleep(Duration::from_millis(500));
        let told = json!({ "lease": lease, "told": [format!("beat {beat}")] });
        assert_eq!(queue.post(&format!("/api/v1/jobs/{name}/renew"), &told).json()["go_on"], true);
        assert_eq!(queue.lease("here"), None);
    }
    assert_eq!(queue.status(&job), "leased");
    let wrong = json!({ "lease": "0".repeat(32), "told": ["lies"] });
    queue.post(&format!("/api/v1/jobs/{name}/renew"), &wrong).problem(409);
}

#[test]
fn a_job_that_is_taken_back_tells_its_worker_to_stop() {
    let queue = Queue::new();
    let job = queue.submit(&json!({ "kind": "run" }));
    let leased = queue.lease("here").unwrap();
    let delete = |token: &str| {
        let request =
            queue.service.agent.delete(format!("http://{}/api/v1/jobs/{job}", queue.service.addr));
        super::answer(request.header("authorization", format!("Bearer {token}")).call().unwrap())
    };
    delete(&queue.service.token(&[Scope::Jobs])).problem(403);
    assert_eq!(delete(&queue.token).json()["status"], "cancelled");
    assert!(delete(&queue.token).problem(409).contains("has ended already"));
    assert_eq!(queue.lease("here"), None, "its worker is at it still");
    let renew =
        |lease: &str| queue.post(&format!("/api/v1/jobs/{job}/renew"), &json!({ "lease": lease }));
    assert_eq!(renew(&leased.1).json()["go_on"], false);
    assert_eq!(queue.finish(&leased, 0).json()["status"], "cancelled");
    queue.submit(&json!({ "kind": "run" }));
    assert!(queue.lease("here").is_some());
}

#[test]
fn what_asks_twice_gets_one_job_and_nonsense_none() {
    let queue = Queue::new();
    let asked = json!({ "kind": "run", "once": "push 3fa9c1e" });
    let first = queue.submit(&asked);
    let again = queue.post("/api/v1/jobs", &asked);
    assert_eq!((again.status.as_u16(), &again.json()["job"]), (200, &first.into()));
    let check = |job: Value, expected: &str| {
        let told = queue.post("/api/v1/jobs", &job).problem(422);
        assert!(told.contains(expected), "{told}");
    };
    check(json!({ "kind": "rm" }), "kind: `rm` is none of run, compare");
    check(json!({ "kind": "run", "arguments": ["--db", "x"] }), "--db is not for jobs");
    check(json!({ "kind": "run", "parents": ["nope"] }), "there is no job nope");
    check(json!({ "kind": "run", "most_attempts": 0 }), "give 1 to 10");
    check(json!({ "kind": "run", "colour": "red" }), "unknown field `colour`");
}

#[test]
fn progress_is_told_as_it_happens() {
    let queue = Queue::new();
    let job = queue.submit(&json!({ "kind": "run" }));
    let path = format!("http://{}/api/v1/jobs/{job}/events", queue.service.addr);
    let mut stream = queue.service.agent.get(path).call().unwrap();
    let leased = queue.lease("here").unwrap();
    let told = json!({ "lease": leased.1, "told": ["<b>building</b>", "measuring"] });
    queue.post(&format!("/api/v1/jobs/{job}/renew"), &told);
    queue.finish(&leased, 0);
    let lines: Vec<String> =
        BufReader::new(stream.body_mut().as_reader()).lines().map_while(Result::ok).collect();
    let data: Vec<&str> = lines.iter().filter_map(|line| line.strip_prefix("data: ")).collect();
    assert!(data.contains(&"<b>building</b>") && data.contains(&"measuring"), "{lines:?}");
    assert!(data.last().unwrap().contains("\"status\":\"done\""), "{lines:?}");
    let page = queue.service.get("/queue", &[]).text();
    assert!(page.contains(&job) && page.contains("exit code 0"), "{page}");
    assert!(queue.service.get("/metrics", &[]).text().contains("bench_jobs{status=\"done\"} 1"));
}
