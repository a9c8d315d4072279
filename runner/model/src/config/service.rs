//! `[service]` of `bench.toml`: where the service is seen, which repository it serves and
//! who is told. Secrets are no part of it: they come from the environment.

use crate::diagnostic::{Diagnostic, SourceText};
use crate::spanned::Spanned;
use schemars::JsonSchema;
use serde::Deserialize;

/// What the service is told.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServiceConfig {
    /// Where it is seen, without a slash at the end; for links.
    pub url: Option<String>,
    /// The repository whose webhooks it hears.
    pub github: Option<GitHubConfig>,
    /// Who is written to.
    pub mail: Option<MailConfig>,
}

/// A repository on GitHub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitHubConfig {
    /// `owner/name`.
    pub repository: String,
    /// Its API, without a slash at the end.
    pub api: String,
    /// The number of the App that the service is, unless it has a token.
    pub app: Option<u64>,
    /// The label that asks for a comparison of a pull request.
    pub label: String,
}

/// Whom to write to, and by which server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailConfig {
    /// The server's name.
    pub server: String,
    /// Its port.
    pub port: u16,
    /// How the connection is kept to oneself.
    pub security: MailSecurity,
    /// Who one is there, if one must be somebody.
    pub user: Option<String>,
    /// The sender.
    pub from: String,
    /// The receivers, one or more.
    pub to: Vec<String>,
}

/// How a connection to a mail server is kept to oneself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum MailSecurity {
    /// TLS from the beginning.
    Tls,
    /// TLS before anything is told, or nothing is.
    StartTls,
    /// In the open: for a server on this machine.
    None,
}

