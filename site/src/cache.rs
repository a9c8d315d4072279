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

/// What the site takes from a run.
pub(crate) struct Cached {
    /// `None` of a run whose results are never shown.
    pub(crate) folded: Option<FoldedRun>,
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

    /// What is known of a run.
    pub(crate) fn get(&self, run: &RunId) -> Option<Cached> {
        let bytes = fs::read(self.file(run)?).ok()?;
        let (digest, content) = bytes.split_at_checked(DIGEST_BYTES)?;
        if Digest::of(content).to_bytes() != digest {
            return None;
        }
        let (length, content) = content.split_first_chunk()?;
        let (folded, texts) = content.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        let (length, texts) = texts.split_first_chunk()?;
        let (page, shard) = texts.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        let folded = match folded {
            [] => None,
            folded => Some(FoldedRun::from_bytes(folded).ok()?),
        };
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
        Some(Cached { folded, page: text(page)?, shard: text(shard)? })
    }

    /// Remembers a run. The file appears whole or not at all.
    pub(crate) fn put(&self, run: &RunId, cached: &Cached) -> Result<(), Error> {
        let Some((file, folder)) = self.file(run).zip(self.folder.as_ref()) else { return Ok(()) };
        let folded = cached.folded.as_ref().map(FoldedRun::to_bytes).transpose();
        // What cannot be remembered is read again.
        let Ok(folded) = folded.map(Option::unwrap_or_default) else { return Ok(()) };
        let mut content = (folded.len() as u32).to_le_bytes().to_vec();
        content.extend(&folded);
        content.extend((cached.page.len() as u32).to_le_bytes());
        content.extend(cached.page.as_bytes());
        content.extend(cached.shard.as_bytes());
        let mut bytes = Digest::of(&content).to_bytes().to_vec();
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

    fn file(&self, run: &RunId) -> Option<PathBuf> {
        Some(self.folder.as_ref()?.join(format!("{run}.run")))
    }
}

/// What tells this program from another that folds or writes differently.
fn program() -> Option<String> {
    let file = std::env::current_exe().ok()?;
    let metadata = fs::metadata(file).ok()?;
    let modified = metadata.modified().ok()?.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    Some(format!("{} {}", metadata.len(), modified.as_nanos()))
}
