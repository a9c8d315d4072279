//! The service and its workers, as programs of their own: what is asked for over HTTP is
//! measured, uploaded and shown, and nothing that was acknowledged is lost when one of
//! them is killed.

mod traces;

use super::Project;
use super::commits;
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A new token for workers, and for who asks for jobs; it is in the file `token`, too.
pub(super) fn token(project: &Project) -> String {
    let made = project.json(&[
        "token",
        "create",
        "--store",
        "service.sqlite",
        "--about",
        "a test",
        "--scope",
        "jobs",
        "--scope",
        "upload",
        "--json",
    ]);
    let token = made["token"].as_str().unwrap().to_owned();
    project.write("token", &format!("{token}\n"));
    token
}

const SERVE: [&str; 9] = [
    "serve",
    "--store",
    "service.sqlite",
    "--listen",
    "127.0.0.1:0",
    "--rate",
    "0",
    "--lease",
    "2",
];

/// A service that runs, on the database `service.sqlite`.
struct Serving<'p> {
    project: &'p Project,
    child: Child,
    url: String,
    token: String,
}

impl<'p> Serving<'p> {
    fn start(project: &'p Project, token: &str) -> Self {
        Self::start_with(project, token, &[])
    }

    fn start_with(project: &'p Project, token: &str, environment: &[(&str, &str)]) -> Self {
        let mut command = project.command(&SERVE);
        command.envs(environment.iter().copied());
        Self::begin(project, token, command)
    }

    fn begin(project: &'p Project, token: &str, mut command: Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let line = lines.find(|line| line.contains("http://")).expect("it says where it listens");
        // A pipe nobody reads would stop it once it is full.
        std::thread::spawn(move || lines.for_each(drop));
        let url = line.split_whitespace().next().unwrap().trim_end_matches('/').to_owned();
        Self { project, child, url, token: token.to_owned() }
    }

    fn get(&self, path: &str) -> Value {
        let mut response = ureq::get(format!("{}{path}", self.url)).call().unwrap();
        serde_json::from_str(&response.body_mut().read_to_string().unwrap()).unwrap()
    }

    /// What a list has, once it has anything.
    fn listed(&self, path: &str) -> Vec<Value> {
        self.listed_once(path, |listed| !listed.is_empty())
    }

