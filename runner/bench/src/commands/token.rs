//! `bench token`: who may write to the service.

use crate::cli::{ScopeName, Token};
use crate::exit::Exit;
use crate::output::{note, table};
use crate::project::Project;
use anyhow::{Result, bail};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use serve::Secret;
use store::{AuditEntry, AuditOutcome, NewToken, Scope, Store};

pub(super) async fn run(project: &Project, command: Token) -> Result<Exit> {
    match command {
        Token::Create { about, scope, days, testbed, json } => {
            let mut scopes: Vec<Scope> = scope.into_iter().map(scope_of).collect();
            scopes.sort_unstable();
            scopes.dedup();
            create(project, about, scopes, days, testbed, json).await
        }
        Token::List { json } => list(project, json).await,
        Token::Revoke { name } => revoke(project, &name).await,
    }
}

fn scope_of(name: ScopeName) -> Scope {
    match name {
        ScopeName::Upload => Scope::Upload,
        ScopeName::Jobs => Scope::Jobs,
        ScopeName::Admin => Scope::Admin,
    }
}

async fn create(
    project: &Project,
    about: String,
    scopes: Vec<Scope>,
    days: u32,
    testbed: Option<String>,
    as_json: bool,
) -> Result<Exit> {
    let store = Store::open(&project.database).await?;
    let (secret, now) = (Secret::generate()?, Timestamp::now());
    let token = NewToken {
        name: secret.name().to_owned(),
        secret_sha256: secret.digest(),
        about,
        scopes,
        testbed,
        created_at: now,
        expires_at: now.checked_add(SignedDuration::from_hours(24 * i64::from(days)))?,
    };
    store.create_token(&token).await?;
    write_down(&store, "token.create", &token.name, now).await?;
    if as_json {
        let (name, expires_at) = (&token.name, token.expires_at);
        println!("{}", json!({ "token": secret.reveal(), "name": name, "expires_at": expires_at }));
    } else {
        println!("{}", secret.reveal());
        note(&format!("it is shown only now, and ends at {}", token.expires_at));
    }
    Ok(Exit::Fine)
}

async fn list(project: &Project, as_json: bool) -> Result<Exit> {
    let tokens = Store::open_read_only(&project.database).await?.tokens().await?;
    let now = Timestamp::now();
    let state = |token: &store::Token| match token.revoked_at {
        Some(_) => "revoked",
        None if token.is_valid(now) => "valid",
        None => "expired",
    };
    let scopes = |token: &store::Token| token.scopes.iter().map(|it| it.word()).collect::<Vec<_>>();
    if as_json {
        let out: Vec<_> = tokens
            .iter()
            .map(|token| {
                json!({ "name": token.name, "about": token.about, "scopes": scopes(token),
                    "testbed": token.testbed, "created_at": token.created_at,
                    "expires_at": token.expires_at, "state": state(token) })
            })
            .collect();
        println!("{}", serde_json::to_string_pretty(&out)?);
        return Ok(Exit::Fine);
    }
    let row = |token: &store::Token| {
        vec![
            token.name.clone(),
            state(token).to_owned(),
            scopes(token).join(" "),
            token.testbed.clone().unwrap_or_default(),
            token.expires_at.to_string(),
            token.about.clone(),
        ]
    };
    let headings = ["token", "", "scopes", "testbed", "ends", "about"];
    anstream::println!("{}", table(&headings, &[], tokens.iter().map(row).collect()));
    Ok(Exit::Fine)
}

async fn revoke(project: &Project, name: &str) -> Result<Exit> {
    let store = Store::open(&project.database).await?;
    let now = Timestamp::now();
    if !store.revoke_token(name, now).await? {
        bail!("there is no token `{name}` that could be revoked; `bench token list` shows them");
    }
    write_down(&store, "token.revoke", name, now).await?;
    note(&format!("{name} is revoked"));
    Ok(Exit::Fine)
}

async fn write_down(store: &Store, action: &str, token: &str, at: Timestamp) -> Result<()> {
    let entry = AuditEntry {
        at,
        actor: "command line".to_owned(),
        action: action.to_owned(),
        subject: token.to_owned(),
        outcome: AuditOutcome::Done,
        detail: String::new(),
    };
    Ok(store.audit(&entry).await?)
}
