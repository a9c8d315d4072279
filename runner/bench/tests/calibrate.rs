//! One binary as several versions: what is stored, and what is told of it.

use super::Project;

const CALIBRATE: &str = r#"
[calibrate]
target = "fake"
suites = ["ask"]

[[calibrate.planted]]
name = "slowed"
arguments = ["--option-slow"]
adds = { ready_ns = 50 }
"#;

const SUITE: &str = r#"title = "Ask"
why = "How often is the method wrong?"
owner = "tests"

[[benchmark]]
name = "it"
driver = "command"
command = ["./measure.sh"]
metrics = ["ready_ns"]
noise = "wall"
budget_s = 20
"#;

const MEASURE: &str = r#"#!/bin/sh
log="$(dirname "$0")/../../cache/count"
echo >> "$log"
echo "{\"metric\": \"ready_ns\", \"value\": $(( 1000 + $(wc -l < "$log") * 7 % 5 ))}"
echo '{"done": true}'
"#;

#[test]
fn a_calibration_is_stored_and_told_and_is_nobodys_result() {
    let project = Project::new("right");
    let config = super::config("right").replace("blocks = 4", "blocks = 2") + CALIBRATE;
    project.write("bench.toml", &config);
    project.write("suites/ask/suite.toml", SUITE);
    project.script("suites/ask/measure.sh", MEASURE);
    let host = project.fake("host");
    let rates = project.json(&["calibrate", "--version", &host, "--rounds", "5", "--json"]);
    let rate = |variant: &str| {
        let mut all = rates.as_array().unwrap().iter();
        all.find(|it| it["variant"] == variant && it["series"].is_null()).unwrap().clone()
    };
    for (variant, is_null) in [("same", true), ("twin", true), ("slowed", false)] {
        let rate = rate(variant);
        // Five rounds are two comparisons of two, and two pairs decide nothing.
        assert_eq!((&rate["comparisons"], &rate["hits"]), (&2.into(), &0.into()), "{rate}");
        assert_eq!(rate["is_null"], is_null);
        assert!((rate["high"].as_f64().unwrap() - 0.842).abs() < 0.001, "{rate}");
    }
    // What is planted is told beside what is seen.
    let planted = rates.as_array().unwrap().iter().find(|it| !it["planted"].is_null()).unwrap();
    assert!((planted["planted"].as_f64().unwrap() - 0.05).abs() < 0.001, "{planted}");
    assert!((planted["bias"].as_f64().unwrap() + 0.05).abs() < 0.01, "{planted}");
    let measured = std::fs::read_to_string(project.path("cache/count")).unwrap();
    assert_eq!(measured.lines().count(), 20);
    // What is stored is told again, and more is added to it.
    let again = project.json(&["calibrate", "--rounds", "0", "--json"]);
    assert_eq!(again, rates);
    let said = project.bench(&["run", "--resume"]);
    assert!(said.err.contains("no run was interrupted"), "{}", said.err);
    let built = project.bench(&["site", "build", "--out", "out"]);
    assert_eq!(built.code, 0, "{}", built.err);
    let index = std::fs::read_to_string(project.path("out/index.html")).unwrap();
    assert!(!index.contains("ready_ns"), "a calibration is shown as a result");
    let published = std::fs::read_to_string(project.path("out/calibration.json")).unwrap();
    assert_eq!(serde_json::from_str::<serde_json::Value>(&published).unwrap(), rates);
}
