//! A new suite, from its folder to its noise; and whether an installation works.

use super::Project;
use expect_test::expect;
use std::fs;

/// What `bench suite new` needs of a checkout.
fn project() -> Project {
    let project = Project::new("right");
    let config = super::config("right");
    let capabilities = "capabilities = [\"{binary}\", \"--capabilities\"]";
    project.write(
        "bench.toml",
        &config.replace(capabilities, "supports = [\"http-p2\", \"http-p3\"]"),
    );
    for guest in ["hello-p2", "hello-p3"] {
        project.write(&format!("suites/components/prebuilt/{guest}.wasm"), guest);
    }
    project
}

const NEW: &[&str] = &["suite", "new", "greet", "--owner", "me", "--question", "How fast is it?"];

#[test]
fn a_new_suite_fails_until_it_is_told_the_right_answer() {
    let project = project();
    let host = project.fake("host");
    let said = project.bench(&[NEW, &["--measure", "latency", "--language", "committed"]].concat());
    assert_eq!(said.code, 0, "{}", said.err);
    expect![[r#"
        wrote suites/greet/suite.toml
        wrote suites/greet/workloads/greet.yaml.j2

        Next:
        bench suite check greet         # fails: the answer is to be filled in
        # put the right answer in suites/greet/suite.toml, and check again
        bench run --quick --suite greet
    "#]]
    .assert_eq(&said.out);
    let check = ["suite", "check", "greet", "--version", &host, "--blocks", "3"];
    let said = project.bench(&check);
    assert_eq!(said.code, 1, "{}{}", said.out, said.err);
    assert!(said.out.contains("wrong body"), "{}", said.out);

    let suite = fs::read_to_string(project.path("suites/greet/suite.toml")).unwrap();
    project.write("suites/greet/suite.toml", &suite.replace("FILL IN the right answer", "hello"));
    let said = project.bench(&check);
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    assert!(said.out.contains("For the pull request:"), "{}", said.out);
    assert!(said.out.contains("| latency/wasi=p2 fake | `latency_p50_ns` |"), "{}", said.out);
    let told = project.json(&[&check[..], &["--json"]].concat());
    assert_eq!(told["answers"].as_array().unwrap().len(), 2);
    assert_eq!(told["noise"]["blocks"], 3);
    assert!(told["noise"]["quick_s"].as_f64().unwrap() > 0.0);
    // It was a look; nothing is kept of it.
    assert!(!project.path("data/bench.sqlite").exists());
}

/// Every combination is a suite that can be read; the guests that recipes make are told.
#[test]
fn every_kind_of_suite_is_well_formed() {
    for measure in ["latency", "throughput", "cold-start", "size", "density"] {
        for language in ["committed", "python", "wat"] {
            let project = project();
            project.write("suites/components/prebuilt/greet.wasm", "guest");
            let arguments = [NEW, &["--measure", measure, "--language", language]].concat();
            let said = project.bench(&arguments);
            assert_eq!(said.code, 0, "{measure} {language}: {}", said.err);
            let said = project.bench(&["list", "benchmarks"]);
            assert_eq!(said.code, 0, "{measure} {language}: {}", said.err);
            let recipe = project.path("suites/components/large/greet");
            let script = if language == "python" { "build.py" } else { "build.mjs" };
            assert_eq!(recipe.join(script).exists(), language != "committed", "{language}");
        }
    }
}

#[test]
fn what_cannot_be_begun_is_told_in_one_sentence() {
    let project = project();
    let check = |arguments: &[&str], expected: &str| {
        let said = project.bench(&[&["suite", "new"], arguments].concat());
        assert_eq!((said.code, project.plain(&said.err).as_str()), (2, expected), "{arguments:?}");
    };
    check(
        &["Greet"],
        "error: `Greet` cannot name a suite; use a-z, 0-9 and -, and begin with a letter\n",
    );
    check(&["ask"], "error: DIR/suites/ask is there already; choose another name\n");
    check(
        &["greet"],
        "error: What is measured? Nobody can be asked here; add --measure \
         latency|throughput|cold-start|size|density\n",
    );
    let given = ["--measure", "size", "--language", "committed", "--owner", "me"];
    check(
        &[&["greet"], &given[..], &["--question", "It is fast"]].concat(),
        "error: `It is fast` asks nothing; a suite begins with a question, and its mark\n",
    );
    assert!(!project.path("suites/greet").exists());
}

#[test]
fn an_installation_tests_itself() {
    let project = Project::new("right");
    let said = project.bench(&["self-test"]);
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    assert!(said.out.ends_with("8 passed, 0 failed\n"), "{}", said.out);
}
