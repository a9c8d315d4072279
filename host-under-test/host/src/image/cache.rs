//! A folder of files named by their digests. Nobody has to trust it: what does
//! not match its name is not handed out. Never fails; without it, images are
//! pulled again.

use crate::digest::Sha256Digest;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::PathBuf;

pub(super) struct Cache {
    folder: PathBuf,
}

impl Cache {
    pub(super) fn new(folder: PathBuf) -> Self {
        // As in OCI's own layout of images on disk.
        Self { folder: folder.join("sha256") }
    }

    /// The bytes with this digest, if they are here and are at most `most`.
    pub(super) fn read(&self, digest: Sha256Digest, most: u64) -> Option<Vec<u8>> {
        let path = self.path(digest);
        let mut bytes = Vec::new();
        match File::open(&path).and_then(|file| file.take(most + 1).read_to_end(&mut bytes)) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return None,
            Ok(_) if Sha256Digest::of(&bytes) == digest && bytes.len() as u64 <= most => {
                return Some(bytes);
            }
            Ok(_) => {
                let name = path.display();
                eprintln!("host-under-test: {name} is damaged: pulling it again");
            }
            Err(e) => eprintln!("host-under-test: reading {}: {e}", path.display()),
        }
        None
    }

    /// Keeps the bytes with this digest; they appear complete or not at all.
    pub(super) fn write(&self, digest: Sha256Digest, bytes: &[u8]) {
        let write = || {
            fs::create_dir_all(&self.folder)?;
            let mut file = tempfile::NamedTempFile::new_in(&self.folder)?;
            file.write_all(bytes)?;
            file.as_file().sync_all()?;
            file.persist(self.path(digest)).map_err(|e| e.error)
        };
        if let Err(e) = write() {
            eprintln!("host-under-test: keeping {}: {e}", self.path(digest).display());
        }
    }

    fn path(&self, digest: Sha256Digest) -> PathBuf {
        self.folder.join(digest.hex())
    }
}
