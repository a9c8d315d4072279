//! Judges what a workload is given and may use: volumes, `localResources` and
//! instance pools. Whether a folder exists is only known at start.

use super::source::Field;
use super::spec::{MountSpec, PoolSpec, Resources, VolumeKind, VolumeSpec};
use super::syntax;
use super::wire::{TextMap, WireComponent, WireForward, WireMount, WireResources, WireVolume};
use super::wire_environment::WireEnvironment;
use crate::egress::AllowedHosts;
use crate::error::Result;
use serde_saphyr::Spanned;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::ops::RangeInclusive;
use std::path::Path;

/// What 32-bit memory can hold.
const MAX_MEMORY_MB: u32 = 4096;
/// A thousand CPUs.
const MAX_CPU_MILLIS: u32 = 1_000_000;
const MAX_POOL: u32 = 10_000;
/// wasmCloud's way to say that nothing was configured.
const UNSET: i64 = -1;

/// An integer that has to be in a range.
pub(super) fn number(
    field: &Field,
    value: &Spanned<i64>,
    range: RangeInclusive<u32>,
    unit: &str,
) -> Result<u32> {
    let found = u32::try_from(value.value).ok().filter(|number| range.contains(number));
    found.ok_or_else(|| {
        let (least, most) = range.into_inner();
        let what = format!("{} is out of range, expected {least} to {most}{unit}", value.value);
        field.refuse(value.referenced, what)
    })
}

/// Checks volumes, whose relative paths are relative to `folder`.
pub(super) fn volumes(
    list: &Field,
    wire: Vec<WireVolume>,
    folder: &Path,
) -> Result<Vec<VolumeSpec>> {
    let mut volumes: Vec<VolumeSpec> = Vec::with_capacity(wire.len());
    for (index, wire) in wire.into_iter().enumerate() {
        let field = list.item(index);
        let (name, at) = (wire.name.value, wire.name.referenced);
        syntax::label(&name).map_err(|e| field.field("name").refuse(at, e))?;
        if let Some(first) = volumes.iter().position(|volume| volume.name == name) {
            let first = list.item(first);
            let what = format!("`{name}` is taken by {}", first.path());
            return Err(field.field("name").refuse(at, what));
        }
        let kind = match (wire.ephemeral, wire.host_path) {
            (Some(_), None) => VolumeKind::Ephemeral,
            (None, Some(host)) => {
                let field = field.field("hostPath.path");
                if host.path.value.is_empty() || host.path.value.contains('\0') {
                    let what = "must be the path of a folder";
                    return Err(field.refuse(host.path.referenced, what));
                }
                VolumeKind::HostPath(folder.join(host.path.value))
            }
            _ => {
                let what = "needs exactly one of `ephemeral: {}` and `hostPath: {path: ..}`";
                return Err(field.refuse(at, what));
            }
        };
        volumes.push(VolumeSpec { name, kind });
    }
    Ok(volumes)
}

/// Checks `forwards`.
pub(super) fn forwards(list: &Field, wire: Vec<WireForward>) -> Result<BTreeMap<u16, SocketAddr>> {
    let mut forwards = BTreeMap::new();
    for (index, wire) in wire.into_iter().enumerate() {
        let field = list.item(index);
        let port = number(&field.field("port"), &wire.port, 1..=u32::from(u16::MAX), "")?;
        let to: SocketAddr = wire.to.value.parse().map_err(|_| {
            let what =
                format!("`{}` is not an address with a port, as 127.0.0.1:6379", wire.to.value);
            field.field("to").refuse(wire.to.referenced, what)
        })?;
        if forwards.insert(port as u16, to).is_some() {
            let what = format!("{port} is forwarded twice");
            return Err(field.field("port").refuse(wire.port.referenced, what));
        }
    }
    Ok(forwards)
}

