//! From what a job's command said, as JSON, to what is told of it. A word that is not
//! there is told as missing, never as well.

use github::{Conclusion, Report, Row};
use model::VersionId;
use serde_json::Value;
use store::{Job, JobKind, JobStatus};

/// What is told of a job that has ended.
pub(super) fn report(job: &Job, url: Option<&str>) -> Report {
    let words: Vec<String> = serde_json::from_str(&job.arguments).unwrap_or_default();
    let said: Value =
        job.outcome.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let code = job.exit_code.filter(|_| job.status == JobStatus::Done);
    let verdict = said["verdict"].as_str().map(str::to_owned).or_else(|| {
        (job.kind == JobKind::Run).then(|| measured(code).map(str::to_owned)).flatten()
    });
    let verdict = verdict.unwrap_or_else(|| match job.status {
        JobStatus::Done => "it said nothing that could be read".to_owned(),
        JobStatus::Cancelled => "cancelled".to_owned(),
        _ => format!("failed: {}", first_line(job)),
    });
    let (rows, others) = match job.kind {
        JobKind::Gate => of_gate(&said),
        _ => of_comparison(&said),
    };
    Report {
        title: title(&words, job.kind, &verdict),
        conclusion: match job.kind {
            JobKind::Gate => Conclusion::of_gate(code),
            _ => Conclusion::of_comparison(code),
        },
        rows,
        others,
        link: url.map(|url| format!("{url}/queue#{}", job.name)),
    }
}

fn measured(code: Option<i64>) -> Option<&'static str> {
    match code? {
        0 => Some("measured"),
        4 => Some("incomplete: something failed or is missing"),
        _ => None,
    }
}

fn title(words: &[String], kind: JobKind, verdict: &str) -> String {
    let after = |flag: &str| {
        words.iter().position(|word| word == flag).and_then(|at| words.get(at + 1)).cloned()
    };
    let plain: Vec<&String> = words.iter().take_while(|word| !word.starts_with('-')).collect();
    let pair = match plain.as_slice() {
        [a, b] => Some(((*a).clone(), (*b).clone())),
        _ => after("--baseline").zip(after("--candidate")),
    };
    match (pair, plain.as_slice()) {
        (Some((a, b)), _) => format!("{} against {}: {verdict}", short(&b), short(&a)),
        (None, [version]) => format!("{}: {verdict}", short(version)),
        (None, _) => format!("{}: {verdict}", kind.word()),
    }
}

/// Nobody reads forty digits.
fn short(version: &str) -> String {
    match version.split_once('@') {
        Some((target, commit)) if VersionId::is_commit_hash(commit) => {
            format!("{target}@{}", &commit[..8])
        }
        _ => version.to_owned(),
    }
}

fn first_line(job: &Job) -> String {
    let mut lines = job.outcome.as_deref().unwrap_or_default().lines();
    let line = lines.find(|line| !line.trim().is_empty());
    line.unwrap_or("nothing is known").chars().take(300).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// Checks of a gate that did not pass, and how many did.
fn of_gate(said: &Value) -> (Vec<Row>, usize) {
    let checks = items(&said["checks"]);
    let row = |check: &Value| {
        let verdict = text(&check["outcome"]);
        let name = ["suite", "benchmark", "arm", "metric"].map(|key| text(&check[key]));
        let name: Vec<String> = name.into_iter().filter(|word| !word.is_empty()).collect();
        let note = check["note"].as_str().map(|note| format!("; {note}")).unwrap_or_default();
        Row {
            suite: text(&check["suite"]),
            name: format!("{}: {}", text(&check["kind"]), name.join(" ")),
            found: format!("{} (passes: {}){note}", text(&check["found"]), text(&check["limit"])),
            is_bad: matches!(verdict.as_str(), "failed" | "missing"),
            verdict,
        }
    };
    let mut rows: Vec<Row> =
        checks.iter().filter(|check| check["outcome"] != "passed").map(row).collect();
    let others = checks.len() - rows.len();
    rows.extend(items(&said["unused_waivers"]).iter().map(|waiver| Row {
        suite: String::new(),
        name: text(waiver),
        found: "it excuses nothing; delete it from bench.toml".to_owned(),
        verdict: "unused waiver".to_owned(),
        is_bad: true,
    }));
    rows.sort_by_key(|row| !row.is_bad);
    (rows, others)
}

/// Rows of a comparison that changed, and how many did not.
fn of_comparison(said: &Value) -> (Vec<Row>, usize) {
    let all = items(&said["comparisons"]);
    let percent =
        |value: &Value| value.as_f64().map(|ratio| format!("{:+.1} %", (ratio - 1.0) * 100.0));
    let row = |row: &Value| {
        let verdict = text(&row["verdict"]);
        let [ratio, low, high] = ["ratio", "low", "high"].map(|key| percent(&row[key]));
        let ends = low.zip(high).map(|(low, high)| format!(" ({low} to {high})"));
        let name = ["suite", "benchmark", "arm", "metric"].map(|key| text(&row[key]));
        Row {
            suite: text(&row["suite"]),
            name: name.join(" "),
            found: ratio.unwrap_or_else(|| "unknown".to_owned()) + &ends.unwrap_or_default(),
            is_bad: verdict == "regressed",
            verdict,
        }
    };
    let is_shown = |row: &&Value| row["verdict"] == "regressed" || row["verdict"] == "improved";
    let mut rows: Vec<Row> = all.iter().filter(is_shown).map(row).collect();
    let others = all.len() - rows.len();
    rows.extend(items(&said["missing"]).iter().map(|it| Row {
        suite: text(&it["suite"]),
        name: ["suite", "benchmark", "arm"].map(|key| text(&it[key])).join(" "),
        found: format!("{}: {}", text(&it["version"]).to_uppercase(), text(&it["reason"])),
        verdict: "missing".to_owned(),
        is_bad: true,
    }));
    rows.sort_by_key(|row| !row.is_bad);
    (rows, others)
}
