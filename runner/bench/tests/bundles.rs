//! Bundles: what goes out comes back, and what was altered does not come in.

use super::Project;

#[test]
fn an_exported_run_is_imported_once_and_exactly() {
    let project = Project::new("right");
    let host = project.fake("host");
    project.json(&["run", &host, "--quick", "--json"]);
    assert_eq!(project.bench(&["export", "--out", "out.jsonl"]).code, 0);
    let text = std::fs::read_to_string(project.path("out.jsonl")).unwrap();

    let imported = project.json(&["--db", "other.sqlite", "import", "out.jsonl", "--json"]);
    assert_eq!(imported["new"], 1);
    let again = project.json(&["--db", "other.sqlite", "import", "out.jsonl", "--json"]);
    assert_eq!((&again["new"], &again["already_there"]), (&0.into(), &1.into()));
    assert_eq!(project.bench(&["--db", "other.sqlite", "export"]).out, text);
}

#[test]
fn an_altered_bundle_is_refused_whole() {
    let project = Project::new("right");
    let host = project.fake("host");
    project.json(&["run", &host, "--quick", "--json"]);
    let text = project.bench(&["export"]).out;
    project.write(
        "altered.jsonl",
        &text.replace("http-latency", "http-lateNcy").replace("\"ask\"", "\"asK\""),
    );
    let said = project.bench(&["--db", "other.sqlite", "import", "altered.jsonl"]);
    assert_eq!(said.code, 2);
    assert!(
        said.err.starts_with("error: altered.jsonl was refused, nothing was stored: line ")
            && said.err.contains("was altered"),
        "{}",
        said.err
    );
    assert!(!project.path("other.sqlite").exists());
}
