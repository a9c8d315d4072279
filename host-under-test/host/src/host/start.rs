//! From a workload's description to a running workload: bytes fetched and
//! verified, code compiled or loaded, imports linked.

use super::Inner;
use super::assemble::assemble;
use super::bind::Bound;
use super::chain::SERVICE;
use super::link;
use super::workload::Workload;
use crate::code::{self, Origin};
use crate::component::{self, Linked, Offer};
use crate::digest::Sha256Digest;
use crate::error::{Error, Result};
use crate::workload::{ComponentSource, InterfaceSpec};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Handle;

/// How long the steps of a start took, in nanoseconds, all components together.
#[derive(Debug, Default, Clone, Copy)]
pub struct StartNs {
    /// Reading or pulling, and compiling.
    pub compile: Option<u64>,
    /// Reading or pulling, and loading machine code.
    pub load: Option<u64>,
    /// Resolving imports.
    pub link: u64,
}

/// A component as it was fetched and linked.
pub(super) struct Prepared {
    pub(super) linked: Arc<Linked>,
    pub(super) source: String,
    pub(super) digest: Sha256Digest,
    pub(super) code: &'static str,
}

pub(super) async fn start(
    host: &Arc<Inner>,
    workload: &Arc<Workload>,
    precompiled: Option<&Path>,
) -> Result<StartNs> {
    let spec = workload.spec();
    let mut sources = spec.components.iter().map(|component| &component.source);
    let first = sources.next();
    let is_one = first.is_some() && sources.all(|other| Some(other) == first);
    if precompiled.is_some() && (!is_one || spec.service.is_some()) {
        return Err(Error::Input(format!(
            "--aot is for a workload that runs one file only, which {} does not: use --code-cache",
            spec.title()
        )));
    }
    let mut took = StartNs::default();
    let mut prepared = Vec::new();
    let has_provider = spec.components.iter().any(link::is_provider);
    for component in &spec.components {
        let mut offer = offer(&component.interfaces);
        offer.keyvalue |= has_provider;
        let digest = component.digest;
        prepared
            .push(prepare(host, &component.source, digest, offer, precompiled, &mut took).await?);
    }
    let service = match &spec.service {
        None => None,
        Some(service) => {
            let mut offer = offer(&service.interfaces);
            offer.keyvalue |= has_provider;
            Some(prepare(host, &service.source, service.digest, offer, None, &mut took).await?)
        }
    };
    if service.as_ref().is_some_and(|service| service.linked.answers_p3())
        && spec.components.iter().any(|component| component.name == SERVICE)
    {
        return Err(Error::Input(format!(
            "{}: a component and the service, which answers requests, are both reached as \
             http://{SERVICE}/: give the component another name",
            spec.title()
        )));
    }
    let links = link::resolve(spec, &prepared, service.as_ref())?;
    let bound = Bound::bind(&host.config.plugins, spec).await?;
    let (running, services) = assemble(host, spec, &prepared, service.as_ref(), links, bound)?;
    for provider in running.components.iter().flat_map(|component| &component.providers) {
        provider.warm_up().await?;
    }
    workload.run(&host.table, running, services);
    Ok(took)
}

pub(super) fn offer(interfaces: &[InterfaceSpec]) -> Offer {
    let lists = |package: &str, interface: &str| {
        interfaces.iter().any(|one| one.lists("wasi", package, interface))
    };
    Offer {
        egress: lists("http", "outgoing-handler") || lists("http", "client"),
        config: lists("config", "store"),
        keyvalue: lists("keyvalue", "store"),
        blobstore: lists("blobstore", "blobstore"),
        logging: lists("logging", "logging"),
    }
}

async fn prepare(
    host: &Arc<Inner>,
    source: &ComponentSource,
    digest: Option<Sha256Digest>,
    offer: Offer,
    precompiled: Option<&Path>,
    took: &mut StartNs,
) -> Result<Prepared> {
    let start = Instant::now();
    let (bytes, source) = fetch(host, source, digest).await?;
    let (inner, name, code) = (Arc::clone(host), source.clone(), precompiled.map(PathBuf::from));
    // Compiling takes a while and would keep others from their thread.
    let work = tokio::task::spawn_blocking(move || {
        let digest = Sha256Digest::of(&bytes);
        let found = match &code {
            Some(file) if !inner.engine.has_linked(digest, offer) => {
                Some((code::load(inner.engine.wasmtime(), file, &bytes)?, Origin::Loaded))
            }
            _ => inner.engine.component(&bytes, digest, &name, offer)?,
        };
        let compiled = Instant::now();
        let (component, origin) = found.unzip();
        let linked = inner.engine.link(component, digest, &name, offer)?;
        Ok((linked, digest, origin, compiled))
    });
    let joined = work.await.map_err(|e| Error::Runtime(format!("preparing {source}: {e}")))?;
    let (linked, digest, origin, compiled) = joined?;
    let until_code_ns = nanos(compiled - start);
    let code = match origin {
        Some(Origin::Compiled) => {
            *took.compile.get_or_insert(0) += until_code_ns;
            "compiled"
        }
        Some(Origin::Loaded) => {
            *took.load.get_or_insert(0) += until_code_ns;
            "loaded"
        }
        None => {
            took.link += until_code_ns;
            "shared"
        }
    };
    took.link += nanos(compiled.elapsed());
    Ok(Prepared { linked, source, digest, code })
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// A component's bytes, and what to call them.
async fn fetch(
    host: &Inner,
    source: &ComponentSource,
    digest: Option<Sha256Digest>,
) -> Result<(Vec<u8>, String)> {
    match source {
        ComponentSource::File(path) => {
            let name = path.display().to_string();
            let bytes = component::read(path)?;
            let got = Sha256Digest::of(&bytes);
            match digest {
                Some(wanted) if wanted != got => Err(Error::Input(format!(
                    "{name} has the digest {got}, the workload wants {wanted}: correct one of them"
                ))),
                _ => Ok((bytes, name)),
            }
        }
        ComponentSource::Image(image) => {
            // On a thread of its own: the compiler cannot prove of the registry
            // client's future that threads may take turns with it.
            let (images, image) = (Arc::clone(&host.config.images), image.clone());
            let pull = move || Handle::current().block_on(images.fetch(&image, digest));
            let pulled = tokio::task::spawn_blocking(pull).await;
            let fetched =
                pulled.map_err(|e| Error::Runtime(format!("pulling {source}: {e}")))??;
            component::refuse_other(&fetched.bytes, &fetched.reference)?;
            Ok((fetched.bytes, fetched.reference))
        }
    }
}
