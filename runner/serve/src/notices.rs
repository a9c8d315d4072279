//! What people are told by chat and by mail: gates, and confirmed regressions. Each is told
//! once; what could not be told is told later. Where to is nobody's business: it must not
//! reach a log.

mod mail;

use crate::app::App;
use crate::problem::chain;
use askama::Template;
use github::Report;
use jiff::Timestamp;
use serde_json::json;
use std::time::Duration;
use store::Job;

/// Lines of one; a table is where the link leads.
const MOST_LINES: usize = 20;
const MOST_LINE_CHARS: usize = 300;
const TIMEOUT: Duration = Duration::from_secs(20);

/// Something to be told.
#[derive(Debug, Clone, Template)]
#[template(path = "notice.txt")]
pub(crate) struct Notice {
    /// What makes it that one and no other; every one of them is told once.
    once: Vec<String>,
    pub(crate) title: String,
    lines: Vec<String>,
    others: usize,
    link: Option<String>,
}

impl Notice {
    /// Of a gate that has ended.
    pub(crate) fn of_gate(job: &Job, report: &Report) -> Self {
        let lines = report.rows.iter().map(|row| {
            let mark = if row.is_bad { "! " } else { "" };
            format!("{mark}{} {}: {}", row.verdict, row.name, row.found)
        });
        let once = vec![format!("gate {}", job.name)];
        Self::new(once, format!("Gate: {}", report.title), lines.collect(), report.link.clone())
    }

    /// With a line for each of these; what is left out is counted.
    pub(crate) fn new(
        once: Vec<String>,
        title: String,
        lines: Vec<String>,
        link: Option<String>,
    ) -> Self {
        let others = lines.len().saturating_sub(MOST_LINES);
        let plain = |text: String| -> String {
            let text = text.chars().map(|c| if c.is_control() { ' ' } else { c });
            text.take(MOST_LINE_CHARS).collect()
        };
        let lines = lines.into_iter().take(MOST_LINES).map(plain).collect();
        Self { once, title: plain(title), lines, others, link }
    }
}

/// Whether all of it was told before in the way of that name.
async fn is_told(app: &App, kind: &str, notice: &Notice) -> bool {
    for once in &notice.once {
        match app.store.was_noted(kind, once).await {
            Ok(true) => {}
            Ok(false) => return false,
            // Later: twice is worse than late.
            Err(_) => return true,
        }
    }
    true
}

/// Tells by every way there is.
pub(crate) async fn send(app: &App, notice: &Notice) {
    let tell = &app.settings.tell;
    if let Some(url) = &tell.slack
        && !is_told(app, "slack", notice).await
    {
        let (url, body) = (url.clone(), slack(notice));
        let sent = tokio::task::spawn_blocking(move || post(&url, &body)).await;
        note(app, "slack", notice, sent.unwrap_or_else(|error| Err(error.to_string()))).await;
    }
    if tell.mail.is_some() && !is_told(app, "mail", notice).await {
        let (tell, told) = (tell.clone(), notice.clone());
        let sent = tokio::task::spawn_blocking(move || match &tell.mail {
            Some((config, password)) => mail::send(config, password.as_deref(), &told),
            None => Ok(()),
        });
        let sent = sent.await.unwrap_or_else(|error| Err(error.to_string()));
        note(app, "mail", notice, sent).await;
    }
}

async fn note(app: &App, kind: &'static str, notice: &Notice, sent: Result<(), String>) {
    if let Err(error) = sent {
        tracing::warn!(kind, title = notice.title, error, "a notice was not sent");
        return;
    }
    tracing::info!(kind, title = notice.title, "a notice was sent");
    for once in &notice.once {
        if let Err(error) = app.store.first_time(kind, once, Timestamp::now()).await {
            tracing::error!(kind, error = %chain(&error), "a notice was sent and not noted");
        }
    }
}

/// As Slack takes it; its three letters that mean something are written out.
fn slack(notice: &Notice) -> String {
    let text = notice.render().unwrap_or_else(|_| notice.title.clone());
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    json!({ "text": text.trim_end() }).to_string()
}

/// The address is a secret, and errors of the client name it.
fn post(url: &str, body: &str) -> Result<(), String> {
    let config = ureq::Agent::config_builder()
        .timeout_global(Some(TIMEOUT))
        .max_redirects(0)
        .tls_config(github::trust());
    let agent = config.http_status_as_error(false).build().new_agent();
    let sent = agent.post(url).header("content-type", "application/json").send(body);
    match sent {
        Ok(response) if response.status().is_success() => Ok(()),
        Ok(response) => Err(format!("the webhook answered {}", response.status())),
        Err(error) => Err(error.to_string().replace(url, "the webhook")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    #[test]
    fn a_notice_says_what_happened_and_where_more_stands() {
        let lines: Vec<String> = (1..=21).map(|n| format!("size\n<!channel> {n}")).collect();
        let link = Some("https://bench.example.org/queue#1".to_owned());
        let notice = Notice::new(vec![], "Gate: b against a: failed".to_owned(), lines, link);
        let text = notice.render().unwrap();
        let text: Vec<&str> = text.lines().collect();
        assert_eq!(text.len(), 25, "{text:?}");
        expect![[r#"
            Gate: b against a: failed

            size <!channel> 1
            and 1 more
            https://bench.example.org/queue#1"#]]
        .assert_eq(&[text[0], text[1], text[2], text[22], text[24]].join("\n"));
        assert!(!slack(&notice).contains("<!channel>"));
    }
}
