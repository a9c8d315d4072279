//! `bench self-test`: whether this installation works, in half a minute and without a network.
//! It makes a project in a folder of its own, whose host is this very program, and does there
//! what people do. It must not touch the checkout, its database or the cache.

use crate::exit::Exit;
use crate::output::{BAD, GOOD, QUIET};
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

pub(crate) mod host;

/// A step: what it shows, and what is done in the folder.
type Step = (&'static str, fn(&Folder) -> Result<()>);

const STEPS: &[Step] = &[
    ("a host is started, asked and stopped, and its answers are right", check_right),
    ("a wrong answer is found", check_wrong),
    ("a mistake in a suite is told with its line", tell_mistake),
    ("blocks are measured and stored", measure),
    ("a bundle comes back as it went", round_trip),
    ("results of another tool are imported", import),
    ("a shift of ten percent is found, and no other", decide),
    ("pages are rendered", render),
];

/// The project that is made, and this program.
struct Folder {
    path: PathBuf,
    bench: PathBuf,
}

pub(super) fn run() -> Result<Exit> {
    let folder = tempfile::tempdir().context("making a folder")?;
    let bench = std::env::current_exe().context("finding this program")?;
    let folder = Folder { path: folder.path().to_owned(), bench };
    folder.write("bench.toml", CONFIG)?;
    folder.write("suites/ask/suite.toml", SUITE)?;
    let mut failed = 0;
    for (what, step) in STEPS {
        let started = Instant::now();
        let outcome = step(&folder);
        let took = started.elapsed().as_secs_f64();
        match outcome {
            Ok(()) => {
                anstream::println!("{GOOD}works{GOOD:#}   {what} {QUIET}{took:.1} s{QUIET:#}");
            }
            Err(error) => {
                failed += 1;
                anstream::println!("{BAD}broken{BAD:#}  {what}: {error:#}");
            }
        }
    }
    println!("{} passed, {failed} failed", STEPS.len() - failed);
    Ok(if failed > 0 { Exit::Regression } else { Exit::Fine })
}

/// What a command printed, and how it ended.
struct Said {
    code: i32,
    out: String,
    err: String,
}

impl Folder {
    fn write(&self, name: &str, text: &str) -> Result<()> {
        let path = self.path.join(name);
        let writing = || format!("writing {}", path.display());
        fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).with_context(writing)?;
        fs::write(&path, text).with_context(writing)
    }

    fn bench(&self, arguments: &[&str]) -> Result<Said> {
        let output = Command::new(&self.bench)
            .args(arguments)
            .current_dir(&self.path)
            .env("BENCH_CACHE_DIR", self.path.join("cache"))
            .stdin(Stdio::null())
            .output()
            .context("starting this program again")?;
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        let code = output.status.code().unwrap_or(-1);
        Ok(Said { code, out: text(&output.stdout), err: text(&output.stderr) })
    }

    /// A command that must end with `code`.
    fn ends(&self, arguments: &[&str], code: i32) -> Result<Said> {
        let said = self.bench(arguments)?;
        if said.code != code {
            let last: Vec<&str> = said.err.lines().chain(said.out.lines()).collect();
            let last = last.last().copied().unwrap_or("it printed nothing");
            bail!(
                "`bench {}` ended with {} and not {code}: {last}",
                arguments.join(" "),
                said.code
            );
        }
        Ok(said)
    }

    /// This program as a version.
    fn version(&self) -> String {
        format!("path:{}", self.bench.display())
    }
}

fn check_right(folder: &Folder) -> Result<()> {
    folder.ends(&["run", "--check", &folder.version()], 0).map(|_| ())
}

fn check_wrong(folder: &Folder) -> Result<()> {
    folder.write("suites/ask/suite.toml", &SUITE.replace("hello", "goodbye"))?;
    let said = folder.ends(&["run", "--check", &folder.version()], 1);
    folder.write("suites/ask/suite.toml", SUITE)?;
    let said = said?;
    if said.out.contains("wrong body") { Ok(()) } else { bail!("it said: {}", said.out.trim()) }
}

