//! What `bench compare` measures, and how it tells what it found. A program
//! with known values stands in for a host, so that the truth is known.

use super::Project;
use expect_test::expect;
use serde_json::Value;

const SUITE: &str = r#"title = "Ask"
why = "Does the comparison tell the truth?"
owner = "tests"

[[benchmark]]
name = "it"
driver = "command"
command = ["./measure.sh", "{binary}", "{case}"]
parameters = { case = ["slow", "same", "wild"] }
metrics = ["ready_ns", "cpu_ns_per_request"]
noise = "wall"
budget_s = 20
"#;

/// Values with a noise of 0.1 %; "slow" takes 20 % longer in `b` and no more
/// CPU time, "wild" has a noise of 20 %.
const MEASURE: &str = r#"#!/bin/sh
log="$(dirname "$1")/count-$(basename "$1")-$2"
echo >> "$log"
n=$(wc -l < "$log")
awk -v n="$n" -v case="$2" -v side="$(basename "$1")" 'BEGIN {
    noise = ((n * 7 + (side == "b" ? 3 : 0)) % 5 - 2) / 1000
    if (case == "wild") noise *= 200
    ready = 1e6 * (1 + noise)
    if (case == "slow" && side == "b") ready *= 1.2
    printf "{\"metric\": \"ready_ns\", \"value\": %.3f}\n", ready
    printf "{\"metric\": \"cpu_ns\", \"value\": %.3f}\n", 2e5 * (1 - noise)
    print "{\"metric\": \"requests\", \"value\": 10}"
    print "{\"done\": true}"
}'
"#;

pub(super) fn project() -> Project {
    let project = Project::new("right");
    project.write("suites/ask/suite.toml", SUITE);
    project.script("suites/ask/measure.sh", MEASURE);
    project
}

/// Digests and names that differ from run to run.
fn plain(text: &str, report: &Value) -> String {
    let word = |side: &str, field: &str| report[side][field].as_str().unwrap().to_owned();
    text.replace(&word("a", "version"), "sha256:A")
        .replace(&word("b", "version"), "sha256:B")
        .replace(&word("b", "run"), "RUN")
}

