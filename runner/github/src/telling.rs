//! What is asked of a repository, and what it is told: comments, check runs, statuses.

use crate::client::{Client, Failure, lacking};
use crate::delivery::Place;
use crate::report::Report;
use serde_json::{Value, json};

/// In comments and issues, so that they are found again.
pub(crate) const MARK: &str = "<!-- arewefastyet";
/// GitHub takes so many annotations with one request.
const MOST_ANNOTATIONS: usize = 50;
/// And so many characters in a status.
const MOST_STATUS_CHARS: usize = 140;

/// Which of our comments on a pull request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// What was measured.
    Report,
    /// Why something was not understood.
    Answer,
}

impl Said {
    fn mark(self) -> String {
        let word = match self {
            Self::Report => "report",
            Self::Answer => "answer",
        };
        format!("{MARK} {word} -->")
    }
}

impl Client {
    /// The commit that a branch or tag names.
    ///
    /// # Errors
    /// When GitHub does not say.
    pub fn commit(&self, place: &Place, name: &str) -> Result<String, Failure> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-+/".contains(c);
        if name.is_empty() || !name.chars().all(is_plain) || name.contains("..") {
            return Err(Failure::Unusable(format!("`{name}` is no name of a commit here")));
        }
        let path = format!("/repos/{}/commits/{name}", place.repository);
        text(&self.get(place, &path)?["sha"], &path)
    }

    /// Whether a user may write to a repository.
    ///
    /// # Errors
    /// When GitHub does not say.
    pub fn may_write(&self, place: &Place, user: &str) -> Result<bool, Failure> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_[]".contains(c);
        if user.is_empty() || !user.chars().all(is_plain) {
            return Ok(false);
        }
        let user = user.replace('[', "%5B").replace(']', "%5D");
        let path = format!("/repos/{}/collaborators/{user}/permission", place.repository);
        match self.get(place, &path) {
            // Who may maintain is told as `write`, who may triage as `read`.
            Ok(told) => Ok(matches!(told["permission"].as_str(), Some("admin" | "write"))),
            Err(Failure::Refused { status: 404, .. }) => Ok(false),
            Err(failure) => Err(failure),
        }
    }

    /// The newest commit of a pull request.
    ///
    /// # Errors
    /// When GitHub does not say.
    pub fn pull_head(&self, place: &Place, number: u64) -> Result<String, Failure> {
        let path = format!("/repos/{}/pulls/{number}", place.repository);
        text(&self.get(place, &path)?["head"]["sha"], &path)
    }

    /// The tag of the release that was published before another; pre-releases are none.
    ///
    /// # Errors
    /// When GitHub does not say.
    pub fn release_before(&self, place: &Place, release: u64) -> Result<Option<String>, Failure> {
        let list = format!("/repos/{}/releases", place.repository);
        let all = self.all(place, &list, "", |page| page)?;
        // RFC 3339 in UTC sorts as text.
        let day = |it: &Value| it["published_at"].as_str().unwrap_or_default().to_owned();
        let own = all.iter().find(|it| it["id"] == release).map(day);
        let is_before = |it: &&Value| {
            it["draft"] == false
                && it["prerelease"] == false
                && it["id"] != release
                && own.as_ref().is_none_or(|own| day(it) < *own)
        };
        let before = all.iter().filter(is_before).max_by_key(|it| day(it));
        Ok(before.and_then(|it| it["tag_name"].as_str()).map(str::to_owned))
    }

    /// Writes the one comment of its sort on a pull request, or writes it anew.
    ///
    /// # Errors
    /// When GitHub does not take it.
    pub fn comment(
        &self,
        place: &Place,
        number: u64,
        said: Said,
        text: &str,
    ) -> Result<(), Failure> {
        let mark = said.mark();
        let body = json!({ "body": format!("{mark}\n{text}") });
        let list = format!("/repos/{}/issues/{number}/comments", place.repository);
        self.again(|| {
            let all = self.all(place, &list, "", |page| page)?;
            let is_marked =
                |it: &&Value| it["body"].as_str().is_some_and(|it| it.starts_with(&mark));
            // Others may copy the mark. GitHub lets nobody write into their words, and an
            // App knows its own kind beforehand.
            let own: Vec<u64> = all
                .iter()
                .filter(|it| is_marked(it) && (!self.is_app() || it["user"]["type"] == "Bot"))
                .filter_map(|it| it["id"].as_u64())
                .collect();
            for id in own {
                let path = format!("/repos/{}/issues/comments/{id}", place.repository);
                match self.change(place, &path, &body) {
                    Err(Failure::Refused { status: 403 | 404, .. }) => {}
                    other => return other,
                }
            }
            self.make(place, &list, &body)
        })
    }

    /// Says of a commit that it is being looked at, or what came of that, in a check run
    /// of that name; `job` comes back when somebody asks for it again.
    ///
    /// # Errors
    /// When GitHub does not take it.
    pub fn check(
        &self,
        place: &Place,
        (sha, name, job): (&str, &str, &str),
        report: Option<&Report>,
    ) -> Result<(), Failure> {
        let list = format!("/repos/{}/commits/{sha}/check-runs", place.repository);
        let mut body = json!({ "name": name, "external_id": job, "status": "in_progress" });
        if let Some(report) = report {
            body["status"] = "completed".into();
            body["conclusion"] = report.conclusion.check_word().into();
            body["output"] = json!({
                "title": report.title, "summary": report.markdown(),
                "annotations": annotations(report),
            });
            if let Some(link) = &report.link {
                body["details_url"] = link.clone().into();
            }
        }
        self.again(|| {
            let all = self.all(place, &list, "", |page| page["check_runs"].clone())?;
            // A check run of another job is history; this one's is changed.
            let known = all.iter().find(|it| it["name"] == name && it["external_id"] == job);
            match known.and_then(|it| it["id"].as_u64()) {
                Some(id) => {
                    let path = format!("/repos/{}/check-runs/{id}", place.repository);
                    self.change(place, &path, &body)
                }
                None => {
                    let mut body = body.clone();
                    body["head_sha"] = sha.into();
                    self.make(place, &format!("/repos/{}/check-runs", place.repository), &body)
                }
            }
        })
    }

    /// Sets the status of a commit, for those without an App.
    ///
    /// # Errors
    /// When GitHub does not take it.
    pub fn status(
        &self,
        place: &Place,
        (sha, name): (&str, &str),
        report: Option<&Report>,
    ) -> Result<(), Failure> {
        let path = format!("/repos/{}/statuses/{sha}", place.repository);
        let state = report.map_or("pending", |report| report.conclusion.status_word());
        let text = report.map_or("being measured", |report| report.title.as_str());
        let text: String = text.chars().take(MOST_STATUS_CHARS).collect();
        let mut body = json!({ "state": state, "description": text, "context": name });
        if let Some(link) = report.and_then(|report| report.link.as_ref()) {
            body["target_url"] = link.clone().into();
        }
        // The last one counts, so one too many does no harm.
        self.again(|| self.make(place, &path, &body))
    }
}

fn text(value: &Value, path: &str) -> Result<String, Failure> {
    value.as_str().map(str::to_owned).ok_or_else(|| lacking("GET", path))
}

/// Where each bad row's suite says what it asks.
fn annotations(report: &Report) -> Vec<Value> {
    let bad = report.rows.iter().filter(|row| row.is_bad).take(MOST_ANNOTATIONS);
    bad.map(|row| {
        json!({ "path": format!("suites/{}/suite.toml", row.suite), "start_line": 1, "end_line": 1,
            "annotation_level": "failure", "title": row.name,
            "message": format!("{}: {}", row.verdict, row.found) })
    })
    .collect()
}
