//! From prepared components to guests, services and schedules that are ready to
//! run, for every replica of a workload.

use super::Inner;
use super::bind::Bound;
use super::chain::Chain;
use super::link::{self, Link, Links};
use super::outgoing::{Outgoing, OutgoingBeside};
use super::schedule::Planned;
use super::start::{Prepared, offer};
use super::status::ComponentStatus;
use super::volumes::Volumes;
use super::workload::{Running, RunningComponent};
use crate::error::{Error, Result};
use crate::guest::{Guest, GuestConfig, Pinned, ProcessorShare, ServiceRun, Surroundings};
use crate::network::Network;
use crate::plugin::{KeyValue, Stores};
use crate::provider::{Instances, Provided, ProviderStore};
use crate::route::Key;
use crate::workload::{
    ComponentSpec, HttpSpec, InterfaceSpec, PoolSpec, Resources, ServiceSpec, WorkloadSpec,
};
use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::Arc;

pub(super) fn assemble(
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
        let network = Arc::new(Network::new(spec.forwards.clone()));
        let world =
            World { host, bound: &bound, volumes, outgoing: outgoing.beside(&chain), network };
        let mut guests = BTreeMap::new();
        let mut providers = Providers::default();
        for &index in &links.order {
            let (component, prepared) = (&spec.components[index], &prepared[index]);
            let around = || {
                let mut around = world.around(
                    Some(&component.name),
                    &component.resources,
                    &component.interfaces,
                    processors[index].clone(),
                )?;
                providers.link(&links.components[index], &mut around.plugins.stores);
                Ok::<_, Error>(around)
            };
            let runs = &mut running.components[index];
            if let Some(schedule) = &component.schedule {
                let run = ServiceRun::new(&prepared.linked, around()?, &prepared.source)?
                    .within(host.config.request_timeout);
                let name = format!("{} of {}", component.name, spec.title());
                runs.planned.push(Planned { name, schedule: schedule.clone(), run });
            }
            if link::is_provider(component) {
                let store = providing(host, component, prepared, around()?)?;
                runs.providers.push(Arc::clone(&store));
                providers.0.insert(index, Arc::new(Provided(store)));
                continue;
            }
            let Some(http) = &component.http else { continue };
            let guest = Arc::new(world.guest(component, http, prepared, around()?)?);
            runs.replicas.push(Arc::clone(&guest));
            running.routes.extend(keys(http).map(|key| (key, Arc::clone(&guest))));
            guests.insert(component.name.clone(), Arc::downgrade(&guest));
        }
        chain.fill(guests);
        if let (Some(service), Some(prepared)) = (&spec.service, service) {
            let link = |stores: &mut Stores| providers.link(&links.service, stores);
            services.push(world.service(service, prepared, &chain, link)?);
        }
    }
    running.bound = bound;
    Ok((running, services))
}

/// The components of one replica that provide for others, by index.
#[derive(Default)]
struct Providers(BTreeMap<usize, Arc<dyn KeyValue>>);

impl Providers {
    /// Has the entries of one component lead to those they are linked to.
    fn link(&self, links: &[Link], stores: &mut Stores) {
        for (name, provider) in links {
            let Some(provider) = self.0.get(provider) else { continue };
            match name {
                Some(name) => drop(stores.named.insert(name.clone(), Arc::clone(provider))),
                None => stores.unnamed = Some(Arc::clone(provider)),
            }
        }
    }
}

/// One replica of a workload, before anything runs in it.
struct World<'a> {
    host: &'a Inner,
    bound: &'a Bound,
    volumes: Volumes,
    outgoing: OutgoingBeside<'a>,
    network: Arc<Network>,
}

impl World<'_> {
    /// What a component is given, or the service if it has no name.
    fn around(
        &self,
        component: Option<&str>,
        resources: &Resources,
        interfaces: &[InterfaceSpec],
        processor: Option<Arc<ProcessorShare>>,
    ) -> Result<Surroundings> {
        Ok(Surroundings {
            environment: resources.environment.clone().into_iter().collect(),
            config: resources.config.clone().into_iter().collect(),
            mounts: self.volumes.mounts(resources),
            egress: match offer(interfaces).egress {
                true => Some(Arc::new(self.outgoing.for_component(resources)?)),
                false => None,
            },
            plugins: self.bound.plugins(component, interfaces),
            network: Arc::clone(&self.network),
            memory_limit_bytes: resources.memory_limit_bytes,
            processor,
        })
    }

    fn guest(
        &self,
        component: &ComponentSpec,
        http: &HttpSpec,
        prepared: &Prepared,
        around: Surroundings,
    ) -> Result<Guest> {
        let config = GuestConfig {
            version: prepared.linked.handler(&http.versions)?,
            pool: component.pool,
            around,
            timeout: self.host.config.request_timeout,
            max_instances: self.host.config.max_instances_per_component,
        };
        Guest::new(&prepared.linked, config, &prepared.source)
    }

    fn service(
        &self,
        service: &ServiceSpec,
        prepared: &Prepared,
        chain: &Chain,
        link: impl FnOnce(&mut Stores),
    ) -> Result<ServiceRun> {
        let processor = share(&service.resources);
        let mut around = self.around(None, &service.resources, &service.interfaces, processor)?;
        link(&mut around.plugins.stores);
        let run = ServiceRun::new(&prepared.linked, around, &prepared.source)?;
        if !prepared.linked.answers_p3() {
            return Ok(run);
        }
        let config = &self.host.config;
        let pinned = Pinned::new(config.request_timeout, config.max_instances_per_component);
        chain.add_service(Arc::clone(&pinned));
        run.answering(pinned, &prepared.source)
    }
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
        handler: match component.schedule {
            Some(_) => "none: it has a schedule".to_owned(),
            None => "none: it provides wasi:keyvalue".to_owned(),
        },
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
