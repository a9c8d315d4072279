//! The fields of a component that are no interfaces.

use super::*;

#[test]
fn numbers_out_of_range_are_refused() {
    let entry = "spec.template.spec.components[0]";
    let fresh = "needs a `poolSize` of at least 1: a fresh instance serves one request";
    let cases = [
        (
            "poolSize: -2",
            format!("15:21: {entry}.poolSize: -2 is out of range, expected 0 to 10000"),
        ),
        ("maxInvocations: 5", format!("15:27: {entry}.maxInvocations: {fresh}")),
        ("poolSize: 0\nmaxConcurrency: 2", format!("16:27: {entry}.maxConcurrency: {fresh}")),
        (
            "poolSize: 1\nmaxConcurrency: 10001",
            format!("16:27: {entry}.maxConcurrency: 10001 is out of range, expected 0 to 10000"),
        ),
    ];
    for (fields, want) in cases {
        check_refused(&with_fields(fields), &want);
    }
    let limits = [
        ("memoryLimitMb: 4097", "16:28", "memoryLimitMb: 4097", "4096"),
        ("memoryLimitMb: 0", "16:28", "memoryLimitMb: 0", "4096"),
        ("cpuLimit: -2", "16:23", "cpuLimit: -2", "1000000"),
    ];
    for (fields, place, what, most) in limits {
        let want = format!(
            "{place}: {entry}.localResources.{what} is out of range, expected 1 to {most}, or -1 \
             for no limit"
        );
        check_refused(&resources(fields), &want);
    }
}

#[test]
fn what_is_not_configured_is_not_there() {
    let text = with_fields("poolSize: -1\nmaxInvocations: 0\nmaxConcurrency: -1");
    assert_eq!(parsed(&text).components[0].pool, None);
    let pool = parsed(&with_fields("poolSize: 2\nmaxInvocations: -1")).components[0].pool.unwrap();
    assert_eq!((pool.size, pool.max_invocations), (at_least_one(2), None));
    assert_eq!(pool.max_concurrency, NonZeroU32::MIN);
}

#[test]
fn a_component_comes_from_one_place() {
    let entry = "spec.template.spec.components[0]";
    let zeros = "0".repeat(64);
    let one_of = format!("13:17: {entry}: needs exactly one of `file` and `image`");
    let cases = [
        ("file: a\n          image: b.io/c:1".to_owned(), one_of.clone()),
        ("poolSize: 1".to_owned(), one_of),
        (
            "file: ''".to_owned(),
            format!("14:17: {entry}.file: must not be empty nor contain a NUL"),
        ),
        (
            "image: ghcr.io/a/b".to_owned(),
            format!("14:18: {entry}.image: `ghcr.io/a/b` names neither a tag nor a digest"),
        ),
        (
            "image: ghcr.io/A:1".to_owned(),
            format!("14:18: {entry}.image: `ghcr.io/A:1` names no image: invalid reference format"),
        ),
        (
            "file: a\n          digest: sha256:12".to_owned(),
            format!(
                "15:19: {entry}.digest: `sha256:12` is not a digest, expected sha256: and 64 \
                 lower-case hexadecimal digits"
            ),
        ),
        (
            format!("image: a.io/b@sha256:{zeros}\n          digest: sha256:{}", "1".repeat(64)),
            format!(
                "14:18: {entry}.image: `a.io/b@sha256:{zeros}` has another digest than `digest`: \
                 sha256:{}",
                "1".repeat(64)
            ),
        ),
    ];
    for (source, want) in cases {
        check_refused(&with_fields("").replace("file: hello.wasm", &source), &want);
    }
    let twice = format!("{HEAD}{HTTP}{ONE}        - name: hello\n          file: b.wasm\n");
    check_refused(
        &twice,
        "15:17: spec.template.spec.components[1].name: `hello` is taken by \
         spec.template.spec.components[0]",
    );
}

#[test]
fn volumes_and_mounts_fit_together() {
    let volumes = "      volumes:\n        - {name: a, ephemeral: {}}\n";
    let entry = "spec.template.spec.components[0].localResources.volumeMounts";
    let mount =
        |mounts: &str| format!("{}{volumes}", resources(&format!("volumeMounts: [{mounts}]")));
    let cases = [
        (
            mount("{name: b, mountPath: /b}"),
            format!("16:35: {entry}[0].name: there is no volume `b` in spec.template.spec.volumes"),
        ),
        (
            mount("{name: a, mountPath: b}"),
            format!("16:49: {entry}[0].mountPath: `b` must begin with `/`"),
        ),
        (
            mount("{name: a, mountPath: /a/../b}"),
            format!(
                "16:49: {entry}[0].mountPath: `/a/../b` must not contain `.` or `..` as a segment"
            ),
        ),
        (
            mount("{name: a, mountPath: /b}, {name: a, mountPath: /b/}"),
            format!("16:75: {entry}[1].mountPath: /b is taken by {entry}[0]"),
        ),
        (
            mount("").replace("ephemeral: {}", "hostPath: {path: ''}"),
            "18:38: spec.template.spec.volumes[0].hostPath.path: must be the path of a folder"
                .to_owned(),
        ),
        (
            mount("").replace("ephemeral: {}", "ephemeral: {}, hostPath: {path: /}"),
            "18:18: spec.template.spec.volumes[0]: needs exactly one of `ephemeral: {}` and \
             `hostPath: {path: ..}`"
                .to_owned(),
        ),
        (
            format!("{}        - {{name: a, ephemeral: {{}}}}\n", mount("")),
            "19:18: spec.template.spec.volumes[1].name: `a` is taken by spec.template.spec.volumes[0]"
                .to_owned(),
        ),
    ];
    for (text, want) in cases {
        check_refused(&text, &want);
    }
}

#[test]
fn what_a_component_is_given_is_checked() {
    let entry = "spec.template.spec.components[0].localResources";
    let cases = [
        (
            "environment: {config: {'A=B': c}}",
            format!(
                "16:43: {entry}.environment.config: the name of a variable must not be empty nor \
                 contain `=` or NUL"
            ),
        ),
        (
            "allowedHosts: ['a b']",
            format!(
                "16:28: {entry}.allowedHosts[0]: `a b` is not an allowed host, expected \
                 [scheme://]host[:port] with a name, *.name, an address ([::1] for IPv6) or *"
            ),
        ),
    ];
    for (fields, want) in cases {
        check_refused(&resources(fields), &want);
    }
}

#[test]
fn a_component_may_have_a_schedule_only() {
    let text = format!("{HEAD}{ONE}          schedule: '@every 20ms'\n");
    let component = &parsed(&text).components[0];
    assert!(component.http.is_none());
    assert!(matches!(&component.schedule, Some(Schedule::Every(every)) if every.as_millis() == 20));
    let refused = "11:21: spec.template.spec.components[0].schedule: `@every 0s` is too often, at \
                   most every 1ms";
    check_refused(&text.replace("20ms", "0s"), refused);
}