#[test]
fn what_is_decided_is_measured_no_further() {
    let project = project();
    let (a, b) = (project.fake("a"), project.fake("b"));
    let said = project.bench(&["compare", &a, &b, "--blocks", "12", "--seed", "1", "--json"]);
    assert_eq!(said.code, 1, "{}{}", said.out, said.err);
    let report: Value = serde_json::from_str(&said.out).unwrap();
    let told: String = report["comparisons"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| {
            format!(
                "{} {}: {}, {} pairs, decided after {}, {}\n",
                c["arm"].as_str().unwrap(),
                c["metric"].as_str().unwrap(),
                c["verdict"].as_str().unwrap(),
                c["pairs"],
                c["decided_after"],
                c["labels"],
            )
        })
        .collect();
    expect![[r#"
        case=same ready_ns: equivalent, 6 pairs, decided after 6, []
        case=same cpu_ns_per_request: equivalent, 6 pairs, decided after 6, []
        case=slow ready_ns: regressed, 6 pairs, decided after 6, ["wall-only"]
        case=slow cpu_ns_per_request: equivalent, 6 pairs, decided after 6, []
        case=wild ready_ns: inconclusive, 12 pairs, decided after null, []
        case=wild cpu_ns_per_request: inconclusive, 12 pairs, decided after null, []
    "#]]
    .assert_eq(&told);
    let runs = |case: &str| {
        let count = std::fs::read_to_string(project.path(&format!("count-a-{case}")));
        count.unwrap().lines().count()
    };
    assert_eq!((runs("slow"), runs("same"), runs("wild")), (6, 6, 12));
}

/// What a comparison of `a` and `b` prints, from the same values every time.
fn compared(project: &Project, more: &[&str]) -> String {
    let (a, b) = (project.fake("a"), project.fake("b"));
    for name in ["a", "b"] {
        for case in ["slow", "same", "wild"] {
            let _ = std::fs::remove_file(project.path(&format!("count-{name}-{case}")));
        }
    }
    let base = ["compare", &a, &b, "--blocks", "12", "--seed", "1"];
    let said = project.bench(&[&base[..], more].concat());
    assert_eq!(said.code, 1, "{}{}", said.out, said.err);
    said.out
}

#[test]
fn a_change_is_told_with_its_distributions() {
    let project = project();
    let report: Value = serde_json::from_str(&compared(&project, &["--json"])).unwrap();
    let shown = |more: &[&str]| {
        let text = compared(&project, more);
        let newest = project.json(&["list", "runs", "--json"]);
        let run = newest[0]["run"].as_str().unwrap().to_owned();
        plain(&text.replace(&run, "RUN"), &report)
    };
    expect![[r#"
        A fake sha256:A   B fake sha256:B   run RUN

        ask
         benchmark     metric          A        B       B/A              interval  visible  verdict              
         it case=slow  ready_ns  1.00 ms  1.20 ms  +19.96 %  +18.73 % to +21.20 %   1.13 %  regressed  wall only 

              it case=slow ready_ns, blocks of both
              A █▂                                                          
              B                                                           ▅▅
                998 µs                                               1.20 ms
        wall only: the clock shows a change, and the CPU time and instructions of the same requests are equivalent: look for waiting, or for a disturbed machine
        inconclusive where the interval neither excludes 1 nor fits the margin, measure more pairs
        In 95 % of such comparisons not one "regressed" or "improved" is false. "visible" is the smallest change that would have been seen 4 times in 5.
        regressed: 1 regressed, 3 equivalent, 2 inconclusive, 0 missing (--all shows what did not change)
    "#]].assert_eq(&shown(&[]));
    expect![[r#"
        **regressed: 1 regressed, 3 equivalent, 2 inconclusive, 0 missing**

        A is `fake sha256:A`, B is `fake sha256:B` (run `RUN`).

        ### ask

        | benchmark | metric | A | B | B/A | interval | visible | verdict |
        |---|---|---:|---:|---:|---:|---:|---|
        | it case=slow | `ready_ns` | 1.00 ms | 1.20 ms | +19.96 % | +18.73 % to +21.20 % | 1.13 % | regressed (wall only) |

        <details><summary>What did not change, or could not be decided</summary>

        ### ask

        | benchmark | metric | A | B | B/A | interval | visible | verdict |
        |---|---|---:|---:|---:|---:|---:|---|
        | it case=wild | `ready_ns` | 1.00 ms | 1.00 ms | -6.82 % | -43.25 % to +53.00 % | 87.28 % | inconclusive |
        | it case=wild | `cpu_ns_per_request` | 20.0 µs | 20.0 µs | +7.32 % | -34.64 % to +76.21 % | 87.28 % | inconclusive |
        | it case=same | `ready_ns` | 1.00 ms | 1000 µs | -0.03 % | -1.06 % to +1.00 % | 1.13 % | equivalent |
        | it case=same | `cpu_ns_per_request` | 20.0 µs | 20.0 µs | +0.03 % | -0.92 % to +1.00 % | 1.06 % | equivalent |
        | it case=slow | `cpu_ns_per_request` | 20.0 µs | 20.0 µs | +0.03 % | -0.92 % to +1.00 % | 1.06 % | equivalent |

        - inconclusive where the interval neither excludes 1 nor fits the margin, measure more pairs

        </details>

        - wall only: the clock shows a change, and the CPU time and instructions of the same requests are equivalent: look for waiting, or for a disturbed machine

        In 95 % of such comparisons not one "regressed" or "improved" is false. "visible" is the smallest change that would have been seen 4 times in 5.
    "#]].assert_eq(&shown(&["--markdown", "--html", "page.html"]));
    let page = std::fs::read_to_string(project.path("page.html")).unwrap();
    assert!(page.contains("<rect class=\"b\"") && page.contains("wall only"), "{page}");
    for outside in ["http:", "https:", "src=", "url(", "<link", "<script"] {
        assert!(!page.contains(outside), "{outside} in {page}");
    }
}

/// The fourth comparison knows from three how pairs scatter, and is no surer.
#[test]
fn a_comparison_is_no_surer_than_its_history() {
    let project = project();
    let (a, b) = (project.fake("a"), project.fake("b"));
    let noise = || {
        let said = project.bench(&["compare", &a, &b, "--blocks", "8", "--json"]);
        let report: Value = serde_json::from_str(&said.out).unwrap();
        let wild = report["comparisons"].as_array().unwrap().iter();
        let mut wild = wild.filter(|it| it["arm"] == "case=wild" && it["metric"] == "ready_ns");
        let wild = wild.next().unwrap();
        assert!(wild["rank_p"].as_f64().is_some_and(|p| p > 0.0 && p <= 1.0), "{wild}");
        wild["noise_before"].as_f64()
    };
    assert_eq!([noise(), noise(), noise()], [None, None, None]);
    // Two values of each pair, each spread evenly from -40 % to 40 %.
    assert!(noise().is_some_and(|noise| (0.1..1.0).contains(&noise)));
}

#[test]
fn one_binary_twice_is_never_an_alarm() {
    let project = project();
    let a = project.fake("a");
    // The second block of every pair is 20 % slower, the same binary or not.
    let drifts = MEASURE.replace("noise *= 200", "noise += n % 2 * 0.2");
    project.write("suites/ask/measure.sh", &drifts);
    let suite = SUITE.replace("\"slow\", \"same\", \"wild\"", "\"wild\"");
    project.write("suites/ask/suite.toml", &suite);
    let report = project.json(&["compare", &a, &a, "--blocks", "8", "--json"]);
    assert_eq!(report["same_binary"], true);
    for comparison in report["comparisons"].as_array().unwrap() {
        assert_eq!(comparison["verdict"], "equivalent", "{comparison}");
        assert_eq!(comparison["labels"][0], "same-binary", "{comparison}");
    }
    let said = project.bench(&["compare", &a, &a, "--blocks", "8"]);
    assert!(said.out.contains("Both sides are the same binary"), "{}", said.out);
}

#[test]
fn a_budget_ends_what_cannot_be_decided() {
    let project = project();
    let (a, b) = (project.fake("a"), project.fake("b"));
    let said = project.bench(&["compare", &a, &b, "--budget", "2s", "--json"]);
    assert!([1, 3].contains(&said.code), "{}{}", said.out, said.err);
    let runs = project.json(&["list", "runs", "--json"]);
    assert_eq!(runs[0]["status"], "complete", "{runs}");
    let wrong = project.bench(&["compare", &a, &b, "--budget", "tomorrow"]);
    assert_eq!(wrong.code, 2);
    assert!(wrong.err.contains("not a time such as 10m or 90s"), "{}", wrong.err);
}
