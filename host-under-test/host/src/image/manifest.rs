//! Which layer of an image is the component. Pure; trusts nothing it reads.

use super::MAX_COMPONENT_BYTES;
use crate::digest::Sha256Digest;
use oci_client::manifest::{OCI_IMAGE_INDEX_MEDIA_TYPE, OciManifest, WASM_LAYER_MEDIA_TYPE};

/// Of the layout in use now; `WASM_LAYER_MEDIA_TYPE` is of the one before.
const MEDIA_TYPE: &str = "application/wasm";

/// The layer with the component.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Layer {
    pub(super) digest: Sha256Digest,
    pub(super) size_bytes: u64,
}

impl Layer {
    /// Finds the only layer, or says what is wrong with the image.
    pub(super) fn of(manifest: &[u8]) -> Result<Self, String> {
        let manifest: OciManifest = serde_json::from_slice(manifest)
            .map_err(|e| format!("its manifest cannot be read: {e}"))?;
        let OciManifest::Image(manifest) = manifest else {
            return Err(format!(
                "is a list of images ({OCI_IMAGE_INDEX_MEDIA_TYPE}): name one of them by its digest"
            ));
        };
        let [layer] = &*manifest.layers else {
            let count = manifest.layers.len();
            return Err(format!(
                "has {count} layers, expected exactly one of type {MEDIA_TYPE}: is it a component?"
            ));
        };
        if ![MEDIA_TYPE, WASM_LAYER_MEDIA_TYPE].contains(&layer.media_type.as_str()) {
            let found = &layer.media_type;
            return Err(format!(
                "its layer is of type `{found}`, expected {MEDIA_TYPE} or {WASM_LAYER_MEDIA_TYPE}"
            ));
        }
        let digest = layer
            .digest
            .parse()
            .map_err(|e| format!("the digest of its layer, `{}`, {e}", layer.digest))?;
        match u64::try_from(layer.size) {
            Ok(size_bytes) if size_bytes <= MAX_COMPONENT_BYTES => Ok(Self { digest, size_bytes }),
            _ => Err(format!(
                "its layer has {} bytes, at most {MAX_COMPONENT_BYTES} are pulled",
                layer.size
            )),
        }
    }
}
