//! Turns a core module, or components that fit together, into a component and says what it imports
//! and exports. It must not touch the disk.

use anyhow::{Context, Result, bail};
use wac_graph::types::Package;
use wac_graph::{CompositionGraph, EncodeOptions, PackageId};
use wasi_preview1_component_adapter_provider::{
    WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER,
};
use wasmparser::{Validator, WasmFeatures};
use wit_bindgen_core::wit_parser::{Resolve, WorldId};
use wit_component::{ComponentEncoder, DecodedWasm, StringEncoding};

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
        Self::read(bytes)
    }

    /// Encodes the module that another compiler made for a world. What it imports of WASI 0.1, as
    /// languages' own libraries do, an adapter inside answers, which imports 0.2.
    pub(crate) fn of_world(mut module: Vec<u8>, resolve: &Resolve, world: WorldId) -> Result<Self> {
        wit_component::embed_component_metadata(&mut module, resolve, world, StringEncoding::UTF8)
            .context("adding the world to the core module")?;
        let mut encoder = ComponentEncoder::default();
        encoder
            .module(&module)
            .context("reading the core module")?
            .adapter(WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER)
            .context("reading the adapter")?;
        Self::read(encoder.encode().context("encoding the component")?)
    }

    /// Fills the imports of `socket` with what `plug` exports; what `plug` itself imports, the whole
    /// imports.
    pub(crate) fn composed(socket: &Self, plug: &Self) -> Result<Self> {
        let mut graph = CompositionGraph::new();
        let mut register = |name: &str, component: &Self| -> Result<PackageId> {
            let bytes = component.bytes.clone();
            let package = Package::from_bytes(name, None, bytes, graph.types_mut())?;
            Ok(graph.register_package(package)?)
        };
        // Their own names are not in the bytes: these tell what each is for.
        let plug = register("arewefastyet:plug", plug)?;
        let socket = register("arewefastyet:socket", socket)?;
        wac_graph::plug(&mut graph, vec![plug], socket).context("plugging one into the other")?;
        let bytes = graph.encode(EncodeOptions::default()).context("encoding the component")?;
        Self::read(bytes)
    }

    /// Checks bytes that are said to be a component.
    pub(crate) fn read(bytes: Vec<u8>) -> Result<Self> {
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
