//! Kept answers, other formats, parts of lists, the site.

use super::Service;
use flate2::read::GzDecoder;
use serde_json::Value;
use std::io::Read as _;

/// Every list, in parts of that many items.
fn whole(service: &Service, path: &str, limit: usize) -> Vec<Value> {
    let (mut items, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = service.json(&format!("{path}?limit={limit}{cursor}"));
        items.extend(page["items"].as_array().unwrap().clone());
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return items,
        }
    }
}

#[test]
fn every_list_is_told_whole_whatever_its_parts() {
    let service = Service::start();
    let lists =
        ["suites", "targets", "versions", "runs", "series", "testbeds", "detect", "alerts", "gate"];
    for list in lists {
        let path = format!("/api/v1/{list}");
        let all = whole(&service, &path, 2000);
        assert_eq!(whole(&service, &path, 3), all, "{list}");
    }
    let count = |list: &str| whole(&service, &format!("/api/v1/{list}"), 2000).len();
    assert_eq!((count("suites"), count("runs"), count("testbeds")), (3, 13, 2));
    let newest = &whole(&service, "/api/v1/versions", 1)[0];
    assert_eq!(newest["subject"], "Keep fibers between requests");
}

#[test]
fn a_series_says_what_is_known_of_every_version_and_what_is_not() {
    let service = Service::start();
    let of =
        "suite=http-invoke&benchmark=hello-latency&metric=latency_p50_ns&arm=wasi%3Dp3&target=host";
    let series = service.json(&format!("/api/v1/series?{of}"));
    let [series] = series["items"].as_array().unwrap().as_slice() else { panic!("{series}") };
    assert_eq!((&series["unit"], &series["direction"]), (&"ns".into(), &"lower is better".into()));
    let path = format!("/api/v1/series/{}", series["series"].as_str().unwrap());
    let points = whole(&service, &path, 5);
    let states: Vec<&str> = points.iter().map(|point| point["state"].as_str().unwrap()).collect();
    assert_eq!(states[..3], ["unsupported"; 3]);
    assert!(states[3..].iter().all(|state| *state == "measured"), "{states:?}");
    assert!(points[0]["value"].is_null() && points[0]["reason"].is_string());
    let (value, low, high) = (&points[5]["value"], &points[5]["low"], &points[5]["high"]);
    assert!(low.as_f64() < value.as_f64() && value.as_f64() < high.as_f64());
    assert!(points[5]["ratio"].as_f64().unwrap() > 1.0);

    let csv = service.get(&format!("{path}?limit=5"), &[("accept", "text/csv")]);
    assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8");
    let lines: Vec<String> = csv.text().lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), 6);
    assert!(lines[0].starts_with("version,version_time,run,"), "{}", lines[0]);
    assert!(csv.header("link").contains("rel=\"next\""));
}

#[test]
fn an_answer_that_is_known_already_is_not_sent_again() {
    let service = Service::start();
    let path = "/api/v1/series";
    let first = service.get(path, &[]);
    let tag = first.header("etag").to_owned();
    assert!(tag.len() > 10);
    let again = service.get(path, &[("if-none-match", &tag)]);
    assert_eq!((again.status.as_u16(), again.body.len()), (304, 0));
    let other = service.get(path, &[("if-none-match", "\"other\"")]);
    assert_eq!((other.status.as_u16(), &other.body), (200, &first.body));
    let packed = service.get(path, &[("accept-encoding", "gzip")]);
    assert_eq!(packed.header("content-encoding"), "gzip");
    let mut text = Vec::new();
    GzDecoder::new(&packed.body[..]).read_to_end(&mut text).unwrap();
    assert_eq!(text, first.body);
    assert_eq!(service.get(path, &[("accept-encoding", "br")]).header("content-encoding"), "br");
    assert!(service.get("/metrics", &[]).text().contains("bench_cached_answers_total 2"));
}

#[test]
fn mistakes_are_told_as_problems() {
    let service = Service::start();
    let check = |path: &str, status: u16, detail: &str| {
        let told = service.get(path, &[]).problem(status);
        assert!(told.contains(detail), "{path}: {told}");
    };
    check("/api/v1/nothing", 404, "there is no such address");
    check("/api/v1/suites/nope", 404, "there is no suite `nope`");
    check("/api/v1/series/0123456789abcdef", 404, "there is no series");
    check("/api/v1/runs/xyz", 400, "`xyz` names no run");
    check("/api/v1/runs/..%2f..%2fetc%2fpasswd", 400, "names no run");
    check("/api/v1/runs/ffffffff", 404, "there is no run `ffffffff`");
    check("/api/v1/runs?limit=0", 400, "limit: 0, give 1 to 2000");
    check("/api/v1/runs?limit=many", 400, "invalid digit");
    check("/api/v1/runs?cursor=nonsense", 400, "cursor: give `next`");
    check("/api/v1/runs?colour=red", 400, "unknown field `colour`");
    check("/api/v1/compare?a=host@1", 400, "missing field `b`");
    check("/api/v1/compare?a=host@00000000&b=host@1", 404, "no stored version is `host@00000000`");
    check("/api/v1/jobs/none", 404, "there is no job `none`");
    assert!(service.post("/api/v1/suites", None, b"").problem(405).contains("method"));
}

#[test]
fn two_versions_are_compared_as_the_pages_compare_them() {
    let service = Service::start();
    let versions = whole(&service, "/api/v1/versions?target=host".split('?').next().unwrap(), 2000);
    let host: Vec<&Value> = versions.iter().filter(|version| version["target"] == "host").collect();
    let name = |at: usize| format!("host@{}", host[at]["label"].as_str().unwrap());
    let compared = service.json(&format!("/api/v1/compare?a={}&b={}", name(3), name(2)));
    assert_eq!(compared["a"], name(3));
    assert!(!compared["rows"].as_array().unwrap().is_empty());
    // The first eight versions were measured on another testbed.
    let refused = service.json(&format!("/api/v1/compare?a={}&b={}", name(11), name(0)));
    assert_eq!(refused["verdict"], "refused");
    assert_eq!(refused["testbeds"][0][0], "kernel");
}

#[test]
fn the_site_is_live_and_lets_nothing_in_from_elsewhere() {
    let service = Service::start();
    service.until("rendering", || service.get("/", &[]).status == 200);
    let page = service.get("/", &[]);
    assert!(page.header("content-security-policy").contains("default-src 'self'"));
    assert_eq!(page.header("x-content-type-options"), "nosniff");
    let missing = service.get("/no/such/page.html", &[]);
    assert_eq!(missing.status, 404);
    assert!(missing.text().contains("<base href=\"/\">"));
    for path in ["/../bench.sqlite", "/%2e%2e/bench.sqlite", "/..%2fbench.sqlite", "//etc/passwd"] {
        assert_eq!(service.get(path, &[]).status, 404, "{path}");
    }
    assert!(service.path("bench.sqlite").exists());
    let health = service.json("/healthz");
    assert_eq!((&health["status"], &health["runs"]), (&"ok".into(), &13.into()));
    let run = service.json("/api/v1/runs/latest");
    let bundle = service.get(&format!("/api/v1/runs/{}/bundle", run["run"].as_str().unwrap()), &[]);
    assert_eq!(model::bundle::read(&bundle.body[..]).unwrap().len(), 1);
}
