//! What the service needs beside `bench.toml`: secrets, from the environment or from files
//! that it names, and nowhere else. None of them may be shown.

use anyhow::{Context, Result, bail};
use github::{Client, Credentials, Patience};
use model::{GitHubConfig, ServiceConfig};
use serve::{GitHub, Tell};
use std::env;

const HOOK_SECRET: &str = "BENCH_GITHUB_SECRET";
const TOKEN: &str = "BENCH_GITHUB_TOKEN";
const APP_KEY: &str = "BENCH_GITHUB_APP_KEY";
const SLACK: &str = "BENCH_SLACK_URL";
const MAIL_PASSWORD: &str = "BENCH_MAIL_PASSWORD";
/// GitHub's documentation asks for a random one.
const SHORTEST_SECRET: usize = 16;

/// The repository the service is for, if there is one and its secrets are there.
///
/// # Errors
/// When a part is missing, or cannot be used.
pub(crate) fn github(config: &ServiceConfig) -> Result<Option<GitHub>> {
    let github = config.github.as_ref();
    let [secret, token, key] = [secret(HOOK_SECRET)?, secret(TOKEN)?, secret(APP_KEY)?];
    let Some(github) = github else {
        for (name, value) in [(HOOK_SECRET, secret), (TOKEN, token), (APP_KEY, key)] {
            if value.is_some() {
                bail!(
                    "{name} is set, and bench.toml has no [service.github] that says of which repository"
                );
            }
        }
        return Ok(None);
    };
    if secret.is_none() && token.is_none() && key.is_none() {
        return Ok(None);
    }
    let Some(secret) = secret else {
        bail!("{HOOK_SECRET} is not set: the secret that the webhook was given on GitHub");
    };
    if secret.len() < SHORTEST_SECRET {
        bail!(
            "{HOOK_SECRET} has {} characters, which can be guessed; give {SHORTEST_SECRET} or more",
            secret.len()
        );
    }
    let credentials = credentials(github, token, key)?;
    let client = Client::new(&github.api, credentials, Patience::LONG)?;
    let (repository, label) = (github.repository.clone(), github.label.clone());
    Ok(Some(GitHub { repository, label, secret: secret.into_bytes(), client }))
}

fn credentials(
    github: &GitHubConfig,
    token: Option<String>,
    key: Option<String>,
) -> Result<Credentials> {
    match (github.app, token, key) {
        (Some(app), None, Some(key)) => Ok(Credentials::App(app, key)),
        (None, Some(token), None) => Ok(Credentials::Token(token)),
        (Some(_), ..) => bail!(
            "`app` of [service.github] needs {APP_KEY}, the App's private key, and no {TOKEN}"
        ),
        (None, ..) => bail!(
            "[service.github] needs {TOKEN}, or `app` with {APP_KEY}: one of them, and not both"
        ),
    }
}

/// Who is told of gates and regressions.
///
/// # Errors
/// When a secret cannot be read or is of no use.
pub(crate) fn tell(config: &ServiceConfig) -> Result<Tell> {
    let slack = secret(SLACK)?;
    if slack.as_ref().is_some_and(|url| !url.starts_with("https://") && !url.starts_with("http://"))
    {
        bail!("{SLACK} is no address: give the one that the chat service made");
    }
    let password = secret(MAIL_PASSWORD)?;
    let mail = match (&config.mail, password) {
        (None, Some(_)) => {
            bail!(
                "{MAIL_PASSWORD} is set, and bench.toml has no [service.mail] that says of which server"
            )
        }
        (Some(mail), password) if mail.user.is_some() != password.is_some() => bail!(
            "`user` of [service.mail] and {MAIL_PASSWORD} belong together: give both, or none"
        ),
        (mail, password) => mail.clone().map(|mail| (mail, password)),
    };
    Ok(Tell { slack, mail })
}

/// From the variable, or from the file that the variable with `_FILE` names.
fn secret(name: &str) -> Result<Option<String>> {
    let file = format!("{name}_FILE");
    let (value, path) = (env::var_os(name), env::var_os(&file));
    let text = match (value, path) {
        (None, None) => return Ok(None),
        (Some(_), Some(_)) => bail!("{name} and {file} are both set; one of them is enough"),
        (Some(value), None) => {
            value.into_string().map_err(|_| anyhow::anyhow!("{name} is no text"))?
        }
        (None, Some(path)) => std::fs::read_to_string(&path)
            .with_context(|| format!("reading {}, which {file} names", path.display()))?,
    };
    let text = text.trim().to_owned();
    if text.is_empty() {
        bail!("{name} is empty");
    }
    Ok(Some(text))
}