impl MailSecurity {
    fn usual_port(self) -> u16 {
        match self {
            Self::Tls => 465,
            Self::StartTls => 587,
            Self::None => 25,
        }
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WireService {
    url: Option<Spanned<String>>,
    github: Option<WireGitHub>,
    mail: Option<WireMail>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WireGitHub {
    repository: Spanned<String>,
    api: Option<Spanned<String>>,
    app: Option<u64>,
    label: Option<Spanned<String>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WireMail {
    server: Spanned<String>,
    port: Option<u16>,
    security: Option<MailSecurity>,
    user: Option<String>,
    from: Spanned<String>,
    to: Spanned<Vec<String>>,
}

pub(super) fn service_of(
    source: SourceText<'_>,
    wire: WireService,
) -> Result<ServiceConfig, Diagnostic> {
    Ok(ServiceConfig {
        url: wire.url.map(|url| address(source, url)).transpose()?,
        github: wire.github.map(|it| github_of(source, it)).transpose()?,
        mail: wire.mail.map(|it| mail_of(source, it)).transpose()?,
    })
}

/// An address without a slash at its end.
fn address(source: SourceText<'_>, wire: Spanned<String>) -> Result<String, Diagnostic> {
    let url = wire.get_ref();
    let is_plain =
        !url.contains(|c: char| c.is_whitespace() || c.is_control() || "<>\"'?#".contains(c));
    let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    if is_plain && host.is_some_and(|host| !host.is_empty() && !host.starts_with('/')) {
        return Ok(url.trim_end_matches('/').to_owned());
    }
    let problem = format!("`{url}` is no address");
    Err(source.at(wire.span(), problem).with_remedy("write e.g. \"https://bench.example.org\""))
}

fn github_of(source: SourceText<'_>, wire: WireGitHub) -> Result<GitHubConfig, Diagnostic> {
    let is_name = |part: &str| {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        !part.is_empty() && part.chars().all(is_plain) && !matches!(part, "." | "..")
    };
    let repository = wire.repository.get_ref();
    if !repository.split_once('/').is_some_and(|(owner, name)| is_name(owner) && is_name(name)) {
        let problem = format!("`{repository}` names no repository");
        return Err(source
            .at(wire.repository.span(), problem)
            .with_remedy("write \"OWNER/NAME\", as in its address"));
    }
    let api = match wire.api {
        Some(api) => address(source, api)?,
        None => "https://api.github.com".to_owned(),
    };
    let label = match wire.label {
        Some(label) if label.get_ref().trim().is_empty() => {
            return Err(source.at(label.span(), "a label without a name"));
        }
        Some(label) => label.into_inner(),
        None => "benchmark".to_owned(),
    };
    Ok(GitHubConfig { repository: wire.repository.into_inner(), api, app: wire.app, label })
}

fn mail_of(source: SourceText<'_>, wire: WireMail) -> Result<MailConfig, Diagnostic> {
    let server = wire.server.get_ref();
    let is_host = |c: char| c.is_ascii_alphanumeric() || "-.:[]".contains(c);
    if server.is_empty() || !server.chars().all(is_host) {
        let problem = format!("`{server}` is no name of a server");
        return Err(source.at(wire.server.span(), problem).with_remedy("its port is `port`"));
    }
    let is_address = |text: &str| {
        let is_plain = !text.contains(|c: char| c.is_control());
        is_plain
            && text.split_once('@').is_some_and(|(name, host)| {
                !name.is_empty() && !host.is_empty() && !host.contains('@')
            })
    };
    if !is_address(wire.from.get_ref()) {
        let problem = format!("`{}` is no address of mail", wire.from.get_ref());
        return Err(source.at(wire.from.span(), problem));
    }
    let to = wire.to.get_ref();
    if to.is_empty() || !to.iter().all(|it| is_address(it)) {
        let problem = "`to` must list one or more addresses of mail";
        return Err(source.at(wire.to.span(), problem));
    }
    let security = wire.security.unwrap_or(MailSecurity::StartTls);
    Ok(MailConfig {
        server: wire.server.into_inner(),
        port: wire.port.unwrap_or(security.usual_port()),
        security,
        user: wire.user,
        from: wire.from.into_inner(),
        to: wire.to.into_inner(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};
    use std::path::Path;

    fn read(text: &str) -> Result<ServiceConfig, Diagnostic> {
        let source = SourceText { file: Path::new("bench.toml"), text };
        let wire = toml::from_str(text).map_err(|error| source.toml_error(&error))?;
        service_of(source, wire)
    }

    #[test]
    fn what_is_not_said_is_what_most_want() {
        let read = read(
            "[github]\nrepository = \"a/b\"\n[mail]\nserver = \"m\"\nfrom = \"a@b\"\nto = [\"c@d\"]\n",
        );
        let read = read.unwrap();
        let github = read.github.unwrap();
        assert_eq!(
            (github.api.as_str(), github.label.as_str()),
            ("https://api.github.com", "benchmark")
        );
        let mail = read.mail.unwrap();
        assert_eq!((mail.port, mail.security), (587, MailSecurity::StartTls));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        let check = |text: &str, expected: Expect| {
            let Err(diagnostic) = read(text) else { panic!("{text} was taken") };
            expected.assert_eq(&diagnostic.to_string());
        };
        check(
            "url = \"bench.example.org\"",
            expect![[
                r#"bench.toml:1: `bench.example.org` is no address; write e.g. "https://bench.example.org""#
            ]],
        );
        check(
            "url = \"https://\"",
            expect![[
                r#"bench.toml:1: `https://` is no address; write e.g. "https://bench.example.org""#
            ]],
        );
        check(
            "[github]\nrepository = \"https://github.com/a/b\"",
            expect![[
                r#"bench.toml:2: `https://github.com/a/b` names no repository; write "OWNER/NAME", as in its address"#
            ]],
        );
        check(
            "[github]\nrepository = \"a/..\"",
            expect![[
                r#"bench.toml:2: `a/..` names no repository; write "OWNER/NAME", as in its address"#
            ]],
        );
        check(
            "[github]\nrepository = \"a/b\"\ntoken = \"ghp_1\"",
            expect![
                "bench.toml:3: unknown field `token`, expected one of `repository`, `api`, `app`, `label`"
            ],
        );
        check(
            "[github]\nrepository = \"a/b\"\nlabel = \" \"",
            expect!["bench.toml:3: a label without a name"],
        );
        check(
            "[mail]\nserver = \"smtp://m\"\nfrom = \"a@b\"\nto = [\"c@d\"]",
            expect!["bench.toml:2: `smtp://m` is no name of a server; its port is `port`"],
        );
        check(
            "[mail]\nserver = \"m\"\nfrom = \"a\"\nto = [\"c@d\"]",
            expect!["bench.toml:3: `a` is no address of mail"],
        );
        check(
            "[mail]\nserver = \"m\"\nfrom = \"a@b\"\nto = []",
            expect!["bench.toml:4: `to` must list one or more addresses of mail"],
        );
        check(
            "[mail]\nserver = \"m\"\nsecurity = \"ssl\"\nfrom = \"a@b\"\nto = [\"c@d\"]",
            expect![
                "bench.toml:3: unknown variant `ssl`, expected one of `tls`, `starttls`, `none`"
            ],
        );
    }
}
