//! Turns a core module into a component and says what it imports and exports. It must not touch the
//! disk.

use anyhow::{Context, Result, bail};
use wasmparser::{Validator, WasmFeatures};
use wit_component::{ComponentEncoder, DecodedWasm};

/// A validated component.
pub(crate) struct Component {
    pub(crate) bytes: Vec<u8>,
    pub(crate) imports: Vec<String>,
    pub(crate) exports: Vec<String>,
}

impl Component {
    /// Encodes the module that a guest was compiled to; the world it was written for is inside.
    pub(crate) fn from_core_module(module: &[u8]) -> Result<Self> {
        let bytes = ComponentEncoder::default()
            .module(module)
            .context("reading the core module")?
            .encode()
            .context("encoding the component")?;
        // What is on by default is what a host turns on without being asked.
        Validator::new_with_features(WasmFeatures::default())
            .validate_all(&bytes)
            .context("validating the component")?;
        let DecodedWasm::Component(resolve, world) =
            wit_component::decode(&bytes).context("reading the component's types")?
        else {
            bail!("reading the component's types: it holds a WIT package, not a component");
        };
        let world = &resolve.worlds[world];
        let imports = world.imports.keys().map(|key| resolve.name_world_key(key)).collect();
        let exports = world.exports.keys().map(|key| resolve.name_world_key(key)).collect();
        Ok(Self { bytes, imports, exports })
    }

    /// Whether a text is anywhere in the bytes.
    pub(crate) fn contains(&self, text: &[u8]) -> bool {
        !text.is_empty() && self.bytes.windows(text.len()).any(|window| window == text)
    }
}
