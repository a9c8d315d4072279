//! `bench backup FILE`: a copy of the database as it is at one moment, also while
//! somebody measures. The copy is checked before it counts.

use crate::cli::Backup;
use crate::exit::Exit;
use crate::output::note;
use crate::project::Project;
use anyhow::{Context, Result};
use store::Store;

pub(super) async fn run(project: &Project, arguments: &Backup) -> Result<Exit> {
    let out = &arguments.out;
    let store = Store::open_read_only(&project.database).await?;
    store.backup(out).await?;
    let copy = Store::open_read_only(out).await?;
    copy.check().await.with_context(|| format!("checking the copy {}", out.display()))?;
    let runs = copy.runs().await?.len();
    copy.close().await;
    let bytes = std::fs::metadata(out).with_context(|| format!("reading {}", out.display()))?.len();
    if arguments.json {
        println!("{}", serde_json::json!({ "file": out, "bytes": bytes, "runs": runs }));
    } else {
        note(&format!("{runs} runs, {bytes} bytes, checked: {}", out.display()));
    }
    Ok(Exit::Fine)
}
