//! The order of blocks, told by the fake host's own log.

use super::Project;

#[test]
fn a_comparison_interleaves_a_b_b_a() {
    let project = Project::new("right");
    let (a, b) = (project.fake("a"), project.fake("b"));
    let said = project.bench(&["compare", &a, &b, "--json"]);
    // Four pairs are too few to decide anything about time.
    assert_eq!(said.code, 3, "{}{}", said.out, said.err);
    let log = std::fs::read_to_string(project.path("cache/log")).unwrap();
    assert_eq!(
        log.split_whitespace().collect::<Vec<_>>(),
        ["a", "b", "b", "a", "a", "b", "b", "a"]
    );

    let report: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(report["verdict"], "inconclusive");
    let comparison = &report["comparisons"][0];
    assert_eq!(comparison["pairs"], 4);
    for field in [
        "suite",
        "benchmark",
        "arm",
        "metric",
        "unit",
        "a",
        "b",
        "ratio",
        "low",
        "high",
        "verdict",
        "smallest_visible",
    ] {
        assert!(comparison.get(field).is_some(), "{field} is missing: {comparison}");
    }
}

#[test]
fn runs_of_different_testbeds_are_not_compared() {
    let project = Project::new("right");
    let host = project.fake("host");
    let first = project.json(&["run", &host, "--quick", "--json"]);
    let config =
        super::config("right").replace("measurement_protocol = 1", "measurement_protocol = 2");
    project.write("bench.toml", &config);
    let second = project.json(&["run", &host, "--quick", "--json"]);
    let name = |run: &serde_json::Value| format!("run:{}", run["run"].as_str().unwrap());
    let said = project.bench(&["compare", &name(&first), &name(&second)]);
    assert_eq!(said.code, 2);
    assert!(
        said.err.contains("stand on different testbeds")
            && said.err.contains("measurement_protocol was `1`, then `2`")
            && said.err.contains("measure both versions now"),
        "{}",
        said.err
    );
}
