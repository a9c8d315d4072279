//! The side that asks: what a session with one tool says, and what its answers mean.

use crate::PROTOCOL;
use serde_json::{Value, json};

/// A message that wants an answer.
pub struct Question {
    id: u64,
    method: &'static str,
    params: Value,
}

/// What a server told of its tools: the first one's name.
pub struct Tools {
    first: String,
}

impl Question {
    /// Opens a session.
    pub fn initialize() -> Self {
        let params = json!({
            "protocolVersion": PROTOCOL,
            "capabilities": {},
            "clientInfo": { "name": "agent", "version": env!("CARGO_PKG_VERSION") },
        });
        Self { id: 1, method: "initialize", params }
    }

    /// Then, which tools there are.
    pub fn list(self) -> Self {
        Self { id: self.id + 1, method: "tools/list", params: json!({}) }
    }

    /// Then, has the first one work on a text.
    pub fn call(self, tools: &Tools, text: &str) -> Self {
        let params = json!({ "name": tools.first, "arguments": { "text": text } });
        Self { id: self.id + 1, method: "tools/call", params }
    }

    /// The message as it is sent.
    pub fn body(&self) -> String {
        let Self { id, method, params } = self;
        json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }).to_string()
    }

    /// The result in an answer, if it is one to this question.
    pub fn check(&self, answer: &[u8]) -> Result<Value, String> {
        let wrong = || format!("{}: unexpected: {}", self.method, String::from_utf8_lossy(answer));
        let mut answer: Value = serde_json::from_slice(answer).map_err(|_| wrong())?;
        if answer["jsonrpc"] != "2.0" || answer["id"] != self.id || answer["result"].is_null() {
            return Err(wrong());
        }
        Ok(answer["result"].take())
    }
}

impl Tools {
    /// Out of the result of `tools/list`.
    pub fn read(result: &Value) -> Result<Self, String> {
        let first = result["tools"][0]["name"].as_str();
        let first = first.ok_or_else(|| format!("tools/list: no tool in {result}"))?;
        Ok(Self { first: first.to_owned() })
    }

    /// The text in the result of `tools/call`.
    pub fn text(result: &Value) -> Result<String, String> {
        let text = result["content"][0]["text"].as_str().filter(|_| result["isError"] == false);
        text.map(str::to_owned).ok_or_else(|| format!("tools/call: no text in {result}"))
    }
}
