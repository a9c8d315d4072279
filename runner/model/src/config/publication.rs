//! What `bench publish` writes, and for how long it stays whole. It says so; it
//! must not pick a run.

use super::ProfileName;
use crate::diagnostic::{Diagnostic, SourceText};
use crate::spanned::Spanned;
use schemars::JsonSchema;
use serde::Deserialize;
use std::path::{Component, PathBuf};

/// What is published. Ages count back from the newest run, so that the same
/// database gives the same files on any day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publication {
    /// The folder of the bundles, below the one of `bench.toml`.
    pub folder: PathBuf,
    /// Which runs: those that these profiles measured.
    pub profiles: Vec<ProfileName>,
    /// Older runs lose their histograms.
    pub histograms_for_days: u32,
    /// Of older runs, one a week stays of those that measured alike; runs of a
    /// release all stay.
    pub every_run_for_days: u32,
}

impl Default for Publication {
    fn default() -> Self {
        Self {
            folder: PathBuf::from("data/history"),
            profiles: vec![ProfileName::Full, ProfileName::Compare],
            histograms_for_days: 90,
            every_run_for_days: 180,
        }
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WirePublication {
    folder: Option<Spanned<PathBuf>>,
    profiles: Option<Vec<Spanned<String>>>,
    histograms_for_days: Option<u32>,
    every_run_for_days: Option<u32>,
}

pub(super) fn checked(
    source: SourceText<'_>,
    wire: WirePublication,
) -> Result<Publication, Diagnostic> {
    let mut it = Publication::default();
    if let Some(folder) = wire.folder {
        let is_below = folder.get_ref().components().all(|c| matches!(c, Component::Normal(_)));
        if !is_below || folder.get_ref().as_os_str().is_empty() {
            let problem = format!("`{}` is no folder below this one", folder.get_ref().display());
            return Err(source.at(folder.span(), problem));
        }
        it.folder = folder.into_inner();
    }
    if let Some(profiles) = wire.profiles {
        let known =
            [ProfileName::Quick, ProfileName::Full, ProfileName::Compare, ProfileName::Calibrate];
        it.profiles = profiles
            .into_iter()
            .map(|name| {
                let found = known.into_iter().find(|known| known.word() == name.get_ref());
                found.ok_or_else(|| {
                    let problem = format!("`{}` is no profile that is published", name.get_ref());
                    source
                        .at(name.span(), problem)
                        .with_remedy("known are quick, full, compare, calibrate")
                })
            })
            .collect::<Result<_, _>>()?;
    }
    it.histograms_for_days = wire.histograms_for_days.unwrap_or(it.histograms_for_days);
    it.every_run_for_days = wire.every_run_for_days.unwrap_or(it.every_run_for_days);
    Ok(it)
}
