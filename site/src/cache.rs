//! What earlier builds took from runs. A run never changes once it is complete,
//! so its part of the history and its page are made once. A cache that is lost
//! or damaged costs time and nothing else.

use crate::Error;
use crate::folded::FoldedRun;
use crate::inputs::Inputs;
use crate::write::io;
use model::{Digest, Hasher, RunId};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// What other programs or checkouts left here and nobody came back for.
const KEPT: Duration = Duration::from_secs(30 * 24 * 3600);
const DIGEST_BYTES: usize = 32;
/// What files are called: what the history takes from a run, and the run's own files.
const FOLDED: &str = "run";
const FILES: &str = "files";

/// What the site takes from a run.
pub(crate) struct Cached {
    /// `None` of a run whose results are never shown.
    pub(crate) folded: Option<FoldedRun>,
    pub(crate) files: RunFiles,
}

/// The files of a run, which depend on no other.
pub(crate) struct RunFiles {
    pub(crate) page: String,
    /// Its blocks, as JSON.
    pub(crate) shard: String,
}

/// The cache of one program for one set of suites.
pub(crate) struct Cache {
    base: PathBuf,
    /// `None` without a cache.
    folder: Option<PathBuf>,
}

impl Cache {
    /// Opens the part of the folder `base` that this program may believe.
    pub(crate) fn open(base: Option<&Path>, inputs: &Inputs) -> Result<Self, Error> {
        let Some((base, program)) = base.zip(program()) else {
            return Ok(Self { base: PathBuf::new(), folder: None });
        };
        let mut key = Hasher::default().part("program", program);
        key = key.part("config", format!("{:?}", inputs.config));
        for suite in &inputs.suites {
            key = key.part(&suite.name, suite.sha256.to_string());
        }
        let folder = base.join(&key.finish().to_string()[..16]);
        fs::create_dir_all(&folder).map_err(io("creating", &folder))?;
        Ok(Self { base: base.to_path_buf(), folder: Some(folder) })
    }

    /// Where the list of the files of the site at `out` lies; `None` without a cache.
    pub(crate) fn list_of(&self, out: &Path) -> Option<PathBuf> {
        let out = std::path::absolute(out).ok()?;
        let name = Digest::of(out.as_os_str().as_encoded_bytes()).to_string();
        Some(self.folder.as_ref()?.join(format!("{}.site", &name[..16])))
    }

    /// What the history takes from a run, if that is known; `Some(None)` of one whose
    /// results are never shown.
    pub(crate) fn folded(&self, run: &RunId) -> Option<Option<FoldedRun>> {
        match read(&self.file(run, FOLDED)?)?.as_slice() {
            [] => Some(None),
            folded => Some(Some(FoldedRun::from_bytes(folded).ok()?)),
        }
    }

    /// The files of a run, if they are known.
    pub(crate) fn files(&self, run: &RunId) -> Option<RunFiles> {
        let content = read(&self.file(run, FILES)?)?;
        let (length, texts) = content.split_first_chunk()?;
        let (page, shard) = texts.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
        Some(RunFiles { page: text(page)?, shard: text(shard)? })
    }

    /// Remembers a run.
    pub(crate) fn put(&self, run: &RunId, cached: &Cached) -> Result<(), Error> {
        let folded = cached.folded.as_ref().map(FoldedRun::to_bytes).transpose();
        // What cannot be remembered is read again.
        let Ok(folded) = folded.map(Option::unwrap_or_default) else { return Ok(()) };
        self.write(run, FOLDED, &folded)?;
        let RunFiles { page, shard } = &cached.files;
        let mut content = (page.len() as u32).to_le_bytes().to_vec();
        content.extend(page.as_bytes());
        content.extend(shard.as_bytes());
        self.write(run, FILES, &content)
    }

    /// The file appears whole or not at all.
    fn write(&self, run: &RunId, kind: &str, content: &[u8]) -> Result<(), Error> {
        let Some((file, folder)) = self.file(run, kind).zip(self.folder.as_ref()) else {
            return Ok(());
        };
        let mut bytes = Digest::of(content).to_bytes().to_vec();
        bytes.extend(content);
        let written = tempfile::NamedTempFile::new_in(folder).and_then(|new| {
            fs::write(new.path(), &bytes)?;
            Ok(new.persist(&file)?)
        });
        written.map(drop).map_err(io("writing", &file))
    }

    /// Removes what no program has used for a month.
    pub(crate) fn tidy(&self) {
        let Some(own) = &self.folder else { return };
        // Says that this one is in use.
        let _ = fs::write(own.join("used"), "");
        let Ok(folders) = fs::read_dir(&self.base) else { return };
        for folder in folders.flatten().filter(|folder| folder.path() != *own) {
            let used = fs::metadata(folder.path().join("used")).and_then(|file| file.modified());
            let age = used.ok().and_then(|used| SystemTime::now().duration_since(used).ok());
            if age.is_some_and(|age| age > KEPT) {
                let _ = fs::remove_dir_all(folder.path());
            }
        }
    }

    fn file(&self, run: &RunId, kind: &str) -> Option<PathBuf> {
        Some(self.folder.as_ref()?.join(format!("{run}.{kind}")))
    }
}

/// What a file holds after its digest, if it is whole.
fn read(file: &Path) -> Option<Vec<u8>> {
    let mut bytes = fs::read(file).ok()?;
    let (digest, content) = bytes.split_at_checked(DIGEST_BYTES)?;
    if Digest::of(content).to_bytes() != digest {
        return None;
    }
    bytes.drain(..DIGEST_BYTES);
    Some(bytes)
}

/// What tells this program from another that folds or writes differently.
fn program() -> Option<String> {
    let file = std::env::current_exe().ok()?;
    let metadata = fs::metadata(file).ok()?;
    let modified = metadata.modified().ok()?.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    Some(format!("{} {}", metadata.len(), modified.as_nanos()))
}