/// Checks `localResources`.
pub(super) fn resources(
    field: &Field,
    wire: Option<WireResources>,
    volumes: &[VolumeSpec],
) -> Result<Resources> {
    let Some(wire) = wire else { return Ok(Resources::default()) };
    let memory_mb = limit(&field.field("memoryLimitMb"), wire.memory_limit_mb, MAX_MEMORY_MB)?;
    let environment = match wire.environment {
        WireEnvironment::Layer(layer) => variables(&field.field("environment.config"), layer)?,
        WireEnvironment::Plain(plain) => variables(&field.field("environment"), plain)?,
    };
    let hosts = field.field("allowedHosts");
    for (index, host) in wire.allowed_hosts.iter().enumerate() {
        let refuse = |e| hosts.item(index).refuse(host.referenced, e);
        AllowedHosts::parse([host.value.as_str()]).map_err(|wrong| refuse(wrong.to_string()))?;
    }
    Ok(Resources {
        memory_limit_bytes: memory_mb.map(|mb| u64::from(mb) << 20),
        cpu_limit_millis: limit(&field.field("cpuLimit"), wire.cpu_limit, MAX_CPU_MILLIS)?,
        config: plain(wire.config),
        environment,
        mounts: mounts(&field.field("volumeMounts"), wire.volume_mounts, volumes)?,
        allowed_hosts: wire.allowed_hosts.into_iter().map(|host| host.value).collect(),
    })
}

/// Checks `poolSize` and what depends on it. 0 and -1 mean what wasmCloud means:
/// not configured.
pub(super) fn pool(field: &Field, wire: &WireComponent) -> Result<Option<PoolSpec>> {
    let size = count(&field.field("poolSize"), wire.pool_size.as_ref(), MAX_POOL)?;
    let invocations = wire.max_invocations.as_ref();
    let concurrency = wire.max_concurrency.as_ref();
    let max_invocations = count(&field.field("maxInvocations"), invocations, u32::MAX)?;
    let max_concurrency = count(&field.field("maxConcurrency"), concurrency, MAX_POOL)?;
    if let Some(size) = size {
        let max_concurrency = max_concurrency.unwrap_or(NonZeroU32::MIN);
        return Ok(Some(PoolSpec { size, max_invocations, max_concurrency }));
    }
    let dependent = [
        ("maxInvocations", max_invocations.and(invocations)),
        ("maxConcurrency", max_concurrency.and(concurrency)),
    ];
    for (name, value) in dependent {
        if let Some(value) = value {
            let what = "needs a `poolSize` of at least 1: a fresh instance serves one request";
            return Err(field.field(name).refuse(value.referenced, what));
        }
    }
    Ok(None)
}

/// A map without its places.
pub(super) fn plain(map: TextMap) -> BTreeMap<String, String> {
    map.into_iter().map(|(key, text)| (key, text.value)).collect()
}

fn variables(field: &Field, wire: TextMap) -> Result<BTreeMap<String, String>> {
    for (name, text) in &wire {
        syntax::variable(name).map_err(|e| field.refuse(text.referenced, e))?;
        if text.value.contains('\0') {
            return Err(field.field(name).refuse(text.referenced, "must not contain a NUL"));
        }
    }
    Ok(plain(wire))
}

fn limit(field: &Field, value: Option<Spanned<i64>>, most: u32) -> Result<Option<u32>> {
    match value {
        None => Ok(None),
        Some(value) if value.value == UNSET => Ok(None),
        Some(value) => number(field, &value, 1..=most, ", or -1 for no limit").map(Some),
    }
}

fn count(field: &Field, value: Option<&Spanned<i64>>, most: u32) -> Result<Option<NonZeroU32>> {
    match value {
        None => Ok(None),
        Some(value) if value.value == UNSET => Ok(None),
        Some(value) => number(field, value, 0..=most, "").map(NonZeroU32::new),
    }
}

fn mounts(list: &Field, wire: Vec<WireMount>, volumes: &[VolumeSpec]) -> Result<Vec<MountSpec>> {
    let mut mounts: Vec<MountSpec> = Vec::with_capacity(wire.len());
    for (index, wire) in wire.into_iter().enumerate() {
        let field = list.item(index);
        let Some(volume) = volumes.iter().position(|volume| volume.name == wire.name.value) else {
            let what =
                format!("there is no volume `{}` in spec.template.spec.volumes", wire.name.value);
            return Err(field.field("name").refuse(wire.name.referenced, what));
        };
        let field = field.field("mountPath");
        let refuse = |what: String| field.refuse(wire.mount_path.referenced, what);
        let guest_path = syntax::absolute_path(&wire.mount_path.value).map_err(refuse)?;
        if let Some(first) = mounts.iter().position(|mount| mount.guest_path == guest_path) {
            let first = list.item(first);
            return Err(refuse(format!("{guest_path} is taken by {}", first.path())));
        }
        mounts.push(MountSpec { volume, guest_path, read_only: wire.read_only });
    }
    Ok(mounts)
}
