//! Components that benchmarks run: those that are committed, and those that are
//! too large for it and come out of a recipe.

use crate::diagnostic::Diagnostic;
use crate::digest::Digest;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// A component that a benchmark runs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Component {
    path: PathBuf,
    recorded: Option<Digest>,
}

impl Component {
    /// A committed one: the file is there.
    pub(super) fn committed(path: PathBuf) -> Self {
        Self { path, recorded: None }
    }

    /// Where it is, or will be once its recipe has been followed.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its digest if it comes out of a recipe: it may be absent, or another one.
    pub fn recorded(&self) -> Option<Digest> {
        self.recorded
    }

    /// What makes it the component it is: its bytes, or their recorded digest.
    pub(super) fn identity(&self) -> Result<Vec<u8>, Diagnostic> {
        match self.recorded {
            Some(digest) => Ok(digest.to_string().into_bytes()),
            None => std::fs::read(&self.path).map_err(|e| Diagnostic::unreadable(&self.path, &e)),
        }
    }
}

/// The components that have a recipe, by name without `.wasm`; their files are
/// in the folder `large`. Reads `SHA256SUMS`, the format of `sha256sum`.
pub(super) fn recipes(
    recipes: &Path,
    large: &Path,
) -> Result<BTreeMap<String, Component>, Diagnostic> {
    let file = recipes.join("SHA256SUMS");
    let text = match std::fs::read_to_string(&file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        text => text.map_err(|e| Diagnostic::unreadable(&file, &e))?,
    };
    let mut components = BTreeMap::new();
    for (index, line) in text.lines().enumerate() {
        let entry = line.split_once("  ").and_then(|(digest, name)| {
            let plain = !name.contains('/');
            let stem = name.strip_suffix(".wasm").filter(|_| plain)?;
            Some((digest.parse().ok()?, name, stem))
        });
        let (digest, name, stem) = entry.ok_or_else(|| {
            let problem = "not a SHA-256 digest, two spaces and NAME.wasm";
            Diagnostic::new(&file, Some(index + 1), problem)
                .with_remedy("write it anew with the `record-large` command of the guests")
        })?;
        let component = Component { path: large.join(name), recorded: Some(digest) };
        components.insert(stem.to_owned(), component);
    }
    Ok(components)
}
