//! `bench site build` and `bench site serve`.

mod gates;

use super::manual;
use crate::alerts::AlertFile;
use crate::calibration::{self, Pool};
use crate::cli::Site;
use crate::exit::Exit;
use crate::output::note;
use crate::project::Project;
use anyhow::{Context, Result, bail};
use build::Builder;
use gates::Comparisons;
use jiff::Timestamp;
use model::{Annotation, Origin, Suite, VersionId};
use site::{Document, Inputs, Release};
use std::collections::BTreeMap;
use std::path::Path;
use store::Store;
use tokio::net::TcpListener;

pub(super) async fn run(project: &Project, command: Site) -> Result<Exit> {
    match command {
        Site::Build { out, no_cache } => build_site(project, &out, !no_cache).await,
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

async fn build_site(project: &Project, out: &Path, is_cached: bool) -> Result<Exit> {
    let store = Store::open_read_only(&project.database).await?;
    let inputs = everything(project, &store).await?;
    let cache = is_cached.then(|| project.cache.join("site"));
    let built = site::build(&store, &inputs, out, cache.as_deref(), Timestamp::now()).await?;
    note(&format!(
        "{} files ({} as they were) of {} runs ({} of them new), {} suites and {} series; open {}",
        built.files,
        built.kept,
        built.runs,
        built.read,
        built.suites,
        built.series,
        out.join("index.html").display()
    ));
    for remark in &built.without_place {
        note(&format!(
            "{ANNOTATIONS}: {} is no version that was measured, so this is on no page: {}",
            remark.at, remark.text
        ));
    }
    Ok(Exit::Fine)
}

const ANNOTATIONS: &str = "data/annotations.toml";

/// What a site is made of besides runs.
pub(super) async fn everything(project: &Project, store: &Store) -> Result<Inputs> {
    let mut inputs = inputs(project)?;
    inputs.calibration = rates(project, store, &inputs.suites).await?;
    let compared = Comparisons::read(store).await?;
    inputs.gates = compared.gates(project, store, &inputs).await?;
    inputs.noise = compared.noise_before();
    Ok(inputs)
}

/// What people wrote in the checkout.
fn inputs(project: &Project) -> Result<Inputs> {
    let (config, suites) = (project.config.clone(), project.suites(&[])?);
    let file = project.root.join("bench.toml");
    config.goals.iter().try_for_each(|goal| goal.check(&file, &suites))?;
    let alerts = AlertFile::read(&project.root.join("data/alerts.toml"))?;
    Ok(Inputs {
        // What the database says of them comes later.
        gates: Vec::new(),
        noise: BTreeMap::new(),
        releases: releases(project)?,
        alerts: alerts.notes(),
        annotations: Annotation::load(&project.root.join(ANNOTATIONS))?,
        // What the database says of it comes later.
        calibration: None,
        documents: documents(&project.root)?,
        profiles: site::profiles_in(&project.root.join(crate::profiling::DEFAULT))?,
        config,
        suites,
    })
}

/// What pages show of the checkout's documents, in this order; what is not there is left
/// out. Named one by one, since somebody's notes beside them are not for everybody.
const DOCUMENTS: &[&str] = &[
    "README.md",
    "METHODOLOGY.md",
    "CONTRIBUTING.md",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "SECURITY.md",
    "operation/README.md",
    "data/README.md",
    "suites/components/README.md",
    "host-under-test/README.md",
    "host-under-test/tiny/README.md",
];

fn documents(root: &Path) -> Result<Vec<Document>> {
    let mut documents = Vec::new();
    for name in DOCUMENTS.iter().filter(|name| root.join(name).is_file()) {
        let file = root.join(name);
        let text = std::fs::read_to_string(&file)
            .with_context(|| format!("reading {}", file.display()))?;
        documents.push(Document { path: (*name).to_owned(), text });
    }
    documents.push(Document { path: "COMMANDS.md".to_owned(), text: manual::markdown() });
    Ok(documents)
}

/// The releases of targets that are built from commits of this repository.
fn releases(project: &Project) -> Result<Vec<Release>> {
    let drift = project.config.gate.as_ref().and_then(|gate| gate.drift.as_ref());
    let builder = Builder::new(&project.root, &project.cache)?;
    // An unpacked archive has no repository, and so no tags.
    let Some(drift) = drift.filter(|_| builder.checked_out().is_some()) else {
        return Ok(Vec::new());
    };
    let tagged = builder.tagged(&drift.release_tags)?;
    let mut releases = Vec::new();
    let is_folder = |origin: &Origin| matches!(origin, Origin::Folder { .. });
    for target in project.config.targets.iter().filter(|target| is_folder(&target.origin)) {
        for (name, version) in &tagged {
            if let VersionId::Commit { sha, committed_at, .. } = version {
                releases.push(Release {
                    target: target.name.clone(),
                    name: name.clone(),
                    sha: sha.clone(),
                    committed_at: *committed_at,
                });
            }
        }
    }
    Ok(releases)
}

/// How often the method is wrong, as `bench calibrate --json` tells it; nothing
/// without a calibration.
async fn rates(project: &Project, store: &Store, suites: &[Suite]) -> Result<Option<String>> {
    let runs = calibration::stored(store, None).await?;
    let rates = Pool::of(&runs, suites, &project.config, project.config.compare.blocks)?.rates()?;
    if rates.is_empty() {
        return Ok(None);
    }
    Ok(Some(serde_json::to_string_pretty(&rates)? + "\n"))
}
