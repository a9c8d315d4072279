//! Two shards that say something of every rule.

use super::*;
use std::collections::BTreeMap;

fn arm(version: usize, arm: &str, states: &str, level: f64) -> ArmBlocks {
    let value = |round: usize| Some(level * (1.0 + 0.001 * ((round * 7 % 5) as f64 - 2.0)));
    let measured = |c: char| c.is_ascii_digit();
    let values = states.chars().enumerate().map(|(r, c)| value(r).filter(|_| measured(c)));
    ArmBlocks {
        suite: "http".to_owned(),
        benchmark: "hello".to_owned(),
        arm: arm.to_owned(),
        version,
        definition: "d".to_owned(),
        rounds: (0..states.len() as u32).collect(),
        states: states.to_owned(),
        reasons: states.contains('f').then(|| "failed: it died".to_owned()).into_iter().collect(),
        values: BTreeMap::from([("time".to_owned(), values.collect())]),
    }
}

fn shard(run: &str, arms: Vec<ArmBlocks>) -> Shard {
    let version = |binary: &str| Version {
        target: "host".to_owned(),
        label: binary.to_owned(),
        binary_sha256: binary.to_owned(),
    };
    Shard {
        run: run.to_owned(),
        testbed: vec![("kernel".to_owned(), "6.1".to_owned())],
        epoch: "e".to_owned(),
        looks: vec![(6, 0.5), (12, 1.0)],
        versions: vec![version("one"), version("two")],
        arms,
    }
}

fn terms() -> Terms {
    let time = MetricTerms { better: "lower".to_owned(), margin: 0.02, kind: None };
    Terms { metrics: BTreeMap::from([("time".to_owned(), time)]), ..Terms::default() }
}

fn told(a: (&Shard, &str), b: (&Shard, &str)) -> String {
    let report = compare(a, b, &terms()).unwrap();
    let rows: Vec<String> = report
        .rows
        .iter()
        .map(|row| {
            let why = row.forbidden.as_deref().or(row.why.as_deref()).unwrap_or_default();
            format!("{} {} {:.3} {why}", row.arm, row.verdict, row.ratio).trim_end().to_owned()
        })
        .collect();
    format!("{}: {}; {} missing", report.verdict, rows.join(", "), report.missing.len())
}

#[test]
fn sides_measured_together_are_judged_and_others_are_not() {
    let twelve = "000000000000";
    let both = shard(
        "r1",
        vec![arm(0, "x", twelve, 100.0), arm(1, "x", twelve, 110.0), arm(1, "y", "uu", 1.0)],
    );
    let other = shard("r2", vec![arm(0, "x", twelve, 100.0), arm(1, "x", twelve, 110.0)]);
    assert_eq!(
        told((&both, "host@one"), (&both, "host@two")),
        "regressed: x regressed 1.100; 0 missing"
    );
    assert_eq!(
        told((&both, "host@two"), (&both, "host@one")),
        "improved: x improved 0.909; 0 missing"
    );
    assert_eq!(
        told((&both, "host@one"), (&both, "host@one")),
        "equivalent: x equivalent 1.000; 0 missing"
    );
    let apart = "inconclusive: x inconclusive 1.100 apart; 0 missing";
    assert_eq!(told((&both, "host@one"), (&other, "host@two")), apart);
    let mut exact = terms();
    exact.exact.push("http/hello/x".to_owned());
    let report = compare((&both, "host@one"), (&other, "host@two"), &exact).unwrap();
    assert_eq!(report.rows[0].verdict, "regressed", "what repeats exactly needs no neighbour");
}

