//! The document of the API says what is answered.

use super::Service;
use serde_json::Value;

#[test]
fn every_operation_is_described_and_answers_as_described() {
    let service = Service::start();
    let document = service.json("/api/v1/openapi.json");
    assert_eq!(document, serve::document());
    let paths = document["paths"].as_object().unwrap();
    assert!(paths.len() >= 20, "{:?}", paths.keys());
    for (path, methods) in paths {
        for (method, operation) in methods.as_object().unwrap() {
            let summary = operation["summary"].as_str().unwrap_or_default();
            assert!(!summary.is_empty(), "{method} {path} has no summary");
            assert!(operation["responses"]["default"].is_object(), "{method} {path}");
            let is_writing = method != "get";
            assert!(
                !is_writing || operation["security"].is_array(),
                "{method} {path} needs no token"
            );
        }
    }
    // Every list without parameters of its path has the fields that are promised.
    for (path, methods) in paths.iter().filter(|(path, _)| !path.contains('{')) {
        let Some(operation) = methods.get("get").filter(|it| it.get("security").is_none()) else {
            continue;
        };
        if path.ends_with("compare") {
            continue;
        }
        let schema = resolve(
            &document,
            &operation["responses"]["200"]["content"]["application/json"]["schema"],
        );
        let answer = service.json(path);
        for name in schema["required"].as_array().unwrap() {
            assert!(answer.get(name.as_str().unwrap()).is_some(), "{path} lacks {name}");
        }
    }
    let page = service.get("/api", &[]).text();
    for path in paths.keys() {
        assert!(page.contains(path.as_str()), "{path} is not on the page");
    }
    assert!(!page.contains("http://") && !page.contains("https://") && !page.contains("<script"));
}

fn resolve<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).unwrap(),
        None => schema,
    }
}
