//! From what is asked for to a job: who may ask, which commits are meant. GitHub is
//! asked; it must not take a delivery's word for anybody's rights.

use crate::app::App;
use crate::errand::Errand;
use crate::jobs;
use crate::problem::{Problem, chain};
use crate::settings::GitHub;
use axum::http::StatusCode;
use github::{Ask, Client, Failure, Patience, Place, Said};
use model::Digest;
use std::sync::Arc;
use store::JobKind;

/// What is to be done.
enum Work {
    Job(JobKind, Vec<String>, Errand),
    /// Nothing more; in words.
    Done(String),
}

/// Does what is asked for; says what that was.
pub(super) async fn follow(
    app: &App,
    github: &Arc<GitHub>,
    place: &Place,
    ask: &Ask,
    delivery: Digest,
) -> Result<String, Problem> {
    let (target, required) = {
        let snapshot = app.read();
        let config = &snapshot.inputs()?.config;
        let required = config.gate.as_ref().map(|gate| gate.required.clone());
        (config.default_target.clone(), required.unwrap_or_default())
    };
    // What the check run of another service says is no job here.
    let earlier = match ask {
        Ask::Again { job, .. } => app.store.job(job).await?,
        _ => None,
    };
    let (github, place, ask) = (Arc::clone(github), place.clone(), ask.clone());
    let working = tokio::task::spawn_blocking(move || {
        // GitHub waits for the answer.
        let client = github.client.with(Patience::SHORT);
        let asking =
            Asking { client: &client, place: &place, target: &target, required: &required };
        match ask {
            Ask::Measure { sha } => Ok(asking.measure(sha)),
            Ask::Gate { tag, release } => asking.gate(&tag, release),
            Ask::Explain { number, why, by } => asking.explain(number, &why, &by),
            Ask::Compare { number, base, head, suite, by } => {
                asking.compare(number, &base, head, suite, &by)
            }
            Ask::Again { by, .. } => asking.again(earlier.as_ref(), &by),
        }
    });
    let work = working.await.map_err(|error| Problem::internal(&error))??;
    let (kind, arguments, errand) = match work {
        Work::Job(kind, arguments, errand) => (kind, arguments, errand),
        Work::Done(told) => return Ok(told),
    };
    jobs::check_arguments(kind, &arguments)
        .map_err(|text| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, text))?;
    let (job, _) = app.store.submit_job(&errand.job(kind, &arguments, delivery)?).await?;
    app.jobs.send_replace(());
    Ok(format!("job {}: {} {}", job.name, kind.word(), arguments.join(" ")))
}

struct Asking<'a> {
    client: &'a Client,
    place: &'a Place,
    target: &'a str,
    /// Suites that a release must pass.
    required: &'a [String],
}

impl Asking<'_> {
    fn version(&self, name: &str) -> String {
        format!("{}@{name}", self.target)
    }

    fn errand(&self, pull: u64, sha: String) -> Errand {
        Errand { place: self.place.clone(), pull, sha }
    }

    /// What a release is held to; every suite takes hours, and pushes come faster.
    fn measure(&self, sha: String) -> Work {
        let mut words = vec![self.version(&sha)];
        words.extend(self.required.iter().flat_map(|suite| ["--suite".to_owned(), suite.clone()]));
        Work::Job(JobKind::Run, words, self.errand(0, sha))
    }

    fn gate(&self, tag: &str, release: u64) -> Result<Work, Problem> {
        let before = self.client.release_before(self.place, release).map_err(unreached)?;
        let Some(before) = before else {
            return Ok(Work::Done(format!(
                "{tag}: there is no release before it to hold it against"
            )));
        };
        let sha = self.client.commit(self.place, tag).map_err(unreached)?;
        let words = ["--baseline", &self.version(&before), "--candidate", &self.version(tag)];
        let words = words.map(str::to_owned).to_vec();
        Ok(Work::Job(JobKind::Gate, words, self.errand(0, sha)))
    }

    /// Only for those who may write: otherwise strangers make it speak.
    fn explain(&self, number: u64, why: &str, by: &str) -> Result<Work, Problem> {
        self.may_write(by)?;
        let text = format!("Nothing is measured: {why}");
        self.client.comment(self.place, number, Said::Answer, &text).map_err(unreached)?;
        Ok(Work::Done(format!("#{number}: it was not understood: {why}")))
    }

    fn compare(
        &self,
        number: u64,
        base: &str,
        head: Option<String>,
        suite: Option<String>,
        by: &str,
    ) -> Result<Work, Problem> {
        self.may_write(by)?;
        let head = match head {
            Some(head) => head,
            None => self.client.pull_head(self.place, number).map_err(unreached)?,
        };
        // Here and now: a worker's branch of that name may be another.
        let base = match self.client.commit(self.place, base) {
            Err(Failure::Refused { status: 404 | 422, .. }) => {
                return self.explain(number, &format!("there is no commit `{base}`"), by);
            }
            other => other.map_err(unreached)?,
        };
        let mut words = vec![self.version(&base), self.version(&head)];
        words.extend(suite.into_iter().flat_map(|suite| ["--suite".to_owned(), suite]));
        Ok(Work::Job(JobKind::Compare, words, self.errand(number, head)))
    }

    fn again(&self, earlier: Option<&store::Job>, by: &str) -> Result<Work, Problem> {
        self.may_write(by)?;
        let errand = earlier.and_then(Errand::of);
        let same = errand.filter(|it| it.place.repository == self.place.repository);
        let (Some(job), Some(errand)) = (earlier, same) else {
            return Ok(Work::Done("the check run is of no job here".to_owned()));
        };
        let arguments = serde_json::from_str(&job.arguments);
        let arguments = arguments.map_err(|error| Problem::internal(&error))?;
        Ok(Work::Job(job.kind, arguments, errand))
    }

    /// Refuses who may not write to the repository: whatever is asked for has code run.
    fn may_write(&self, user: &str) -> Result<(), Problem> {
        if self.client.may_write(self.place, user).map_err(unreached)? {
            return Ok(());
        }
        let text =
            format!("{user} may not write to {}, so nothing is measured", self.place.repository);
        Err(Problem::new(StatusCode::FORBIDDEN, text))
    }
}

fn unreached(failure: Failure) -> Problem {
    tracing::warn!(error = %chain(&failure), "GitHub did not answer as it should");
    Problem::new(StatusCode::BAD_GATEWAY, "GitHub did not answer as it should; the log says how")
}
