//! From a workload's description to guests that answer: bytes fetched and
//! verified, code compiled or loaded, imports linked, volumes made.

use super::Inner;
use super::bind::Bound;
use super::chain::Chain;
use super::link::{self, Links};
use super::outgoing::{Outgoing, OutgoingBeside};
use super::status::ComponentStatus;
use super::volumes::Volumes;
use super::workload::{Running, RunningComponent, Workload};
use crate::code::{self, Origin};
use crate::component::{self, Linked, Offer};
use crate::digest::Sha256Digest;
use crate::error::{Error, Result};
use crate::guest::{Guest, GuestConfig, Plugins, ProcessorShare, ServiceRun, Surroundings};
use crate::plugin::KeyValue;
use crate::provider::{Instances, Provided, ProviderStore};
use crate::route::Key;
use crate::workload::{
    ComponentSource, ComponentSpec, HttpSpec, InterfaceSpec, PoolSpec, Resources, WorkloadSpec,
};
use std::collections::BTreeMap;
use std::num::NonZeroU32;
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
    source: String,
    digest: Sha256Digest,
    code: &'static str,
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
            let offer = offer(&service.interfaces);
            Some(prepare(host, &service.source, service.digest, offer, None, &mut took).await?)
        }
    };
    let links = link::resolve(spec, &prepared)?;
    let bound = Bound::bind(&host.config.plugins, spec).await?;
    let (running, services) = assemble(host, spec, &prepared, service.as_ref(), links, bound)?;
    for provider in running.components.iter().flat_map(|component| &component.providers) {
        provider.warm_up().await?;
    }
    workload.run(&host.table, running, services);
    Ok(took)
}

fn offer(interfaces: &[InterfaceSpec]) -> Offer {
    let lists = |package: &str, interface: &str| {
        interfaces.iter().any(|one| one.lists("wasi", package, interface))
    };
    Offer {
        egress: lists("http", "outgoing-handler") || lists("http", "client"),
        config: lists("config", "store"),
        keyvalue: lists("keyvalue", "store"),
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

fn assemble(
    host: &Inner,
    spec: &WorkloadSpec,
    prepared: &[Prepared],
    service: Option<&Prepared>,
    links: Links,
    bound: Bound,
) -> Result<(Running, Vec<ServiceRun>)> {
    let mut running = Running::default();
    let mut services = Vec::new();
    let outgoing = Outgoing::new(host, spec);
    let processors: Vec<_> = spec.components.iter().map(|c| share(&c.resources)).collect();
    for (component, prepared) in spec.components.iter().zip(prepared) {
        running.components.push(RunningComponent::new(about(component, prepared)?));
    }
    for _ in 0..spec.replicas.get() {
        let volumes = Volumes::make(spec, &mut running.folders)?;
        // Each replica is a world of its own.
        let chain = Arc::new(Chain::new());
        let outgoing = outgoing.beside(&chain);
        let mut guests = BTreeMap::new();
        let mut provider = None;
        let mut order: Vec<usize> = (0..prepared.len()).collect();
        // The others need it.
        order.sort_by_key(|index| links.provider != Some(*index));
        for index in order {
            let (component, prepared) = (&spec.components[index], &prepared[index]);
            let mut plugins = bound.plugins(Some(&component.name), &component.interfaces);
            if links.leads_to_provider(index) {
                plugins.stores.unnamed = provider.clone();
            }
            let around = Surroundings {
                processor: processors[index].clone(),
                plugins,
                ..surroundings(&component.resources, &component.interfaces, &volumes, &outgoing)?
            };
            let Some(http) = &component.http else {
                let store = providing(host, component, prepared, around)?;
                provider = Some(Arc::new(Provided(Arc::clone(&store))) as Arc<dyn KeyValue>);
                running.components[index].providers.push(store);
                continue;
            };
            let config = GuestConfig {
                version: prepared.linked.handler(&http.versions)?,
                pool: component.pool,
                around,
                timeout: host.config.request_timeout,
                max_instances: host.config.max_instances_per_component,
            };
            let guest = Arc::new(Guest::new(&prepared.linked, config, &prepared.source)?);
            running.routes.extend(keys(http).map(|key| (key, Arc::clone(&guest))));
            guests.insert(component.name.clone(), Arc::downgrade(&guest));
            running.components[index].replicas.push(guest);
        }
        chain.fill(guests);
        if let (Some(service), Some(prepared)) = (&spec.service, service) {
            let around =
                surroundings(&service.resources, &service.interfaces, &volumes, &outgoing)?;
            let around = Surroundings {
                processor: share(&service.resources),
                plugins: bound.plugins(None, &service.interfaces),
                ..around
            };
            services.push(ServiceRun::new(&prepared.linked, around, &prepared.source)?);
        }
    }
    running.bound = bound;
    Ok((running, services))
}

/// A component that others call.
fn providing(
    host: &Inner,
    component: &ComponentSpec,
    prepared: &Prepared,
    around: Surroundings,
) -> Result<Arc<ProviderStore>> {
    let instances = match &component.pool {
        None => Instances::Fresh,
        Some(PoolSpec { size, max_invocations: None, max_concurrency: NonZeroU32::MIN }) => {
            Instances::Warm(*size)
        }
        Some(_) => {
            return Err(Error::Input(format!(
                "component {} provides wasi:keyvalue: it may have a poolSize, but neither \
                 maxInvocations nor maxConcurrency",
                component.name
            )));
        }
    };
    let timeout = host.config.request_timeout;
    let store = ProviderStore::new(&prepared.linked, around, timeout, instances, &prepared.source)?;
    Ok(Arc::new(store))
}

fn about(component: &ComponentSpec, prepared: &Prepared) -> Result<ComponentStatus> {
    let status = ComponentStatus {
        component: component.name.clone(),
        source: prepared.source.clone(),
        digest: prepared.digest.to_string(),
        code: prepared.code.to_owned(),
        handler: "none: it provides wasi:keyvalue".to_owned(),
        ..ComponentStatus::default()
    };
    let Some(http) = &component.http else { return Ok(status) };
    let version = prepared.linked.handler(&http.versions)?;
    if component.pool.is_some() && version == crate::workload::WasiVersion::P2 {
        return Err(Error::Input(format!(
            "poolSize of component {}: {} is a WASI 0.2 component, which serves one request per \
             instance; instances are reused with WASI 0.3 only",
            component.name, prepared.source
        )));
    }
    Ok(ComponentStatus { handler: format!("wasi:http/{}", version.handler()), ..status })
}

fn keys(http: &HttpSpec) -> impl Iterator<Item = Key> {
    let all = http.host.is_none().then_some(None);
    let hosts = http.hosts().map(|host| Some(host.to_owned()));
    all.into_iter().chain(hosts).map(|host| Key { host, path: http.path.clone() })
}

fn share(resources: &Resources) -> Option<Arc<ProcessorShare>> {
    resources.cpu_limit_millis.map(|millis| Arc::new(ProcessorShare::new(millis)))
}

fn surroundings(
    resources: &Resources,
    interfaces: &[InterfaceSpec],
    volumes: &Volumes,
    outgoing: &OutgoingBeside<'_>,
) -> Result<Surroundings> {
    Ok(Surroundings {
        environment: resources.environment.clone().into_iter().collect(),
        config: resources.config.clone().into_iter().collect(),
        mounts: volumes.mounts(resources),
        egress: match offer(interfaces).egress {
            true => Some(Arc::new(outgoing.for_component(resources)?)),
            false => None,
        },
        plugins: Plugins::none(),
        memory_limit_bytes: resources.memory_limit_bytes,
        processor: None,
    })
}