#[test]
fn what_says_nothing_of_a_version_is_told() {
    let twelve = "000000000000";
    let with =
        |states: &str| shard("r", vec![arm(0, "x", twelve, 100.0), arm(1, "x", states, 110.0)]);
    for (states, expected) in [
        ("000000000001", "inconclusive: x inconclusive 1.100 generator-bound; 0 missing"),
        ("222222222222", "inconclusive: x inconclusive 1.100 generator-starved; 0 missing"),
        ("222200000000", "regressed: x regressed 1.100; 0 missing"),
        ("00000000000f", "regressed: x regressed 1.100; 1 missing"),
        ("400000000000", "regressed: x regressed 1.100; 0 missing"),
        ("444444444444", "inconclusive: x inconclusive 1.100 disturbed; 0 missing"),
        ("ffffffffffff", "incomplete: ; 1 missing"),
    ] {
        let shard = with(states);
        assert_eq!(told((&shard, "host@one"), (&shard, "host@two")), expected, "{states}");
    }
}

#[test]
fn other_testbeds_are_refused_and_bad_input_is_an_answer() {
    let a = shard("r1", vec![arm(0, "x", "00", 1.0)]);
    let mut b = shard("r2", vec![arm(0, "x", "00", 1.0)]);
    b.testbed[0].1 = "6.12".to_owned();
    let report = compare((&a, "host@one"), (&b, "host@one"), &terms()).unwrap();
    assert_eq!((report.verdict.as_str(), report.rows.len()), ("refused", 0));
    assert_eq!(report.testbeds, [("kernel".into(), "6.1".into(), "6.12".into())]);
    for bad in ["", "{}", "[1]"] {
        assert!(answer(bad).starts_with("{\"error\":\""), "{bad}");
    }
    let mut wrong = a.clone();
    wrong.arms[0].states = "0q".to_owned();
    assert_eq!(
        compare((&wrong, "host@one"), (&a, "host@one"), &terms()).unwrap_err(),
        "`q` is no state of a block"
    );
    assert!(compare((&a, "host@three"), (&a, "host@one"), &terms()).is_err());
}

/// What a page hands over, as it does.
#[test]
fn a_page_s_questions_are_answered() {
    let both = shard("r1", vec![arm(0, "x", "000000", 100.0), arm(1, "x", "000000", 150.0)]);
    let (a, b) = ("host@one", "host@two");
    let asked = serde_json::json!({ "compare": {
        "terms": terms(), "first": both, "second": null, "a": a, "b": b,
    }});
    let told: BTreeMap<String, Report> = serde_json::from_str(&answer(&asked.to_string())).unwrap();
    assert_eq!(told["report"], compare((&both, a), (&both, b), &terms()).unwrap());
    let asked = serde_json::json!({ "choose": { "index": index(), "a": "t@2", "b": "t@1" } });
    assert_eq!(answer(&asked.to_string()), r#"{"chosen":{"a":"r3","b":"r2"}}"#);
}

fn index() -> Index {
    let version =
        |name: &str| Measured { name: name.to_owned(), title: String::new(), day: String::new() };
    let run = |id: &str, epoch: &str, quick, versions: &[usize]| RunEntry {
        id: id.to_owned(),
        epoch: epoch.to_owned(),
        quick,
        versions: versions.to_vec(),
    };
    Index {
        versions: ["t@3", "t@2", "t@1", "t@0"].map(version).to_vec(),
        runs: vec![
            run("r6", "new", true, &[2]),
            run("r5", "new", false, &[0]),
            run("r4", "new", false, &[1]),
            run("r3", "old", false, &[1]),
            run("r2", "old", false, &[2, 3]),
            run("r1", "old", false, &[3]),
        ],
    }
}

#[test]
fn the_runs_that_say_most_are_chosen() {
    for (a, b, expected) in [
        ("t@1", "t@0", Ok(("r2", "r2"))),
        ("t@3", "t@2", Ok(("r5", "r4"))),
        ("t@2", "t@1", Ok(("r3", "r2"))),
        ("t@3", "t@0", Ok(("r5", "r2"))),
        ("t@3", "t@9", Err("no run measured t@9".to_owned())),
    ] {
        assert_eq!(index().choose(a, b), expected, "{a} {b}");
    }
}
