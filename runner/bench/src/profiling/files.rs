//! The files of a profile: folded stacks and flame graphs, in a folder for each series.
//! Names say which version, so that the site finds them.

use super::pictures;
use super::rounds::Sampled;
use super::series::Series;
use crate::measure::Subject;
use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};

/// Below the folder of the data.
pub(crate) const DEFAULT: &str = "data/profiles";

/// Where the files of a series go.
pub(crate) struct Folder(PathBuf);

/// What was written.
pub(crate) struct Written {
    /// Folded stacks of each side.
    pub(crate) folded: Vec<PathBuf>,
    /// Flame graphs of each side, and of what differs.
    pub(crate) pictures: Vec<PathBuf>,
}

impl Folder {
    /// # Errors
    /// When it cannot be created.
    pub(crate) fn create(root: &Path, series: &Series) -> Result<Self> {
        let Series { suite, benchmark, arm } = series;
        let folder = root.join(suite).join(benchmark).join(arm);
        fs::create_dir_all(&folder).with_context(|| format!("creating {}", folder.display()))?;
        Ok(Self(folder))
    }

    /// Writes the files of one version, or of two and what differs between them.
    ///
    /// # Errors
    /// When there is nothing to draw, or a file cannot be written.
    pub(crate) fn write(&self, series: &Series, sides: &[(&Subject, &Sampled)]) -> Result<Written> {
        let mut written = Written { folded: Vec::new(), pictures: Vec::new() };
        for (subject, sampled) in sides {
            let stacks = sampled.stacks();
            let name = name(subject);
            let title = format!("{} on {series}", subject.label());
            let subtitle = format!(
                "{} samples in {} hosts, {} requests",
                stacks.samples(),
                sampled.rounds.len(),
                sampled.requests()
            );
            let svg = pictures::flame(&stacks, &title, &subtitle)?;
            written.pictures.push(self.put(&format!("{name}.svg"), &svg)?);
            let text = stacks.to_text();
            written.folded.push(self.put(&format!("{name}.folded.txt"), text.as_bytes())?);
        }
        if let [(a, of_a), (b, of_b)] = sides {
            let title = format!("{} against {} on {series}", b.label(), a.label());
            let subtitle = "widths are of the former; red grew, blue shrank";
            let svg = pictures::difference(&of_a.stacks(), &of_b.stacks(), &title, subtitle)?;
            let name = format!("{}..{}.svg", name(a), name(b));
            written.pictures.push(self.put(&name, &svg)?);
        }
        Ok(written)
    }

    /// In one step, so that nobody reads half a file.
    fn put(&self, name: &str, bytes: &[u8]) -> Result<PathBuf> {
        let (file, partial) = (self.0.join(name), self.0.join(format!("{name}.partial")));
        let written = fs::write(&partial, bytes).and_then(|()| fs::rename(&partial, &file));
        written.with_context(|| format!("writing {}", file.display()))?;
        Ok(file)
    }
}

/// `host@3fa9c1e2`.
fn name(subject: &Subject) -> String {
    let artifact = &subject.artifact;
    site::profile_name(&artifact.version.full_label(&artifact.target))
}
