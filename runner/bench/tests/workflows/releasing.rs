//! `ci.yml` and `release.yml`.

use super::document::Document;
use super::machine::GitHub;
use super::{needs, repository};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

pub(super) fn the_checks_are_those_of_any_machine() -> BTreeSet<String> {
    let mut github = GitHub::new();
    repository(&github);
    let ci = Document::named("ci.yml");
    let test = github.run(&ci, "test");
    assert_eq!(test.failed, None, "{}", test.said);
    assert_eq!(test.asked, "make test\n");
    let dependencies = github.run(&ci, "dependencies");
    assert_eq!(dependencies.failed, None, "{}", dependencies.said);
    let asked = dependencies.asked.lines().last().unwrap();
    assert!(asked.starts_with("cargo deny --manifest-path hello/Cargo.toml"), "{asked}");
    assert!(asked.ends_with(" all"), "advisories are among them: {asked}");
    github.ran
}

/// What `sha256sum` says of the files a release has.
fn sums_hold(folder: &Path) -> bool {
    let mut check = Command::new("sha256sum");
    check.args(["--check", "--strict", "SHA256SUMS"]).current_dir(folder);
    check.output().unwrap().status.success()
}

pub(super) fn a_tag_becomes_a_release() -> BTreeSet<String> {
    let mut github = GitHub::new();
    repository(&github);
    let release = Document::named("release.yml");
    let all: BTreeSet<String> = needs(&release, "publish").into_iter().collect();
    let jobs: BTreeSet<String> = release.jobs().iter().map(|(job, _)| (*job).to_owned()).collect();
    assert_eq!(jobs.difference(&all).collect::<Vec<_>>(), ["publish"], "it waits for all others");
    let gate = release.job("gate")["uses"].as_str();
    assert_eq!(gate, Some("./.github/workflows/release-gate.yml"));

    let dependencies = github.run(&release, "dependencies");
    assert_eq!(dependencies.failed, None, "{}", dependencies.said);
    assert!(dependencies.asked.contains("cargo audit --deny yanked --file hello/Cargo.lock"));

    let tag = format!("v{}", env!("CARGO_PKG_VERSION"));
    github.set(&[("github.ref_name", "v9.9.9"), ("github.actor", "ada")]);
    github.set(&[("matrix.target", "x86_64-unknown-linux-gnu")]);
    let wrong = github.run(&release, "archive");
    assert!(wrong.failed.is_some());
    assert!(
        wrong.said.contains("the tag is v9.9.9, and Cargo.toml makes bench "),
        "{}",
        wrong.said
    );

    github.set(&[("github.ref_name", &tag)]);
    for target in ["x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu"] {
        github.set(&[("matrix.target", target)]);
        let archive = github.run(&release, "archive");
        assert_eq!(archive.failed, None, "{}", archive.said);
        let file = format!("archives/arewefastyet-{tag}-{target}.tar.gz");
        let again = github.run(&release, "archive");
        let bytes = [&archive, &again].map(|done| fs::read(done.temp.join(&file)).unwrap());
        assert!(bytes[0] == bytes[1], "the same commit gives the same bytes");
        let listed =
            Command::new("tar").arg("-tzf").arg(archive.temp.join(&file)).output().unwrap();
        let listed = String::from_utf8(listed.stdout).unwrap();
        for name in ["/bench\n", "/LICENSE\n", "/man/bench.1\n", "/completions/bench.fish\n"] {
            assert!(listed.contains(name), "{name:?} is not in {listed}");
        }
    }

    let image = github.run(&release, "image");
    assert!(image.asked.contains("docker build --file operation/Dockerfile"), "{}", image.asked);
    let scan = image.noted.iter().position(|it| it.starts_with("anchore/scan-action"));
    assert!(image.noted[scan.unwrap()].contains("fail-build=true"), "{:?}", image.noted);
    // The list of its parts is another action's work; here it is a file.
    fs::create_dir_all(github.path("artifacts/image")).unwrap();
    fs::write(github.path("artifacts/image/image.cdx.json"), "{}").unwrap();

    what_was_checked_is_published(&mut github, &release, &tag);
    github.ran
}

fn what_was_checked_is_published(github: &mut GitHub, release: &Document, tag: &str) {
    let publish = github.run(release, "publish");
    assert_eq!(publish.failed, None, "{}", publish.said);
    let asked: Vec<&str> = publish.asked.lines().collect();
    let at = |beginning: &str| {
        let found = asked.iter().position(|line| line.starts_with(beginning));
        found.unwrap_or_else(|| panic!("nobody asked `{beginning}`: {asked:#?}"))
    };
    assert!(at("docker load") < at("docker login ghcr.io --username ada --password-stdin"));
    assert!(at("docker login") < at(&format!("docker push --quiet ghcr.io/owner/project:{tag}")));
    let attested = publish.noted.iter().filter(|it| it.starts_with("actions/attest ")).count();
    assert_eq!(attested, 5, "{:?}", publish.noted);
    assert!(publish.noted.iter().any(|it| it.contains("subject-digest=sha256:0123")));
    for line in publish.noted.iter().flat_map(|it| it.split(' ')) {
        // What is attested is there; a pattern that fits nothing would attest nothing.
        if let Some(("subject-path" | "sbom-path", path)) = line.split_once('=') {
            let found = glob::glob(path).unwrap().count();
            assert!(found > 0, "{path} fits no file");
        }
    }
    let created = asked[at("gh release create")];
    assert!(created.starts_with(&format!("gh release create {tag} ")), "{created}");
    assert!(created.contains(" --verify-tag ") && created.contains("SHA256SUMS"), "{created}");
    assert!(sums_hold(&publish.temp.join("archives")));
    let archives = fs::read_dir(publish.temp.join("archives")).unwrap().count();
    assert_eq!(archives, 6, "two archives and their lists, the image's list, the sums");
}
