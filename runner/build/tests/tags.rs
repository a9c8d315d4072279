//! Which tag is the last release.

use crate::project::{Project, spec, target};

#[test]
fn the_last_release_lies_before_the_version() {
    let mut project = Project::new();
    let mut tag = |name: Option<&str>| {
        let commit = project.commit("Go on");
        let object = project.repository().revparse_single(&commit).unwrap();
        if let Some(name) = name {
            project.repository().tag_lightweight(name, &object, false).unwrap();
        }
    };
    for name in [Some("v1.0"), None, Some("nightly"), Some("v1.1"), None] {
        tag(name);
    }
    let rows = [
        ("v*", "HEAD", Some("v1.1")),
        ("v*", ".", Some("v1.1")),
        // A release is no release before itself.
        ("v*", "v1.1", Some("v1.0")),
        ("v*", "v1.0", None),
        ("n*", "v1.1", Some("nightly")),
        ("w*", "HEAD", None),
    ];
    for (tags, version, expected) in rows {
        let found = project.builder().last_release(&target(), tags, &spec(version)).unwrap();
        assert_eq!(found.as_deref(), expected, "{tags} before {version}");
    }
    assert!(project.builder().last_release(&target(), "v*", &spec("nope")).is_err());
}
