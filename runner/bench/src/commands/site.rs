//! `bench site build` and `bench site serve`.

use crate::cli::Site;
use crate::exit::Exit;
use crate::output::note;
use crate::project::Project;
use anyhow::{Context, Result, bail};
use jiff::Timestamp;
use std::path::Path;
use store::Store;
use tokio::net::TcpListener;

pub(super) async fn run(project: &Project, command: Site) -> Result<Exit> {
    match command {
        Site::Build { out } => build(project, &out).await,
        Site::Serve { addr, dir } => {
            if !dir.join("index.html").is_file() {
                bail!(
                    "there is no built site in {}; run `bench site build --out {0}`",
                    dir.display()
                );
            }
            let listener =
                TcpListener::bind(addr).await.with_context(|| format!("listening on {addr}"))?;
            note(&format!("http://{}/ (Ctrl-C ends it)", listener.local_addr()?));
            let shutdown = async {
                let _ = tokio::signal::ctrl_c().await;
            };
            site::serve(listener, dir, shutdown).await?;
            Ok(Exit::Fine)
        }
    }
}

async fn build(project: &Project, out: &Path) -> Result<Exit> {
    let store = Store::open_read_only(&project.database).await?;
    let suites = project.suites(&[])?;
    let built = site::build(&store, &suites, &project.config, out, Timestamp::now()).await?;
    note(&format!(
        "{} files of {} runs and {} suites; open {}",
        built.files,
        built.runs,
        built.suites,
        out.join("index.html").display()
    ));
    Ok(Exit::Fine)
}
