//! What a delivery of a webhook asks for. It must not ask anybody whether that is
//! allowed; what needs permission says so.

use crate::command::{self, Command};
use serde::Deserialize;

/// Where something happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// `owner/name`.
    pub repository: String,
    /// The App's installation there, if it is one.
    pub installation: Option<u64>,
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// To hold a release against the gate.
    Gate {
        /// Its tag.
        tag: String,
        /// Its number.
        release: u64,
    },
    /// To measure what was pushed to the default branch.
    Measure {
        /// The commit.
        sha: String,
    },
    /// To compare a pull request.
    Compare {
        /// Its number.
        number: u64,
        /// With what.
        base: String,
        /// Its newest commit, if the delivery says.
        head: Option<String>,
        /// Only this suite.
        suite: Option<String>,
        /// Who wants it, and must be able to write.
        by: String,
    },
    /// To do a job again whose check run somebody wants anew.
    Again {
        /// What the check run says it is of.
        job: String,
        /// Who wants it, and must be able to write.
        by: String,
    },
    /// To tell somebody that a comment is not understood.
    Explain {
        /// The pull request.
        number: u64,
        /// What is wrong.
        why: String,
        /// Who wrote it.
        by: String,
    },
}

#[derive(Deserialize)]
struct Repository {
    full_name: String,
    default_branch: String,
}

#[derive(Deserialize)]
struct Installation {
    id: u64,
}

#[derive(Deserialize)]
struct User {
    login: String,
}

#[derive(Deserialize)]
struct Release {
    id: u64,
    tag_name: String,
    draft: bool,
}

#[derive(Deserialize)]
struct Label {
    name: String,
}

#[derive(Deserialize)]
struct Side {
    sha: String,
    #[serde(rename = "ref")]
    name: String,
}

#[derive(Deserialize)]
struct Pull {
    number: u64,
    head: Side,
    base: Side,
}

#[derive(Deserialize)]
struct Issue {
    number: u64,
    pull_request: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct Comment {
    body: String,
    user: Option<User>,
}

#[derive(Deserialize)]
struct CheckRun {
    external_id: Option<String>,
}

/// The parts of all events that are looked at.
#[derive(Deserialize)]
struct Payload {
    repository: Option<Repository>,
    installation: Option<Installation>,
    action: Option<String>,
    release: Option<Release>,
    #[serde(rename = "ref")]
    name: Option<String>,
    after: Option<String>,
    #[serde(default)]
    deleted: bool,
    pull_request: Option<Pull>,
    label: Option<Label>,
    issue: Option<Issue>,
    comment: Option<Comment>,
    check_run: Option<CheckRun>,
    sender: Option<User>,
}

/// What an event asks for, and where; `None` of one that asks for nothing. `label` is the
/// one that asks for a comparison.
///
/// # Errors
/// When the payload is not what GitHub sends.
pub fn asked(event: &str, label: &str, payload: &[u8]) -> Result<Option<(Place, Ask)>, String> {
    if !matches!(event, "release" | "push" | "pull_request" | "issue_comment" | "check_run") {
        return Ok(None);
    }
    let payload: Payload =
        serde_json::from_slice(payload).map_err(|error| format!("a {event} event: {error}"))?;
    let Some(repository) = &payload.repository else {
        return Err(format!("a {event} event: it names no repository"));
    };
    let place = Place {
        repository: repository.full_name.clone(),
        installation: payload.installation.as_ref().map(|it| it.id),
    };
    let action = payload.action.as_deref();
    let ask = match (event, action) {
        ("release", Some("published")) => gate(&payload),
        ("push", _) => measure(&payload, repository),
        ("pull_request", Some("labeled")) => labelled(&payload, label),
        ("issue_comment", Some("created")) => commented(&payload),
        ("check_run", Some("rerequested")) => rerequested(&payload),
        _ => None,
    };
    Ok(ask.map(|ask| (place, ask)))
}

fn gate(payload: &Payload) -> Option<Ask> {
    let release = payload.release.as_ref().filter(|release| !release.draft)?;
    Some(Ask::Gate { tag: release.tag_name.clone(), release: release.id })
}

fn measure(payload: &Payload, repository: &Repository) -> Option<Ask> {
    let branch = payload.name.as_ref()?.strip_prefix("refs/heads/")?;
    let is_default = branch == repository.default_branch && !payload.deleted;
    is_default.then_some(Ask::Measure { sha: payload.after.clone()? })
}

fn labelled(payload: &Payload, asking: &str) -> Option<Ask> {
    let (pull, label) = (payload.pull_request.as_ref()?, payload.label.as_ref()?);
    (label.name == asking).then(|| Ask::Compare {
        number: pull.number,
        base: pull.base.name.clone(),
        head: Some(pull.head.sha.clone()),
        suite: None,
        // Triage is enough to set labels, but not to have code run here.
        by: payload.sender.as_ref().map(|it| it.login.clone()).unwrap_or_default(),
    })
}

fn rerequested(payload: &Payload) -> Option<Ask> {
    let job = payload.check_run.as_ref()?.external_id.clone()?;
    Some(Ask::Again { job, by: payload.sender.as_ref()?.login.clone() })
}

fn commented(payload: &Payload) -> Option<Ask> {
    let (issue, comment) = (payload.issue.as_ref()?, payload.comment.as_ref()?);
    issue.pull_request.as_ref()?;
    let by = comment.user.as_ref()?.login.clone();
    match command::parse(&comment.body) {
        Ok(None) => None,
        Ok(Some(Command::Compare { base, suite })) => {
            Some(Ask::Compare { number: issue.number, base, head: None, suite, by })
        }
        Err(why) => Some(Ask::Explain { number: issue.number, why, by }),
    }
}