fn tell_mistake(folder: &Folder) -> Result<()> {
    folder.write("suites/ask/suite.toml", &SUITE.replace("http-latency", "htpp-latency"))?;
    let said = folder.ends(&["run", "--check", &folder.version()], 2);
    folder.write("suites/ask/suite.toml", SUITE)?;
    let said = said?;
    let is_told = said.err.contains("suite.toml:7: ") && said.err.contains("`http-latency`");
    if is_told { Ok(()) } else { bail!("it said: {}", said.err.trim()) }
}

fn measure(folder: &Folder) -> Result<()> {
    let said = folder.ends(&["run", &folder.version(), "--json"], 0)?;
    let told: serde_json::Value = serde_json::from_str(&said.out).context("reading its JSON")?;
    if told["measured"] == 2 { Ok(()) } else { bail!("it said: {told}") }
}

fn round_trip(folder: &Folder) -> Result<()> {
    let first = folder.ends(&["export"], 0)?.out;
    folder.write("out.jsonl", &first)?;
    folder.ends(&["--db", "other.sqlite", "import", "out.jsonl"], 0)?;
    let second = folder.ends(&["--db", "other.sqlite", "export"], 0)?.out;
    if first == second && !first.is_empty() { Ok(()) } else { bail!("the second differs") }
}

fn import(folder: &Folder) -> Result<()> {
    folder.write("go.txt", "BenchmarkSort-2 \t 100 \t 2000 ns/op\n")?;
    let known = ["--db", "other.sqlite", "import", "--format", "go", "go.txt"];
    let arguments = [&known[..], &["--target", "sort", "--release", "1.2.3"]].concat();
    folder.ends(&arguments, 0)?;
    let said = folder.ends(&["--db", "other.sqlite", "export", "--format", "csv"], 0)?;
    if said.out.contains(",time_per_iteration_ns,ns,0,2000.0,") {
        Ok(())
    } else {
        bail!("the value is not in what was exported")
    }
}

/// Made-up samples: blocks with noise of a percent, alike and shifted.
fn decide(folder: &Folder) -> Result<()> {
    let side = |factor: f64| -> Vec<[f64; 2]> {
        let noise = |index: usize| 1.0 + 0.01 * ((7 * index % 11) as f64 / 11.0 - 0.5);
        (0..12).map(|index| [factor * noise(index), factor * noise(index + 3)]).collect()
    };
    let line = |id: &str, b: f64| {
        let (a, b) = (side(1.0), side(b));
        serde_json::json!({ "id": id, "design": "interleaved", "a": a, "b": b }).to_string()
    };
    let input = format!("{}\n{}\n", line("alike", 1.0), line("shifted", 1.1));
    folder.write("pairs.ndjson", &input)?;
    let output = Command::new(&folder.bench)
        .args(["decide", "--ndjson", "--margin", "0.01"])
        .stdin(fs::File::open(folder.path.join("pairs.ndjson"))?)
        .output()?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let verdict = |id: &str, verdict: &str| {
        let line = said.lines().find(|line| line.contains(id)).unwrap_or_default();
        line.contains(&format!("\"verdict\":\"{verdict}\""))
    };
    let is_right = verdict("alike", "equivalent") && verdict("shifted", "regressed");
    if is_right { Ok(()) } else { bail!("it said: {}", said.trim()) }
}

fn render(folder: &Folder) -> Result<()> {
    folder.ends(&["site", "build", "--out", "site"], 0)?;
    let index = folder.path.join("site/index.html");
    let page =
        fs::read_to_string(&index).with_context(|| format!("reading {}", index.display()))?;
    if page.contains("</html>") { Ok(()) } else { bail!("the first page is cut") }
}

const CONFIG: &str = r#"default_target = "self"
measurement_protocol = 1

[margins]
wall = 0.02
cpu = 0.01
exact = 0.0

[profiles.quick]
blocks = 1

[profiles.full]
blocks = 2

[profiles.compare]
blocks = 4

[targets.self]
about = "This program, answering"
source = "."
binary = "bench"
start = ["{binary}", "__answer", "{addr}"]
supports = ["http-self"]
"#;

const SUITE: &str = r#"title = "Ask"
why = "Does this installation work?"
owner = "bench"

[[benchmark]]
name = "latency"
driver = "http-latency"
quick = true
needs = ["http-self"]
request = { path = "/" }
expect = { status = 200, body = "hello" }
load = { warmup_ms = 100, measure_ms = 300 }
metrics = ["latency_p50_ns", "cpu_ns_per_request"]
noise = "wall"
budget_s = 30
"#;