    /// What a list has, once that `suffices`: new runs are read a moment after they came.
    fn listed_once(&self, path: &str, suffices: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        let began = Instant::now();
        loop {
            let listed = self.get(path)["items"].as_array().unwrap().clone();
            if suffices(&listed) {
                return listed;
            }
            assert!(began.elapsed() < Duration::from_secs(30), "{path} stays {listed:?}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn post(&self, path: &str, body: &[u8]) -> Result<Value, ureq::Error> {
        let request = ureq::post(format!("{}{path}", self.url));
        let request = request.header("content-type", "application/json");
        let mut response =
            request.header("authorization", format!("Bearer {}", self.token)).send(body)?;
        Ok(serde_json::from_str(&response.body_mut().read_to_string()?).unwrap())
    }

    fn submit(&self, job: &Value) -> String {
        let job = self.post("/api/v1/jobs", job.to_string().as_bytes()).unwrap();
        job["job"].as_str().unwrap().to_owned()
    }

    fn worker(&self) -> Child {
        let arguments = ["worker", "--server", &self.url, "--token-file", "token", "--every", "1"];
        self.project.command(&arguments).stderr(Stdio::null()).spawn().unwrap()
    }

    fn until_ended(&self, job: &str) -> Value {
        let began = Instant::now();
        loop {
            let job = self.get(&format!("/api/v1/jobs/{job}"));
            if ["done", "failed", "cancelled"].contains(&job["status"].as_str().unwrap()) {
                return job;
            }
            assert!(began.elapsed() < Duration::from_secs(300), "{job}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Serving<'_> {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A worker that dies with its test.
struct Working(Child);

impl Drop for Working {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn what_is_asked_for_is_measured_uploaded_and_shown() {
    let (project, versions) = commits::project_of(2);
    let token = token(&project);
    let serving = Serving::start(&project, &token);
    let new = format!("hello@{}", versions[1]);
    let refused =
        serving.submit(&json!({ "kind": "compare", "arguments": ["hello@nowhere", new] }));
    let job = serving.submit(&json!({ "kind": "run", "arguments": [new, "--quick"] }));
    let _worker = Working(serving.worker());
    let refused = serving.until_ended(&refused);
    assert_eq!(
        (&refused["status"], &refused["exit_code"]),
        (&"failed".into(), &2.into()),
        "{refused}"
    );
    let done = serving.until_ended(&job);
    assert_eq!((&done["status"], &done["exit_code"]), (&"done".into(), &0.into()), "{done}");
    let run = serving.get("/api/v1/runs/latest");
    assert_eq!(run["status"], "complete");
    assert!(done["outcome"].as_str().unwrap().contains(run["run"].as_str().unwrap()), "{done}");
    assert_eq!(serving.listed("/api/v1/runs").len(), 1);
    assert!(!serving.listed("/api/v1/series").is_empty());
}

#[test]
fn the_job_of_a_killed_worker_is_done_by_the_next() {
    let (project, versions) = commits::project_of(1);
    let token = token(&project);
    let serving = Serving::start(&project, &token);
    let job =
        serving.submit(&json!({ "kind": "run", "arguments": [format!("hello@{}", versions[0])] }));
    let mut first = serving.worker();
    let began = Instant::now();
    while serving.get(&format!("/api/v1/jobs/{job}"))["status"] != "leased" {
        assert!(began.elapsed() < Duration::from_secs(60));
        std::thread::sleep(Duration::from_millis(20));
    }
    first.kill().unwrap();
    first.wait().unwrap();
    let _second = Working(serving.worker());
    let done = serving.until_ended(&job);
    assert_eq!((&done["status"], &done["attempts"]), (&"done".into(), &2.into()), "{done}");
    let runs = serving.listed("/api/v1/runs");
    assert_eq!(runs.len(), 1, "{runs:?}");
}

/// Workers that are killed while they measure, upload and report.
#[test]
fn every_job_ends_once_whatever_becomes_of_its_workers() {
    let kills = kills(3);
    let (project, versions) = commits::project_of(1);
    let token = token(&project);
    let serving = Serving::start(&project, &token);
    let submit = |seed: u32| {
        let arguments =
            json!([format!("hello@{}", versions[0]), "--quick", "--seed", seed.to_string()]);
        serving.submit(&json!({ "kind": "run", "arguments": arguments, "most_attempts": 2 }))
    };
    let jobs: Vec<String> = (0..=kills).map(submit).collect();
    let mut moments = Moments(1);
    for _ in 0..kills {
        let mut worker = serving.worker();
        std::thread::sleep(moments.next_below(Duration::from_secs(4)));
        worker.kill().unwrap();
        worker.wait().unwrap();
    }
    let _last = Working(serving.worker());
    let ended: Vec<Value> = jobs.iter().map(|job| serving.until_ended(job)).collect();
    let (done, failed): (Vec<&Value>, Vec<&Value>) =
        ended.iter().partition(|job| job["status"] == "done");
    for job in &failed {
        assert!(job["outcome"].as_str().unwrap().contains("nothing was heard of"), "{job}");
    }
    let runs_of = |job: &Value, listed: &[Value]| {
        let outcome = job["outcome"].as_str().unwrap();
        listed.iter().filter(|run| outcome.contains(run["run"].as_str().unwrap())).count()
    };
    let listed = serving.listed_once("/api/v1/runs?limit=2000", |listed| {
        done.iter().all(|job| runs_of(job, listed) > 0)
    });
    assert!(listed.iter().all(|run| run["status"] == "complete"), "{listed:?}");
    for job in &done {
        assert_eq!((runs_of(job, &listed), &job["exit_code"]), (1, &0.into()), "{job}");
    }
    // A worker may have died between its upload and its report, for each kill.
    let surplus = listed.len() - done.len();
    assert!(surplus <= kills as usize, "{surplus}");
    println!(
        "{kills} kills, {} jobs done, {} failed, {surplus} runs more",
        done.len(),
        failed.len()
    );
}

#[test]
fn a_database_that_may_only_be_read_is_served_until_it_may_be_written() {
    let (project, versions) = commits::project_of(1);
    let token = token(&project);
    project.json(&["run", &format!("hello@{}", versions[0]), "--quick", "--json"]);
    let bundle = project.bench(&["export", "latest"]).out;
    let permit = |mode| {
        let permissions = fs::Permissions::from_mode(mode);
        fs::set_permissions(project.path("service.sqlite"), permissions).unwrap();
    };
    // Nothing is left beside the database, so its reader makes SQLite's files, unwritable.
    let tidied = async {
        store::Store::open(&project.path("service.sqlite")).await.unwrap().close().await;
    };
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(tidied);
    assert!(!project.path("service.sqlite-shm").exists());
    permit(0o444);
    let mut serve = project.command(&SERVE);
    if fs::metadata("/proc/self").unwrap().uid() == 0 {
        // Root may write everything, unless it is told not to.
        let mut without = Command::new("setpriv");
        without.args(["--bounding-set", "-dac_override,-dac_read_search"]);
        without.arg(serve.get_program()).args(serve.get_args());
        without.current_dir(project.path(".")).env("BENCH_CACHE_DIR", project.path("cache"));
        serve = without;
    }
    let serving = Serving::begin(&project, &token, serve);
    assert!(serving.get("/api/v1/runs")["items"].is_array());
    let upload = || serving.post("/api/v1/runs", bundle.as_bytes());
    assert!(matches!(upload(), Err(ureq::Error::StatusCode(503))), "{:?}", upload());
    permit(0o644);
    let began = Instant::now();
    while let Err(error) = upload() {
        assert!(began.elapsed() < Duration::from_secs(60), "nothing can be uploaded: {error}");
        std::thread::sleep(Duration::from_millis(200));
    }
    assert_eq!(serving.listed("/api/v1/runs").len(), 1);
}

/// How often something is killed; `BENCH_KILLS` is for a longer look than the suite has
/// time for.
fn kills(usual: u32) -> u32 {
    std::env::var("BENCH_KILLS").map_or(usual, |text| text.parse().unwrap())
}

/// Moments that are spread over all of what happens, without a clock or chance.
struct Moments(u64);

impl Moments {
    fn next_below(&mut self, most: Duration) -> Duration {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_041);
        most.mul_f64((self.0 >> 40) as f64 / f64::from(1 << 24))
    }
}

/// Bundles that are acknowledged while the service is killed again and again.
#[test]
fn what_was_acknowledged_survives_a_kill_and_nothing_is_stored_in_part() {
    let kills = kills(6);
    let (project, versions) = commits::project_of(1);
    let token = token(&project);
    project.json(&["run", &format!("hello@{}", versions[0]), "--quick", "--json"]);
    let said = project.bench(&["export", "latest"]);
    let run = model::bundle::read(said.out.as_bytes()).unwrap().remove(0);
    let (mut acknowledged, mut sent) = (Vec::new(), 0_u64);
    let mut moments = Moments(1);
    for _ in 0..kills {
        let mut serving = Serving::start(&project, &token);
        let moment = moments.next_below(Duration::from_millis(1_500));
        let pid = serving.child.id();
        let killer = std::thread::spawn(move || {
            std::thread::sleep(moment);
            let pid = nix::unistd::Pid::from_raw(pid.cast_signed());
            nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL).unwrap();
        });
        loop {
            sent += 1;
            let mut run = run.clone();
            run.id = model::RunId::from_bits(0xabcd_0000 + sent);
            let mut bundle = Vec::new();
            model::bundle::write(&mut bundle, [&run]).unwrap();
            match serving.post("/api/v1/runs", &bundle) {
                Ok(_) => acknowledged.push(run),
                Err(_) => break,
            }
        }
        killer.join().unwrap();
        serving.kill();
    }
    assert!(!acknowledged.is_empty(), "nothing was acknowledged at all");
    let serving = Serving::start(&project, &token);
    for run in &acknowledged {
        let path = format!("{}/api/v1/runs/{}/bundle", serving.url, run.id);
        let text = ureq::get(path).call().unwrap().body_mut().read_to_vec().unwrap();
        assert_eq!(model::bundle::read(&text[..]).unwrap(), std::slice::from_ref(run));
    }
    let listed = serving.get("/api/v1/runs?limit=2000");
    let listed = listed["items"].as_array().unwrap();
    assert!(listed.iter().all(|run| run["status"] == "complete"), "{listed:?}");
    // One may have been stored whose answer was cut off, for each kill.
    let surplus = listed.len() - acknowledged.len();
    assert!(surplus <= kills as usize, "{surplus}");
    println!("{kills} kills, {} acknowledged, {} stored", acknowledged.len(), listed.len());
    drop(serving);
    let copy = project.bench(&["--db", "service.sqlite", "backup", "copy.sqlite"]);
    assert_eq!(copy.code, 0, "{}", copy.err);
}
