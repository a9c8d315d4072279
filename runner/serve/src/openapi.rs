//! The document of the API, made from the code that answers, and a page of it for people.

use crate::app;
use crate::problem::{MEDIA_TYPE, Problem};
use askama::Template;
use axum::http::header::CONTENT_TYPE;
use axum::response::{Html, IntoResponse, Response};
use serde_json::{Value, json};
use utoipa::openapi::{InfoBuilder, OpenApi, OpenApiBuilder};

/// What the document says of the whole.
pub(crate) fn head() -> OpenApi {
    let about = "What was measured, what it says, and what is to be measured. Numbers are in the \
        unit of their metric; failed, unsupported and absent are told as such and never as a number. \
        Lists come in parts: `next` of one is the `cursor` of the next. Answers to reading have an \
        `ETag`; lists are told as CSV to those who accept `text/csv`.";
    let info = InfoBuilder::new()
        .title("arewefastyet")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(about))
        .build();
    OpenApiBuilder::new().info(info).build()
}

/// The document of the API, as JSON.
#[must_use]
pub fn document() -> Value {
    let (_, document) = app::described();
    let mut document = serde_json::to_value(document).unwrap_or(Value::Null);
    document["components"]["schemas"]["Problem"] = problem_schema();
    document["components"]["securitySchemes"] = json!({ "token": { "type": "http", "scheme": "bearer", "description": "`bench token create`" } });
    let refusal = json!({
        "description": "It was refused, or failed: the detail says why, and what to do",
        "content": { MEDIA_TYPE: { "schema": { "$ref": "#/components/schemas/Problem" } } },
    });
    let csv = json!({ "schema": { "type": "string" } });
    let operations = document["paths"].as_object_mut().into_iter().flatten();
    for (_, methods) in operations {
        for (_, operation) in methods.as_object_mut().into_iter().flatten() {
            let responses = &mut operation["responses"];
            responses["default"] = refusal.clone();
            let content = &mut responses["200"]["content"];
            let is_list = content["application/json"]["schema"]["$ref"]
                .as_str()
                .is_some_and(|name| name.contains("Page_"));
            if is_list {
                content["text/csv"] = csv.clone();
            }
        }
    }
    document
}

fn problem_schema() -> Value {
    use utoipa::PartialSchema as _;
    serde_json::to_value(Problem::schema()).unwrap_or(Value::Null)
}

/// `/api/v1/openapi.json`.
pub(crate) async fn json() -> Response {
    ([(CONTENT_TYPE, "application/json")], document().to_string()).into_response()
}

#[derive(Template)]
#[template(path = "api.html")]
struct ApiPage {
    about: String,
    groups: Vec<(String, Vec<Operation>)>,
}

struct Operation {
    method: String,
    path: String,
    summary: String,
    needs_token: bool,
    parameters: Vec<[String; 3]>,
    answers: Vec<[String; 2]>,
}

/// `/api`.
pub(crate) async fn page() -> Result<Response, Problem> {
    let document = document();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut groups: Vec<(String, Vec<Operation>)> = Vec::new();
    for (path, methods) in document["paths"].as_object().into_iter().flatten() {
        for (method, operation) in methods.as_object().into_iter().flatten() {
            let tag = text(&operation["tags"][0]);
            let operation = described(method, path, operation);
            match groups.iter_mut().find(|(name, _)| *name == tag) {
                Some((_, operations)) => operations.push(operation),
                None => groups.push((tag, vec![operation])),
            }
        }
    }
    let page = ApiPage { about: text(&document["info"]["description"]), groups };
    let page = page.render().map_err(|error| Problem::internal(&error))?;
    Ok(Html(page).into_response())
}

fn described(method: &str, path: &str, operation: &Value) -> Operation {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let both = [&operation["summary"], &operation["description"]].map(text);
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let answers = operation["responses"].as_object().into_iter().flatten();
    Operation {
        method: method.to_uppercase(),
        path: path.to_owned(),
        summary: both.join(" ").trim().to_owned(),
        needs_token: operation["security"].is_array(),
        parameters: parameters
            .map(|it| [text(&it["name"]), text(&it["in"]), text(&it["description"])])
            .collect(),
        answers: answers.map(|(status, it)| [status.clone(), text(&it["description"])]).collect(),
    }
}
