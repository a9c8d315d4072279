//! The folders of a workload's volumes, made when it starts.

use crate::error::{Error, Result};
use crate::guest::Mount;
use crate::workload::{Resources, VolumeKind, WorkloadSpec};
use std::path::PathBuf;
use tempfile::TempDir;

/// One replica's volumes, by index in the workload.
pub(super) struct Volumes {
    folders: Vec<PathBuf>,
}

impl Volumes {
    pub(super) fn make(spec: &WorkloadSpec, ephemeral: &mut Vec<TempDir>) -> Result<Self> {
        let mut folders = Vec::new();
        for volume in &spec.volumes {
            let name = &volume.name;
            folders.push(match &volume.kind {
                VolumeKind::Ephemeral => {
                    let folder = tempfile::tempdir().map_err(|e| {
                        Error::Runtime(format!("making the ephemeral volume {name}: {e}"))
                    })?;
                    let path = folder.path().to_path_buf();
                    ephemeral.push(folder);
                    path
                }
                VolumeKind::HostPath(path) if path.is_dir() => path.clone(),
                VolumeKind::HostPath(path) => {
                    return Err(Error::Input(format!(
                        "hostPath {} of the volume {name} is not a folder: make it first",
                        path.display()
                    )));
                }
            });
        }
        Ok(Self { folders })
    }

    pub(super) fn mounts(&self, resources: &Resources) -> Vec<Mount> {
        let mounts = resources.mounts.iter().filter_map(|mount| {
            Some(Mount {
                folder: self.folders.get(mount.volume)?.clone(),
                guest_path: mount.guest_path.clone(),
                read_only: mount.read_only,
            })
        });
        mounts.collect()
    }
}
