//! Judges a document as a whole: its head, its components and its service. What
//! they consist of is judged beside this file.

use super::interfaces::{self, Entry, Owner};
use super::resources;
use super::schedule::Schedule;
use super::source::Field;
use super::spec::{ComponentSource, ComponentSpec, ServiceSpec, VolumeSpec, WorkloadSpec};
use super::wire::{Text, WireComponent, WireDeployment, WireMetadata, WireService, WireWorkload};
use super::{http, syntax};
use crate::digest::Sha256Digest;
use crate::error::Result;
use oci_client::Reference;
use serde_saphyr::Location;
use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::path::Path;

const API_VERSION: &str = "runtime.wasmcloud.dev/v1alpha1";
const KIND: &str = "WorkloadDeployment";
const MAX_REPLICAS: u32 = 1000;

/// Where things of a workload are looked for.
struct Scope<'a> {
    /// `spec.template.spec`, and where that is.
    root: &'a Field<'a>,
    at: Location,
    /// Relative paths are relative to it.
    folder: &'a Path,
    /// The workload's own `hostInterfaces`.
    shared: &'a [Entry<'a>],
    volumes: &'a [VolumeSpec],
}

/// Judges all documents of a file; `folder` is where relative paths start.
pub(super) fn check(
    root: &Field,
    wire: Vec<WireWorkload>,
    folder: &Path,
) -> Result<Vec<WorkloadSpec>> {
    let mut places: BTreeMap<String, Location> = BTreeMap::new();
    let mut workloads = Vec::with_capacity(wire.len());
    for wire in wire {
        let at = wire.metadata.name.referenced;
        let workload = check_workload(root, wire, folder)?;
        if let Some(first) = places.insert(workload.title(), at) {
            let what = format!("`{}` is taken by line {}", workload.title(), first.line());
            return Err(root.field("metadata.name").refuse(at, what));
        }
        workloads.push(workload);
    }
    Ok(workloads)
}

fn check_workload(root: &Field, wire: WireWorkload, folder: &Path) -> Result<WorkloadSpec> {
    expect(&root.field("apiVersion"), &wire.api_version, API_VERSION)?;
    expect(&root.field("kind"), &wire.kind, KIND)?;
    let WireMetadata { name, namespace, labels, annotations } = wire.metadata;
    let name = checked(&root.field("metadata.name"), name, syntax::dns_name)?;
    let namespace = namespace
        .map(|text| checked(&root.field("metadata.namespace"), text, syntax::label))
        .transpose()?;
    let WireDeployment { replicas, template } = wire.spec;
    let replicas = match replicas {
        None => 1,
        Some(value) => {
            resources::number(&root.field("spec.replicas"), &value, 1..=MAX_REPLICAS, "")?
        }
    };

    let field = root.field("spec.template.spec");
    let (at, wire) = (template.spec.referenced, template.spec.value);
    if wire.components.is_empty() && wire.service.is_none() {
        return Err(field.refuse(at, "there is nothing to run: add `components` or a `service`"));
    }
    let list = field.field("hostInterfaces");
    let shared = interfaces::check(&list, wire.host_interfaces, Owner::Workload)?;
    if wire.components.is_empty() {
        http::check_unused(&shared)?;
    }
    let volumes = resources::volumes(&field.field("volumes"), wire.volumes, folder)?;
    let forwards = resources::forwards(&field.field("forwards"), wire.forwards)?;
    let scope = Scope { root: &field, at, folder, shared: &shared, volumes: &volumes };
    let components = check_components(&field.field("components"), wire.components, &scope)?;
    let service = wire
        .service
        .map(|service| check_service(&field.field("service"), at, service, &scope))
        .transpose()?;
    Ok(WorkloadSpec {
        name,
        namespace,
        labels: resources::plain(labels),
        annotations: resources::plain(annotations),
        replicas: NonZeroU32::new(replicas).unwrap_or(NonZeroU32::MIN),
        interfaces: shared.iter().map(|entry| entry.spec.clone()).collect(),
        components,
        service,
        volumes,
        forwards,
    })
}

