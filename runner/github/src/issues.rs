//! One issue for each confirmed regression: opened, updated and closed by itself. What
//! people did to it (closing it, its labels, its comments) stays as it is.

use crate::client::{Client, Failure};
use crate::delivery::Place;
use crate::telling::MARK;
use serde_json::{Value, json};

/// Issues of ours have it, which only those who may triage can give.
const LABEL: &str = "performance-regression";
/// The last line of an issue that was closed from here.
const CLOSED: &str = "\n\n*Closed, since nobody calls this a regression any more.*";

/// An issue that should be open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// What it is about, one for each; it ends up in the text, unseen.
    pub key: String,
    /// Its title.
    pub title: String,
    /// Its text, as Markdown.
    pub text: String,
}

impl Issue {
    fn body(&self) -> String {
        format!("{MARK} regression {} -->\n{}", self.key, self.text)
    }
}

impl Client {
    /// Makes the issues of ours be these: opens what is missing, updates what says
    /// something else, closes what is not among them, and opens again what was closed
    /// from here. One that somebody else closed stays closed. Gives how many requests
    /// that took.
    ///
    /// # Errors
    /// When GitHub does not take it.
    pub fn issues(&self, place: &Place, wanted: &[Issue]) -> Result<usize, Failure> {
        let list = format!("/repos/{}/issues", place.repository);
        let mut changed = 0;
        self.again(|| {
            let query = format!("?state=all&labels={LABEL}");
            let all = self.all(place, &list, &query, |page| page)?;
            let mut change = |known: &Value, body: &Value| {
                changed += 1;
                self.change(place, &format!("{list}/{}", known["number"]), body)
            };
            for known in &all {
                let Some(key) = key_of(known) else { continue };
                let is_open = known["state"] == "open";
                let text = known["body"].as_str().unwrap_or_default();
                match wanted.iter().find(|issue| issue.key == key) {
                    None if is_open => {
                        let body = json!({ "state": "closed", "state_reason": "completed",
                            "body": format!("{text}{CLOSED}") });
                        change(known, &body)?;
                    }
                    Some(issue) if !is_open && text.ends_with(CLOSED) => {
                        let body = json!({ "state": "open", "state_reason": "reopened",
                            "title": issue.title, "body": issue.body() });
                        change(known, &body)?;
                    }
                    Some(issue) if is_open && text != issue.body() => {
                        change(known, &json!({ "title": issue.title, "body": issue.body() }))?;
                    }
                    _ => {}
                }
            }
            for issue in wanted {
                if !all.iter().any(|known| key_of(known) == Some(&issue.key)) {
                    let body =
                        json!({ "title": issue.title, "body": issue.body(), "labels": [LABEL] });
                    changed += 1;
                    self.make(place, &list, &body)?;
                }
            }
            Ok(())
        })?;
        Ok(changed)
    }
}

fn key_of(issue: &Value) -> Option<&str> {
    let text = issue["body"].as_str().filter(|_| issue["pull_request"].is_null())?;
    let rest = text.strip_prefix(MARK)?.strip_prefix(" regression ")?;
    rest.split_once(" -->").map(|(key, _)| key)
}
