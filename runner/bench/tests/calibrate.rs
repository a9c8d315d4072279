//! One binary as several versions: what is stored, and what is told of it.

use super::Project;

const CALIBRATE: &str = r#"
[calibrate]
target = "fake"
suites = ["ask"]

[[calibrate.planted]]
name = "slowed"
arguments = ["--option-slow"]
"#;

#[test]
fn a_calibration_is_stored_and_told_and_is_nobodys_result() {
    let project = Project::new("right");
    let config = super::config("right").replace("blocks = 4", "blocks = 2") + CALIBRATE;
    project.write("bench.toml", &config);
    let suite = super::SUITE.replace("measure_ms = 300", "measure_ms = 100");
    project.write("suites/ask/suite.toml", &suite);
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
    let log = std::fs::read_to_string(project.path("cache/log")).unwrap();
    assert_eq!(log.lines().count(), 20);
    // What is stored is told again, and more is added to it.
    let again = project.json(&["calibrate", "--rounds", "0", "--json"]);
    assert_eq!(again, rates);
    let said = project.bench(&["run", "--resume"]);
    assert!(said.err.contains("no run was interrupted"), "{}", said.err);
    let built = project.bench(&["site", "build", "--out", "out"]);
    assert_eq!(built.code, 0, "{}", built.err);
    let index = std::fs::read_to_string(project.path("out/index.html")).unwrap();
    assert!(!index.contains("latency_p50"), "a calibration is shown as a result");
}
