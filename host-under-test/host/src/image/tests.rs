//! Manifests that are refused, and a folder that nobody has to trust. The way
//! through a real registry is in `tests/images.rs`.

use super::cache::Cache;
use super::manifest::Layer;
use crate::digest::Sha256Digest;
use serde_json::{Value, json};
use tempfile::TempDir;

fn manifest(layers: Value) -> Vec<u8> {
    let config = json!({
        "mediaType": "application/vnd.wasm.config.v0+json",
        "digest": Sha256Digest::of(b"{}").to_string(),
        "size": 2,
    });
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": config,
        "layers": layers,
    });
    manifest.to_string().into_bytes()
}

fn layer(media_type: &str, size: i64) -> Value {
    let digest = Sha256Digest::of(b"x").to_string();
    json!({"mediaType": media_type, "digest": digest, "size": size})
}

#[test]
fn both_layouts_are_known() {
    for media_type in ["application/wasm", "application/vnd.wasm.content.layer.v1+wasm"] {
        let found = Layer::of(&manifest(json!([layer(media_type, 1)])));
        assert_eq!(found, Ok(Layer { digest: Sha256Digest::of(b"x"), size_bytes: 1 }));
    }
}

#[test]
fn other_images_are_refused() {
    let wasm = "application/wasm";
    let mut other_digest = layer(wasm, 1);
    other_digest["digest"] = json!("sha512:00");
    let index = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [],
    });
    let rows: [(Vec<u8>, &str); 9] = [
        (manifest(json!([])), "has 0 layers, expected exactly one"),
        (manifest(json!([layer(wasm, 1), layer(wasm, 1)])), "has 2 layers, expected exactly one"),
        (manifest(json!([layer("application/tar", 1)])), "its layer is of type `application/tar`"),
        (manifest(json!([layer(wasm, -1)])), "its layer has -1 bytes"),
        (manifest(json!([layer(wasm, (256 << 20) + 1)])), "at most 268435456 are pulled"),
        (manifest(json!([other_digest])), "`sha512:00`, is not a digest"),
        (index.to_string().into_bytes(), "is a list of images"),
        (b"<html>".to_vec(), "its manifest cannot be read"),
        (Vec::new(), "its manifest cannot be read"),
    ];
    for (manifest, part) in rows {
        let error = Layer::of(&manifest).unwrap_err();
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn what_was_changed_is_not_handed_out() {
    let folder = TempDir::new().unwrap();
    let cache = Cache::new(folder.path().join("images"));
    let digest = Sha256Digest::of(b"bytes");
    assert_eq!(cache.read(digest, 5), None);
    cache.write(digest, b"bytes");
    assert_eq!(cache.read(digest, 5).as_deref(), Some(&b"bytes"[..]));
    assert_eq!(cache.read(digest, 4), None, "longer than wanted");
    let file = folder.path().join("images/sha256").join(digest.hex());
    std::fs::write(&file, b"bites").unwrap();
    assert_eq!(cache.read(digest, 5), None);
    cache.write(digest, b"bytes");
    assert_eq!(cache.read(digest, 5).as_deref(), Some(&b"bytes"[..]));
}