fn check_components(
    list: &Field,
    wire: Vec<WireComponent>,
    scope: &Scope,
) -> Result<Vec<ComponentSpec>> {
    let mut components = Vec::with_capacity(wire.len());
    let mut routes = Vec::with_capacity(wire.len());
    let mut names: BTreeMap<String, usize> = BTreeMap::new();
    for (index, wire) in wire.into_iter().enumerate() {
        let field = list.item(index);
        let at = wire.name.referenced;
        if let Some(first) = names.insert(wire.name.value.clone(), index) {
            let what = format!("`{}` is taken by {}", wire.name.value, list.item(first).path());
            return Err(field.field("name").refuse(at, what));
        }
        let pool = resources::pool(&field, &wire)?;
        let own = field.field("hostInterfaces");
        let own = interfaces::check(&own, wire.host_interfaces, Owner::Component)?;
        let route = http::route(scope.shared, &own, (&field, at))?;
        let source = Origin { image: wire.image, file: wire.file, digest: wire.digest };
        let (source, digest) = source.check(&field, at, scope.folder)?;
        let resources = field.field("localResources");
        components.push(ComponentSpec {
            name: checked(&field.field("name"), wire.name, syntax::label)?,
            source,
            digest,
            pool,
            schedule: schedule(&field.field("schedule"), wire.schedule)?,
            http: route.as_ref().map(|route| route.http.clone()),
            interfaces: interfaces::effective(scope.shared, &own),
            resources: resources::resources(&resources, wire.local_resources, scope.volumes)?,
        });
        routes.extend(route);
    }
    let is_scheduled = components.iter().any(|component| component.schedule.is_some());
    if routes.is_empty() && !components.is_empty() && !is_scheduled {
        let what = "wasi:http is missing: without it no request can reach any component";
        return Err(scope.root.field("hostInterfaces").refuse(scope.at, what));
    }
    http::check_conflicts(&routes)?;
    Ok(components)
}

fn schedule(field: &Field, wire: Option<Text>) -> Result<Option<Schedule>> {
    let Some(text) = wire else { return Ok(None) };
    let parsed = Schedule::parse(&text.value);
    parsed.map(Some).map_err(|e| field.refuse(text.referenced, e))
}

fn check_service(
    field: &Field,
    at: Location,
    wire: WireService,
    scope: &Scope,
) -> Result<ServiceSpec> {
    let source = Origin { image: wire.image, file: wire.file, digest: wire.digest };
    let (source, digest) = source.check(field, at, scope.folder)?;
    let max_restarts = match wire.max_restarts {
        None => 0,
        Some(value) => resources::number(&field.field("maxRestarts"), &value, 0..=u32::MAX, "")?,
    };
    let resources = field.field("localResources");
    Ok(ServiceSpec {
        source,
        digest,
        max_restarts,
        interfaces: interfaces::effective(scope.shared, &[]),
        resources: resources::resources(&resources, wire.local_resources, scope.volumes)?,
    })
}

/// The three fields that say which component is meant.
struct Origin {
    image: Option<Text>,
    file: Option<Text>,
    digest: Option<Text>,
}

impl Origin {
    fn check(
        self,
        field: &Field,
        at: Location,
        folder: &Path,
    ) -> Result<(ComponentSource, Option<Sha256Digest>)> {
        let digest = match &self.digest {
            None => None,
            Some(text) => Some(text.value.parse().map_err(|e| {
                field.field("digest").refuse(text.referenced, format!("`{}` {e}", text.value))
            })?),
        };
        let source = match (self.file, self.image) {
            (Some(file), None) => {
                let file = checked(&field.field("file"), file, non_empty)?;
                return Ok((ComponentSource::File(folder.join(file)), digest));
            }
            (None, Some(image)) => image,
            _ => return Err(field.refuse(at, "needs exactly one of `file` and `image`")),
        };
        let place = source.referenced;
        let image = field.field("image");
        let refuse = |what: String| image.refuse(place, format!("`{}` {what}", source.value));
        let reference = image_reference(&source.value).map_err(&refuse)?;
        let own = match reference.digest() {
            None => None,
            Some(text) => {
                Some(text.parse::<Sha256Digest>().map_err(|e| refuse(format!("{text} {e}")))?)
            }
        };
        if let (Some(own), Some(digest)) = (own, digest)
            && own != digest
        {
            return Err(refuse(format!("has another digest than `digest`: {digest}")));
        }
        Ok((ComponentSource::Image(reference), own.or(digest)))
    }
}

fn image_reference(text: &str) -> std::result::Result<Reference, String> {
    let reference: Reference = text.parse().map_err(|e| format!("names no image: {e}"))?;
    // The parser adds the tag `latest`, which nobody asked for.
    let has_tag = text.rsplit('/').next().is_some_and(|end| end.contains(':'));
    if reference.digest().is_none() && !has_tag {
        return Err("names neither a tag nor a digest".to_owned());
    }
    Ok(reference)
}

fn expect(field: &Field, got: &Text, want: &str) -> Result<()> {
    if got.value == want {
        return Ok(());
    }
    let what = format!("`{}` is not supported, expected `{want}`", got.value);
    Err(field.refuse(got.referenced, what))
}

fn checked(
    field: &Field,
    text: Text,
    check: impl FnOnce(&str) -> std::result::Result<(), String>,
) -> Result<String> {
    check(&text.value).map_err(|e| field.refuse(text.referenced, e))?;
    Ok(text.value)
}

fn non_empty(text: &str) -> std::result::Result<(), String> {
    if text.trim().is_empty() || text.contains('\0') {
        return Err("must not be empty nor contain a NUL".to_owned());
    }
    Ok(())
}
