//! `data/alerts.toml`: reading what people wrote, adding to its end, and telling
//! what measuring again showed of entries that nobody has touched.

use super::{Alert, State};
use crate::history::SeriesKey;
use anyhow::{Context, Result};
use serde::Deserialize;
use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

const HEAD: &str = "\
# Changes of level that `bench detect` found. It adds entries at the end; `state`
# and `note` are yours to edit, and an entry whose state or note you changed is
# never touched again:
#   new, confirmed (measured again), acknowledged (known, lived with),
#   invalid (no change), infra (the machine changed, not the host), fixed
";

/// The file.
pub(crate) struct AlertFile {
    path: PathBuf,
    pub(crate) entries: Vec<Entry>,
}

/// An alert as the file has it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    target: String,
    suite: String,
    benchmark: String,
    arm: String,
    metric: String,
    verdict: String,
    #[serde(rename = "effect")]
    _effect: Option<f64>,
    #[serde(rename = "after")]
    _after: String,
    #[serde(default, rename = "culprits")]
    _culprits: Vec<String>,
    pub(crate) first: String,
    pub(crate) state: State,
    #[serde(default)]
    pub(crate) note: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    #[serde(default)]
    alert: Vec<Entry>,
}

impl AlertFile {
    /// Reads the file; where there is none, nothing is known yet.
    ///
    /// # Errors
    /// When it cannot be read or is not right; the line is told.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
            Err(error) => {
                return Err(error).with_context(|| format!("reading {}", path.display()));
            }
        };
        let content: Content = toml::from_str(&text).map_err(|error| {
            let line = error.span().map(|span| text[..span.start].matches('\n').count() + 1);
            let line = line.map(|line| format!(":{line}")).unwrap_or_default();
            anyhow::anyhow!("{}{line}: {}", path.display(), error.message().replace('\n', ", "))
        })?;
        Ok(Self { path: path.to_owned(), entries: content.alert })
    }

    /// Adds alerts at the end.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn add(&self, alerts: &[&Alert]) -> Result<()> {
        if alerts.is_empty() {
            return Ok(());
        }
        let mut text = String::new();
        if !self.path.exists() {
            text.push_str(HEAD);
        }
        for alert in alerts {
            text.push_str(&entry(alert));
        }
        let opened = OpenOptions::new().append(true).create(true).open(&self.path);
        opened
            .and_then(|mut file| file.write_all(text.as_bytes()))
            .with_context(|| format!("writing {}", self.path.display()))
    }
}

impl AlertFile {
    /// What people said, for the pages.
    pub(crate) fn notes(&self) -> Vec<site::AlertNote> {
        let note = |entry: &Entry| site::AlertNote {
            target: entry.target.clone(),
            suite: entry.suite.clone(),
            benchmark: entry.benchmark.clone(),
            arm: entry.arm.clone(),
            metric: entry.metric.clone(),
            verdict: entry.verdict.clone(),
            first: entry.first.clone(),
            state: entry.state.word(),
            note: entry.note.clone(),
        };
        self.entries.iter().map(note).collect()
    }

    /// Tells what measuring again showed, in entries that are as they were made.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub(crate) fn settle(&self, settled: &[(&Alert, State, String)]) -> Result<()> {
        if settled.is_empty() {
            return Ok(());
        }
        let path = self.path.display();
        let text = fs::read_to_string(&self.path).with_context(|| format!("reading {path}"))?;
        let mut document: toml_edit::DocumentMut =
            text.parse().with_context(|| format!("reading {path}"))?;
        let entries = document.get_mut("alert").and_then(|it| it.as_array_of_tables_mut());
        for table in entries.into_iter().flat_map(toml_edit::ArrayOfTables::iter_mut) {
            let word = |key: &str| table.get(key).and_then(|it| it.as_str()).unwrap_or_default();
            if word("state") != State::New.word() || !word("note").is_empty() {
                continue;
            }
            let is_this = |alert: &Alert| {
                let SeriesKey { target, suite, benchmark, arm, metric } = &alert.series;
                [word("target"), word("suite"), word("benchmark"), word("arm"), word("metric")]
                    == [target.as_str(), suite, benchmark, arm, metric]
                    && word("verdict") == alert.verdict
                    && word("first") == alert.entry_first
            };
            let of_entry = settled.iter().find(|(alert, ..)| is_this(alert));
            let Some((_, state, note)) = of_entry else { continue };
            table["state"] = toml_edit::value(state.word());
            table["note"] = toml_edit::value(note.as_str());
        }
        replace(&self.path, &document.to_string()).with_context(|| format!("writing {path}"))
    }
}

/// In one step, so that nothing is lost on the way.
fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut aside = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?;
    aside.write_all(text.as_bytes())?;
    if let Ok(metadata) = fs::metadata(path) {
        aside.as_file().set_permissions(metadata.permissions())?;
    }
    aside.persist(path)?;
    Ok(())
}

impl Entry {
    pub(super) fn is_of(&self, series: &SeriesKey, verdict: &str) -> bool {
        let Self { target, suite, benchmark, arm, metric, .. } = self;
        (target, suite, benchmark, arm)
            == (&series.target, &series.suite, &series.benchmark, &series.arm)
            && metric == series.metric
            && self.verdict == verdict
    }
}

fn entry(alert: &Alert) -> String {
    let SeriesKey { target, suite, benchmark, arm, metric } = &alert.series;
    let mut text = "\n[[alert]]\n".to_owned();
    for (key, value) in [
        ("target", target.as_str()),
        ("suite", suite),
        ("benchmark", benchmark),
        ("arm", arm),
        ("metric", metric),
        ("verdict", alert.verdict),
        ("after", &alert.after),
        ("first", &alert.first),
        ("state", alert.state.word()),
        ("note", &alert.note),
    ] {
        let _ = writeln!(text, "{key} = {}", toml::Value::from(value));
    }
    let culprits: Vec<toml::Value> =
        alert.culprits.iter().map(|line| toml::Value::from(line.as_str())).collect();
    if !culprits.is_empty() {
        let _ = writeln!(text, "culprits = {}", toml::Value::Array(culprits));
    }
    if let Some(effect) = alert.effect.filter(|effect| effect.is_finite()) {
        let _ = writeln!(text, "effect = {effect:.4}");
    }
    text
}
