//! The order of blocks, told by the fake host's own log.

use super::Project;
use serde_json::Value;

/// The hosts that were started, a line each.
fn order(project: &Project) -> String {
    let log = std::fs::read_to_string(project.path("cache/log")).unwrap();
    log.split_whitespace().collect()
}

#[test]
fn a_comparison_measures_pairs_in_an_order_that_its_seed_repeats() {
    let project = Project::new("right");
    let (a, b) = (project.fake("a"), project.fake("b"));
    let compare = |seed: &str| {
        let said = project.bench(&["compare", &a, &b, "--seed", seed, "--json"]);
        // Four pairs are too few to decide anything about time.
        assert_eq!(said.code, 3, "{}{}", said.out, said.err);
        let order = order(&project);
        std::fs::remove_file(project.path("cache/log")).unwrap();
        (order, serde_json::from_str::<Value>(&said.out).unwrap())
    };
    let (first, report) = compare("1");
    let (again, _) = compare("1");
    let (other, _) = compare("4");
    assert_eq!(first, again);
    assert_ne!(first, other);
    for order in [first, other] {
        assert_eq!(order.len(), 8, "{order}");
        let pairs = order.as_bytes().chunks(2);
        assert!(pairs.into_iter().all(|pair| pair == b"ab" || pair == b"ba"), "{order}");
    }
    assert_eq!(report["verdict"], "inconclusive");
    let comparison = &report["comparisons"][0];
    // A busy machine starves the generator of some, which are then left out.
    assert!(comparison["pairs"].as_u64().unwrap() <= 4, "{comparison}");
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
    let name = |run: &Value| format!("run:{}", run["run"].as_str().unwrap());
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
