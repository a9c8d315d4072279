//! What GitHub published of itself: the description of its API, and examples of what its
//! webhooks deliver. See `published/LICENSE` and `published/extract.mjs`.

use boon::{Compiler, Draft, SchemaIndex, Schemas};
use serde_json::{Map, Value, json};
use std::cell::RefCell;
use std::collections::HashMap;

const CALLS: &str = include_str!("published/calls.json");
const DELIVERIES: &str = include_str!("published/deliveries.json");
const ROOT: &str = "https://published.example/calls.json";

/// A part of GitHub's API.
pub(crate) struct Published {
    calls: Map<String, Value>,
    compiler: Compiler,
    schemas: Schemas,
    /// Where each schema stands in the document that was handed over.
    positions: HashMap<String, usize>,
    compiled: HashMap<usize, SchemaIndex>,
}

thread_local! {
    // A compiler of schemas stays on its thread, as the stand-in does.
    static PUBLISHED: RefCell<Published> = RefCell::new(Published::read());
}

/// What is published, for one look at it.
pub(crate) fn look<T>(at: impl FnOnce(&mut Published) -> T) -> T {
    PUBLISHED.with_borrow_mut(at)
}

impl Published {
    fn read() -> Self {
        let all: Value = serde_json::from_str(CALLS).unwrap();
        let calls = all["calls"].as_object().unwrap().clone();
        let (mut list, mut positions) = (Vec::new(), HashMap::new());
        let mut add = |name: String, schema: &Value| {
            positions.insert(name, list.len());
            list.push(schema.clone());
        };
        for (call, told) in &calls {
            if !told["request"].is_null() {
                add(format!("{call} request"), &told["request"]);
            }
            for (status, reply) in told["replies"].as_object().unwrap() {
                add(format!("{call} {status}"), &reply["schema"]);
            }
            for (name, schema) in told["query"].as_object().unwrap() {
                add(format!("{call} ?{name}"), schema);
            }
        }
        let mut compiler = Compiler::new();
        compiler.set_default_draft(Draft::V2020_12);
        let document = json!({ "list": list, "components": all["components"] });
        compiler.add_resource(ROOT, document).unwrap();
        let (schemas, compiled) = (Schemas::new(), HashMap::new());
        Self { calls, compiler, schemas, positions, compiled }
    }

    /// The call that a request is, and what stands for each `{name}` of its path.
    pub(crate) fn call(&self, method: &str, path: &str) -> Option<(String, Vec<String>)> {
        self.calls.keys().find_map(|call| {
            let (of, template) = call.split_once(' ')?;
            let (template, path): (Vec<&str>, Vec<&str>) =
                (template.split('/').collect(), path.split('/').collect());
            // A ref may have slashes; the tests' have none.
            let fits = of == method
                && template.len() == path.len()
                && template.iter().zip(&path).all(|(a, b)| a.starts_with('{') || a == b);
            let named = template.iter().zip(&path).filter(|(a, _)| a.starts_with('{'));
            fits.then(|| (call.clone(), named.map(|(_, b)| (*b).to_owned()).collect()))
        })
    }

    /// GitHub's own example of a reply.
    pub(crate) fn example(&self, call: &str, status: u16) -> Value {
        let example = &self.calls[call]["replies"][status.to_string()]["example"];
        assert!(!example.is_null(), "{call} {status} has no example");
        example.clone()
    }

    /// What is wrong with a request.
    pub(crate) fn request(
        &mut self,
        call: &str,
        query: &HashMap<String, String>,
        body: Option<&Value>,
    ) -> Result<(), String> {
        for (name, value) in query {
            let place = format!("{call} ?{name}");
            if !self.positions.contains_key(&place) {
                return Err(format!("{call}: there is no parameter `{name}`"));
            }
            let value = value.parse::<i64>().map_or_else(|_| json!(value), |number| json!(number));
            self.check(&place, &value)?;
        }
        let place = format!("{call} request");
        match (self.positions.contains_key(&place), body) {
            (true, Some(body)) => self.check(&place, body),
            // An installation's token may be asked for without a word.
            (true, None) | (false, None) => Ok(()),
            (false, Some(_)) => Err(format!("{call} takes no body")),
        }
    }

    /// What is wrong with a reply.
    pub(crate) fn reply(&mut self, call: &str, status: u16, body: &Value) -> Result<(), String> {
        let place = format!("{call} {status}");
        if !self.positions.contains_key(&place) {
            return Err(format!("{call} is never answered with {status}"));
        }
        self.check(&place, body)
    }

    fn check(&mut self, place: &str, value: &Value) -> Result<(), String> {
        let position = self.positions[place];
        let index = match self.compiled.get(&position) {
            Some(index) => *index,
            None => {
                let url = format!("{ROOT}#/list/{position}");
                let compiled = self.compiler.compile(&url, &mut self.schemas);
                let index = compiled.map_err(|error| format!("{place}: {error:#}"))?;
                self.compiled.insert(position, index);
                index
            }
        };
        let valid = self.schemas.validate(value, index);
        valid.map_err(|error| format!("{place}: {error}\n{value}"))
    }
}

/// GitHub's example of a delivery.
pub(crate) fn delivery(event: &str, action: Option<&str>) -> Value {
    let all: Value = serde_json::from_str(DELIVERIES).unwrap();
    let fits = |it: &&Value| {
        it["event"] == event && action.is_none_or(|action| it["payload"]["action"] == action)
    };
    let found = all["deliveries"].as_array().unwrap().iter().find(fits);
    found.unwrap_or_else(|| panic!("there is no {event} {action:?}"))["payload"].clone()
}
