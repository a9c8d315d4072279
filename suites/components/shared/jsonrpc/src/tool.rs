//! The side that is asked: a tool that does one thing to a text.

use crate::PROTOCOL;
use serde_json::{Value, json};

/// What a tool does to a text.
#[derive(Clone, Copy)]
pub enum Tool {
    /// Makes the letters large.
    Upper,
    /// Puts the last letter first.
    Reverse,
    /// Moves each letter of the alphabet by 13.
    Rot13,
    /// Adds how many words there are.
    Words,
    /// Adds how many letters there are.
    Letters,
}

const TOOLS: [(&str, Tool); 5] = [
    ("upper", Tool::Upper),
    ("reverse", Tool::Reverse),
    ("rot13", Tool::Rot13),
    ("words", Tool::Words),
    ("letters", Tool::Letters),
];

/// What is wrong with a message, in the numbers of JSON-RPC.
struct Wrong(i32, &'static str);

const NO_JSON: Wrong = Wrong(-32700, "no JSON");
const NO_REQUEST: Wrong = Wrong(-32600, "no request of JSON-RPC 2.0");
const NO_METHOD: Wrong = Wrong(-32601, "no such method");
const NO_ARGUMENTS: Wrong = Wrong(-32602, "expected the tool's name, and a text");

impl Tool {
    /// The tool of this name; the error is for whoever configured it.
    pub fn named(name: &str) -> Result<Self, String> {
        let found = TOOLS.iter().find(|(known, _)| *known == name);
        found.map(|(_, tool)| *tool).ok_or_else(|| {
            let known: Vec<_> = TOOLS.iter().map(|(name, _)| *name).collect();
            format!("there is no tool {name:?}, only {}", known.join(", "))
        })
    }

    fn name(self) -> &'static str {
        TOOLS[self as usize].0
    }

    fn work(self, text: &str) -> String {
        let letters = || text.chars().filter(|letter| letter.is_alphabetic());
        match self {
            Self::Upper => text.to_uppercase(),
            Self::Reverse => text.chars().rev().collect(),
            Self::Rot13 => text.chars().map(rotated).collect(),
            Self::Words => format!("{text} ({} words)", text.split_whitespace().count()),
            Self::Letters => format!("{text} ({} letters)", letters().count()),
        }
    }
}

fn rotated(letter: char) -> char {
    let by_13 = |first: u8| char::from(first + (letter as u8 - first + 13) % 26);
    match letter {
        'a'..='z' => by_13(b'a'),
        'A'..='Z' => by_13(b'A'),
        other => other,
    }
}

/// The answer to one message.
pub fn answer(tool: Tool, message: &[u8]) -> String {
    let message: Option<Value> = serde_json::from_slice(message).ok();
    let id = message.as_ref().and_then(|it| it.get("id")).cloned().unwrap_or(Value::Null);
    let outcome = message.ok_or(NO_JSON).and_then(|message| result(tool, &message));
    let answer = match outcome {
        Ok(result) => json!({ "jsonrpc": "2.0", "id": id, "result": result }),
        Err(Wrong(code, message)) => {
            json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code, "message": message } })
        }
    };
    answer.to_string()
}

fn result(tool: Tool, message: &Value) -> Result<Value, Wrong> {
    if message["jsonrpc"] != "2.0" {
        return Err(NO_REQUEST);
    }
    match message["method"].as_str().ok_or(NO_REQUEST)? {
        "initialize" => Ok(json!({
            "protocolVersion": PROTOCOL,
            "capabilities": { "tools": {} },
            "serverInfo": { "name": tool.name(), "version": env!("CARGO_PKG_VERSION") },
        })),
        "tools/list" => Ok(json!({ "tools": [{
            "name": tool.name(),
            "description": "Does one thing to a text",
            "inputSchema": {
                "type": "object",
                "properties": { "text": { "type": "string" } },
                "required": ["text"],
            },
        }] })),
        "tools/call" => {
            let params = &message["params"];
            let text = params["arguments"]["text"].as_str().ok_or(NO_ARGUMENTS)?;
            if params["name"] != tool.name() {
                return Err(NO_ARGUMENTS);
            }
            let text = tool.work(text);
            Ok(json!({ "content": [{ "type": "text", "text": text }], "isError": false }))
        }
        _ => Err(NO_METHOD),
    }
}
