//! How large and how fast a site is, printed for whoever asks; nothing here fails
//! for being slow. `bench --db FILE synth --series 600 --versions 2000` makes a
//! database to ask about:
//! `SITE_BARS_DB=FILE cargo test -p site --test site bars -- --ignored --nocapture`.

use crate::fixture;
use ::site::{Inputs, build};
use jiff::SignedDuration;
use model::{Config, RunId, VersionId};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;
use store::Store;

#[tokio::test]
#[ignore = "prints figures of a database that is named in SITE_BARS_DB"]
async fn sizes_and_times_of_a_large_site() {
    let Some(database) = std::env::var_os("SITE_BARS_DB").map(PathBuf::from) else {
        panic!("name a database in SITE_BARS_DB, as made by `bench synth`");
    };
    let dir = tempfile::tempdir().unwrap();
    let copy = dir.path().join("db.sqlite");
    std::fs::copy(&database, &copy).unwrap();
    let (out, cache) = (dir.path().join("out"), dir.path().join("cache"));
    let config = fixture::config();
    let inputs =
        Inputs::of(Vec::new(), Config { default_target: "synthetic".to_owned(), ..config });
    let once = async |what: &str| {
        let store = Store::open_read_only(&copy).await.unwrap();
        let (start, cpu) = (Instant::now(), cpu_s());
        let built = build(&store, &inputs, &out, Some(&cache), fixture::now()).await.unwrap();
        let (took, cpu) = (start.elapsed().as_secs_f64(), cpu_s() - cpu);
        println!("{what}: {took:.1} s, {cpu:.1} s of CPU, {built:?}");
    };
    once("full build").await;
    add_run(&copy).await;
    once("after one more run").await;
    println!("peak memory: {} MiB", peak_kib() / 1024);
    sizes(&out);
    if let Some(keep) = std::env::var_os("SITE_BARS_OUT") {
        std::fs::rename(&out, keep).unwrap();
    }
}

/// Adds the newest run again, as one of a newer commit.
async fn add_run(database: &Path) {
    let store = Store::open(database).await.unwrap();
    let mut run = store.run("latest").await.unwrap();
    run.id = RunId::from_bits(0xfeed);
    run.started_at += SignedDuration::from_hours(1);
    run.finished_at = Some(run.started_at);
    for block in &mut run.blocks {
        block.started_at = run.started_at;
    }
    if let VersionId::Commit { sha, committed_at, .. } = &mut run.artifacts[0].version {
        *sha = "feed".repeat(10);
        *committed_at = run.started_at;
    }
    store.import(&run).await.unwrap();
    store.close().await;
}

fn sizes(out: &Path) {
    let mut files: Vec<(String, u64)> = Vec::new();
    let mut folders = vec![out.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            if entry.path().is_dir() {
                folders.push(entry.path());
            } else {
                let path = entry.path();
                let name = path.strip_prefix(out).unwrap().to_str().unwrap().to_owned();
                files.push((name, entry.metadata().unwrap().len()));
            }
        }
    }
    let total: u64 = files.iter().map(|(_, bytes)| bytes).sum();
    println!("the whole site: {:.1} MB in {} files", total as f64 / 1e6, files.len());
    let zipped = |name: &str| gzipped(&out.join(name));
    let front = ["index.html", "style.css", "site.js", "icon.svg"].map(zipped);
    println!(
        "the first page and all it loads: {} bytes gzipped {front:?}",
        front.iter().sum::<u64>()
    );
    for (what, folder, ending) in [
        ("pages", "", ".html"),
        ("pages of suites", "suite/", ".html"),
        ("pages of series", "series/", ".html"),
        ("pages of runs", "run/", ".html"),
        ("numbers of series", "series/", ".json"),
        ("numbers of series as CSV", "series/", ".csv"),
        ("numbers of charts as CSV", "data/", ".csv"),
    ] {
        let is_one = |name: &str| name.starts_with(folder) && name.ends_with(ending);
        let mut own: Vec<&(String, u64)> = files.iter().filter(|(name, _)| is_one(name)).collect();
        own.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
        let sum: u64 = own.iter().map(|(_, bytes)| bytes).sum();
        // The largest when zipped is among the largest.
        let largest = own.iter().take(20).map(|(name, _)| (zipped(name), name)).max();
        println!(
            "{what}: {} files, {:.1} MB, largest gzipped {largest:?}",
            own.len(),
            sum as f64 / 1e6
        );
    }
}

fn gzipped(file: &Path) -> u64 {
    let mut gzip = Command::new("gzip")
        .args(["-6", "-c"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = gzip.stdin.take().unwrap();
    let content = std::fs::read(file).unwrap();
    let writing = std::thread::spawn(move || input.write_all(&content));
    let output = gzip.wait_with_output().unwrap();
    writing.join().unwrap().unwrap();
    output.stdout.len() as u64
}

/// CPU time of this process, from the kernel.
fn cpu_s() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks = |at: usize| fields[at].parse::<f64>().unwrap();
    (ticks(11) + ticks(12)) / 100.0
}

fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
