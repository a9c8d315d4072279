//! Made-up history, and whether its changes are found and remembered.

use super::Project;
use serde_json::Value;
use std::fs;

struct Truth {
    /// Series and first version of every change of at least 3 %.
    large: Vec<(String, String)>,
    /// The number of versions at which each series changed at all.
    all: Vec<(String, Vec<u64>)>,
}

fn series(value: &Value) -> String {
    ["suite", "benchmark", "arm", "metric"].map(|field| value[field].as_str().unwrap()).join(" ")
}

fn truth(project: &Project) -> Truth {
    let text = fs::read_to_string(project.path("synth.truth.jsonl")).unwrap();
    let mut truth = Truth { large: Vec::new(), all: Vec::new() };
    for line in text.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let changes = line["changes"].as_array().unwrap();
        for change in changes.iter().filter(|c| c["effect"].as_f64().unwrap().abs() > 0.03) {
            truth.large.push((series(&line), change["first"].as_str().unwrap().to_owned()));
        }
        let versions = changes.iter().map(|c| c["version"].as_u64().unwrap()).collect();
        truth.all.push((series(&line), versions));
    }
    truth
}

#[test]
fn changes_of_a_store_are_found_and_their_states_are_kept() {
    let project = Project::new("right");
    fs::create_dir(project.path("data")).unwrap();
    let synth = ["--db", "synth.sqlite", "synth", "--series", "40", "--versions", "200"];
    let made = project.bench(&synth);
    assert_eq!(made.code, 0, "{}", made.err);
    assert_eq!(project.bench(&synth).code, 2, "an existing database was filled");

    let detect = ["--db", "synth.sqlite", "detect", "--json"];
    let found = project.json(&detect);
    let found = found.as_array().unwrap();
    let truth = truth(&project);
    assert!(truth.large.len() > 10, "{}", truth.large.len());
    let is_found = |change: &&(String, String)| {
        found.iter().any(|a| series(&a["series"]) == change.0 && a["first"] == change.1)
    };
    // Where exactly a change lies is often a version or two off in noise.
    let exact = truth.large.iter().filter(is_found).count();
    assert!(exact * 3 >= truth.large.len(), "{exact} of {}", truth.large.len());
    let quiet: Vec<&String> =
        truth.all.iter().filter(|(_, at)| at.is_empty()).map(|(series, _)| series).collect();
    let false_alarms = found.iter().filter(|a| quiet.contains(&&series(&a["series"]))).count();
    assert!(quiet.len() > 3 && false_alarms <= 2, "{false_alarms} in {}", quiet.len());

    // What is known is not added again, and what people wrote stays.
    let file = project.path("data/alerts.toml");
    let written = fs::read_to_string(&file).unwrap();
    assert_eq!(written.matches("[[alert]]").count(), found.len());
    let edited = written.replacen(
        "state = \"new\"\nnote = \"\"",
        "state = \"infra\"\nnote = \"new kernel\"",
        1,
    );
    fs::write(&file, &edited).unwrap();
    let again = project.json(&detect);
    assert_eq!(fs::read_to_string(&file).unwrap(), edited);
    let states: Vec<&Value> = again.as_array().unwrap().iter().map(|a| &a["state"]).collect();
    assert_eq!(states.iter().filter(|state| **state == "infra").count(), 1, "{states:?}");
    let said = project.bench(&["--db", "synth.sqlite", "detect"]);
    assert!(
        said.out.contains(&format!("{} open alerts, 1 closed", found.len() - 1)),
        "{}",
        said.out
    );

    fs::write(&file, edited.replace("infra", "infrared")).unwrap();
    let said = project.bench(&detect);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("data/alerts.toml:16: unknown variant `infrared`"), "{}", said.err);
}

#[test]
fn made_up_history_stays_out_of_the_working_database() {
    let project = Project::new("right");
    let said = project.bench(&["synth"]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("name a new database"), "{}", said.err);
}

#[test]
fn one_binary_raises_no_alert() {
    let project = Project::new("right");
    fs::create_dir(project.path("data")).unwrap();
    let bench = |db: &str, more: &[&str]| {
        let told = project.bench(&[&["--db", db], more].concat());
        assert_eq!(told.code, 0, "{more:?}: {}", told.err);
        told.out
    };
    bench("synth.sqlite", &["synth", "--series", "40", "--versions", "100"]);
    let found = project.json(&["--db", "synth.sqlite", "detect", "--json"]);
    assert!(found.as_array().unwrap().len() > 3, "{found}");
    let mut runs = model::bundle::read(bench("synth.sqlite", &["export"]).as_bytes()).unwrap();
    let mut same = Vec::new();
    for run in &mut runs {
        for artifact in &mut run.artifacts {
            artifact.binary_sha256 = model::Digest::of("one binary");
        }
    }
    model::bundle::write(&mut same, &runs).unwrap();
    fs::write(project.path("same.jsonl"), same).unwrap();
    bench("same.sqlite", &["import", "same.jsonl"]);
    let found = project.json(&["--db", "same.sqlite", "detect", "--json"]);
    assert_eq!(found, Value::Array(Vec::new()));
}
