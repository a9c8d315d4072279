//! What agents and tools say to each other: JSON-RPC 2.0 with the methods of the Model Context
//! Protocol that a tool call takes. It must not know what carries the messages.

mod agent;
mod tool;

pub use agent::{Question, Tools};
pub use tool::{Tool, answer};

/// The version of the Model Context Protocol that both sides speak.
const PROTOCOL: &str = "2025-06-18";

#[cfg(test)]
mod tests {
    use super::*;

    /// A conversation as a guest has it, without anything between the two.
    fn ask(tool: &str, text: &str) -> Result<String, String> {
        let tool = Tool::named(tool)?;
        let say = |question: &Question| answer(tool, question.body().as_bytes());
        let mut question = Question::initialize();
        question.check(say(&question).as_bytes())?;
        question = question.list();
        let tools = Tools::read(&question.check(say(&question).as_bytes())?)?;
        question = question.call(&tools, text);
        Tools::text(&question.check(say(&question).as_bytes())?)
    }

    #[test]
    fn each_tool_does_its_work() {
        for (tool, text) in [
            ("upper", "ARE WE FAST YET"),
            ("reverse", "tey tsaf ew era"),
            ("rot13", "ner jr snfg lrg"),
            ("words", "are we fast yet (4 words)"),
            ("letters", "are we fast yet (12 letters)"),
        ] {
            assert_eq!(ask(tool, "are we fast yet").as_deref(), Ok(text));
        }
        assert!(ask("hammer", "a").is_err());
    }

    #[test]
    fn what_makes_no_sense_gets_the_errors_of_the_protocol() {
        let tool = Tool::Upper;
        for (body, code) in [
            ("{", -32700),
            ("[]", -32600),
            (r#"{"jsonrpc":"1.0","id":1,"method":"initialize"}"#, -32600),
            (r#"{"jsonrpc":"2.0","id":1,"method":"tools/sell"}"#, -32601),
            (r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"lower"}}"#, -32602),
        ] {
            let answered = answer(tool, body.as_bytes());
            assert!(answered.contains(&format!("\"code\":{code}")), "{body}: {answered}");
            assert!(Question::initialize().check(answered.as_bytes()).is_err(), "{answered}");
        }
        // The answer to another question.
        let other = Question::initialize().list();
        let answered = answer(tool, other.body().as_bytes());
        assert!(Question::initialize().check(answered.as_bytes()).is_err());
    }
}
