//! Workflows and the action as they stand in the repository.

use serde_json::{Map, Value};
use std::fs;
use std::path::{Path, PathBuf};

/// The repository.
pub(super) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// A workflow, or the action.
pub(super) struct Document {
    /// `bench.yml`, `action.yml`.
    pub(super) name: String,
    /// What stands in it.
    pub(super) value: Value,
}

/// One step.
pub(super) struct Step<'d> {
    /// File, job and step: `bench.yml plan plan`.
    pub(super) name: String,
    /// What stands in it.
    pub(super) value: &'d Map<String, Value>,
}

impl Document {
    pub(super) fn named(name: &str) -> Self {
        let folder = if name == "action.yml" { root() } else { root().join(".github/workflows") };
        let text = fs::read_to_string(folder.join(name)).unwrap();
        let value = serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        Self { name: name.to_owned(), value }
    }

    pub(super) fn all() -> Vec<Self> {
        let entries = fs::read_dir(root().join(".github/workflows")).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.push("action.yml".to_owned());
        names.sort();
        names.iter().map(|name| Self::named(name)).collect()
    }

    /// Jobs by name; the action is one.
    pub(super) fn jobs(&self) -> Vec<(&str, &Value)> {
        match self.value.get("jobs") {
            Some(jobs) => jobs.as_object().unwrap().iter().map(|(k, v)| (k.as_str(), v)).collect(),
            None => vec![("action", &self.value["runs"])],
        }
    }

    pub(super) fn job(&self, name: &str) -> &Value {
        let jobs = self.jobs();
        let found = jobs.iter().find(|(job, _)| *job == name);
        found.unwrap_or_else(|| panic!("{} has no job {name}", self.name)).1
    }

    pub(super) fn steps<'d>(&'d self, job: &str) -> Vec<Step<'d>> {
        let Some(steps) = self.job(job)["steps"].as_array() else { return Vec::new() };
        let step = |(index, value): (usize, &'d Value)| {
            let value = value.as_object().unwrap();
            let called = ["id", "name", "run", "uses"].iter().find_map(|key| value.get(*key));
            let called = called.unwrap().as_str().unwrap().lines().next().unwrap();
            Step { name: format!("{} {job} {}. {called}", self.name, index + 1), value }
        };
        steps.iter().enumerate().map(step).collect()
    }
}

impl Step<'_> {
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.value.get(key)?.as_str()
    }

    /// A key of `with`, as it stands there.
    pub(super) fn with(&self, key: &str) -> Option<String> {
        Some(match self.value.get("with")?.get(key)? {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        })
    }
}
