//! `compare.yml` and `compare-publish.yml`: what a pull request changes.

use super::document::Document;
use super::hostile::Bundle;
use super::machine::{Done, GitHub};
use super::repository;
use std::collections::BTreeSet;
use std::fs;

/// What GitHub tells of the pull request that `repository` makes.
pub(super) fn pull_request(github: &mut GitHub, main: &str, head: &str) {
    github.set(&[
        ("github.event.pull_request.number", "7"),
        ("github.event.pull_request.head.sha", head),
        ("github.event.pull_request.base.sha", main),
        ("github.event.workflow_run.event", "pull_request"),
        ("github.event.workflow_run.conclusion", "success"),
        ("github.event.workflow_run.id", "41"),
        ("github.event.workflow_run.html_url", "https://github.com/Owner/Project/actions/runs/41"),
        ("github.event.workflow_run.head_sha", head),
        ("github.event.workflow_run.head_branch", "change"),
        ("github.event.workflow_run.head_repository.owner.login", "stranger"),
    ]);
    let pull = |number: u32, sha: &str| serde_json::json!({ "number": number, "head": { "sha": sha }, "base": { "sha": main } });
    // Two of the same branch, of which one has moved on.
    serve(github, "repos/Owner/Project/pulls", &serde_json::json!([pull(6, main), pull(7, head)]));
    serve(
        github,
        &format!("repos/Owner/Project/compare/{main}...{head}"),
        &serde_json::json!({ "merge_base_commit": { "sha": main } }),
    );
    comments(github, &[]);
}

pub(super) fn serve(github: &GitHub, path: &str, value: &serde_json::Value) {
    let folder = github.path("served");
    fs::create_dir_all(&folder).unwrap();
    let name = path.replace(['/', '?'], "_");
    fs::write(folder.join(name + ".json"), value.to_string()).unwrap();
}

fn comments(github: &GitHub, comments: &[(u32, &str, &str)]) {
    let comments: Vec<_> = comments
        .iter()
        .map(|(id, login, body)| serde_json::json!({ "id": id, "user": { "login": login }, "body": body }))
        .collect();
    let path = "repos/Owner/Project/issues/7/comments?per_page=100";
    serve(github, path, &serde_json::json!(comments));
}

/// The comment that was written.
pub(super) fn comment(github: &GitHub) -> String {
    fs::read_to_string(github.path("served/body.md")).unwrap()
}

pub(super) fn publish(github: &mut GitHub) -> Done {
    let publish = Document::named("compare-publish.yml");
    let judged = github.run(&publish, "judge");
    let done = github.run(&publish, "comment");
    assert_eq!(done.failed, None, "{}", done.said);
    judged
}

/// The line of a stand-in that begins like this.
fn asked<'d>(done: &'d Done, beginning: &str) -> &'d str {
    let found = done.asked.lines().find(|line| line.starts_with(beginning));
    found.unwrap_or_else(|| panic!("nobody asked `{beginning}`: {}", done.asked))
}

pub(super) fn a_pull_request_is_told_what_it_changes() -> BTreeSet<String> {
    let mut github = GitHub::new();
    let [main, head] = repository(&github);
    pull_request(&mut github, &main, &head);
    let measured = github.run(&Document::named("compare.yml"), "measure");
    assert_eq!(measured.failed, None, "{}", measured.said);
    assert!(measured.said.contains("equivalent"), "{}", measured.said);

    let publish_document = Document::named("compare-publish.yml");
    let found = github.run(&publish_document, "find");
    assert_eq!(found.failed, None, "{}", found.said);
    assert_eq!(github.context["needs.find.outputs.number"], "7");
    assert_eq!(github.context["needs.find.outputs.base"], main);
    let asked_for = asked(&found, "gh api --method GET");
    assert!(asked_for.contains("head=stranger:change"), "{asked_for}");

    // As it is measured here, the bundle is of another testbed than GitHub's.
    let honest = Bundle::read(&github);
    honest.on("Virtual Machine").write(&github);
    let judged = publish(&mut github);
    assert_eq!(judged.failed, None, "{}", judged.said);
    assert!(judged.summary.starts_with("**equivalent: 1 equivalent, 0 missing**"));
    let text = comment(&github);
    assert!(text.starts_with("<!-- arewefastyet: comparison -->\n**equivalent: 1"), "{text}");
    assert!(text.contains(&head[..8]) && text.contains("actions/runs/41"), "{text}");

    // Next time the same comment is changed, and nobody else's that looks like it.
    let marked = "<!-- arewefastyet: comparison -->";
    comments(
        &github,
        &[
            (10, "stranger", marked),
            (11, "github-actions[bot]", "hello"),
            (12, "github-actions[bot]", marked),
        ],
    );
    let again = github.run(&publish_document, "comment");
    let path = asked(&again, "gh api --silent --method PATCH");
    assert!(path.contains("repos/Owner/Project/issues/comments/12 "), "{path}");

    // A text that is too long for GitHub says where the rest is.
    let long = "word ".repeat(20_000);
    fs::write(github.path("artifacts/comparison-text/comparison.md"), long).unwrap();
    github.run(&publish_document, "comment");
    let text = comment(&github);
    assert!(text.len() < 61_000 && text.contains("Cut here; [all of it]"), "{}", text.len());

    github.set(&[("github.event.workflow_run.conclusion", "failure")]);
    github.set(&[("needs.judge.result", "skipped")]);
    github.run(&publish_document, "comment");
    assert!(comment(&github).contains("could not be measured**: see [what it did]"));

    // Once it has another head, nobody is told of this one.
    github.set(&[("github.event.workflow_run.head_sha", &"e".repeat(40))]);
    let found = github.run(&publish_document, "find");
    assert_eq!(found.failed, None);
    assert!(found.said.contains("nobody to tell"), "{}", found.said);
    assert_eq!(github.context["needs.find.outputs.number"], "");
    github.ran
}
