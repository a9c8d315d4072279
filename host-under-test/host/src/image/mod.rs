//! Components out of OCI registries. What leaves this module was verified: the
//! manifest against its digest, the one layer against the manifest. Knows nothing
//! of WebAssembly but the media types.
//!
//! Layout of such images: the CNCF's "Wasm OCI Artifact layout".

mod cache;
mod credentials;
mod manifest;
mod registry;
#[cfg(test)]
mod tests;

use crate::digest::Sha256Digest;
use crate::error::{Error, Result};
use cache::Cache;
use manifest::Layer;
use oci_client::Reference;
use registry::Registry;
use std::path::PathBuf;

/// The largest component that is pulled.
const MAX_COMPONENT_BYTES: u64 = 256 << 20;
/// What registries have to accept at least; a larger manifest is not kept.
const MAX_MANIFEST_BYTES: u64 = 4 << 20;

/// Pulls images and keeps them in a folder.
pub struct Images {
    cache: Cache,
    registry: Registry,
}

/// A component out of an image.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// The component.
    pub bytes: Vec<u8>,
    /// The manifest's: what the image is pinned by, also if only a tag was asked
    /// for.
    pub digest: Sha256Digest,
    /// The image by its digest: `registry/repository@sha256:..`.
    pub reference: String,
}

impl Images {
    /// Keeps images in `folder`, which is made when the first is pulled. Only
    /// `insecure` registries (`HOST:PORT`) and those on loopback addresses are
    /// asked over plain HTTP.
    ///
    /// Files are never removed: the folder may be emptied at any time.
    pub fn new(folder: PathBuf, insecure: Vec<String>) -> Result<Self> {
        let is_registry = |name: &str| !name.is_empty() && !name.contains(['/', '@', ' ', ',']);
        if let Some(wrong) = insecure.iter().find(|name| !is_registry(name)) {
            return Err(Error::Input(format!("insecure registry `{wrong}`: expected HOST:PORT")));
        }
        Ok(Self { cache: Cache::new(folder), registry: Registry::new(insecure) })
    }

    /// Pulls an image, or takes it from the folder if it is pinned by `digest` (or
    /// by its own) and was pulled before. Only a tag is asked for every time.
    pub async fn fetch(&self, image: &Reference, digest: Option<Sha256Digest>) -> Result<Fetched> {
        let pinned = match (digest, image.digest()) {
            (Some(digest), _) => Some(digest),
            (None, None) => None,
            (None, Some(own)) => {
                let own = own.parse();
                Some(own.map_err(|e| Error::Input(format!("image {}: {e}", image.whole())))?)
            }
        };
        let image = &match pinned {
            Some(digest) => image.clone_with_digest(digest.to_string()),
            None => image.clone(),
        };
        let (digest, manifest) = self.manifest(image, pinned).await?;
        let layer = Layer::of(&manifest)
            .map_err(|what| Error::Input(format!("image {}: {what}", image.whole())))?;
        let bytes = self.layer(image, &layer).await?;
        let reference = format!("{}/{}@{digest}", image.registry(), image.repository());
        Ok(Fetched { bytes, digest, reference })
    }

    async fn manifest(
        &self,
        image: &Reference,
        pinned: Option<Sha256Digest>,
    ) -> Result<(Sha256Digest, Vec<u8>)> {
        if let Some(digest) = pinned
            && let Some(kept) = self.cache.read(digest, MAX_MANIFEST_BYTES)
        {
            return Ok((digest, kept));
        }
        let manifest = self.registry.manifest(image).await?;
        let digest = Sha256Digest::of(&manifest);
        if let Some(pinned) = pinned
            && pinned != digest
        {
            let what = format!("the registry's manifest has the digest {digest}, not {pinned}");
            return Err(Error::Input(format!("image {}: {what}", image.whole())));
        }
        if manifest.len() as u64 <= MAX_MANIFEST_BYTES {
            self.cache.write(digest, &manifest);
        }
        Ok((digest, manifest))
    }

    async fn layer(&self, image: &Reference, layer: &Layer) -> Result<Vec<u8>> {
        if let Some(kept) = self.cache.read(layer.digest, MAX_COMPONENT_BYTES)
            && kept.len() as u64 == layer.size_bytes
        {
            return Ok(kept);
        }
        let bytes = self.registry.blob(image, layer.digest, layer.size_bytes).await?;
        let found = Sha256Digest::of(&bytes);
        if found != layer.digest || bytes.len() as u64 != layer.size_bytes {
            return Err(Error::Input(format!(
                "image {}: its layer has {} bytes with the digest {found}, the manifest says {} \
                 bytes with {}",
                image.whole(),
                bytes.len(),
                layer.size_bytes,
                layer.digest
            )));
        }
        self.cache.write(layer.digest, &bytes);
        Ok(bytes)
    }
}
