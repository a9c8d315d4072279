//! Judges `hostInterfaces`, of a workload and of its components, and what of
//! them holds for a component.

use super::http::{COMPONENT_KEYS, WORKLOAD_KEYS};
use super::offered::{self, Keys};
use super::source::Field;
use super::spec::InterfaceSpec;
use super::syntax;
use super::wire::{TextMap, WireHostInterface};
use crate::error::Result;
use serde_saphyr::Location;
use std::collections::BTreeMap;

/// A checked entry that still knows where it was written.
pub(super) struct Entry<'a> {
    pub(super) field: Field<'a>,
    pub(super) at: Location,
    pub(super) spec: InterfaceSpec,
    /// `spec.config` with places.
    pub(super) config: TextMap,
}

/// Whose list it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    Workload,
    Component,
}

/// Checks every entry, and that no two mean the same.
pub(super) fn check<'a>(
    list: &Field<'a>,
    wire: Vec<WireHostInterface>,
    owner: Owner,
) -> Result<Vec<Entry<'a>>> {
    let mut entries: Vec<Entry<'a>> = Vec::with_capacity(wire.len());
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    for (index, wire) in wire.into_iter().enumerate() {
        let field = list.item(index);
        if let Some(name) = &wire.name {
            let field = field.field("name");
            syntax::label(&name.value).map_err(|e| field.refuse(name.referenced, e))?;
            if let Some(first) = names.insert(name.value.clone(), field.path().to_owned()) {
                let what = format!("`{}` is taken by {first}", name.value);
                return Err(field.refuse(name.referenced, what));
            }
        }
        let entry = check_entry(field, wire, owner)?;
        let InterfaceSpec { namespace, package, .. } = &entry.spec;
        let is_named = offered::package(namespace, package).is_ok_and(|package| package.is_named());
        let same = |other: &&Entry| {
            let name = |entry: &Entry| entry.spec.name.clone().filter(|_| is_named);
            other.spec.is_of(namespace, package) && name(other) == name(&entry)
        };
        if let Some(first) = entries.iter().find(same) {
            let what = match is_named {
                true => "give one of them a `name`",
                false => "merge them, for it has no named instances",
            };
            let what = format!(
                "{namespace}:{package} is listed twice, first as {}: {what}",
                first.field.path()
            );
            return Err(entry.field.refuse(entry.at, what));
        }
        entries.push(entry);
    }
    Ok(entries)
}

/// What holds for a component: its own entries in place of the workload's of the
/// same package.
pub(super) fn effective(shared: &[Entry], own: &[Entry]) -> Vec<InterfaceSpec> {
    let is_replaced = |entry: &Entry| {
        own.iter().any(|o| o.spec.is_of(&entry.spec.namespace, &entry.spec.package))
    };
    let kept = shared.iter().filter(|entry| !is_replaced(entry));
    kept.chain(own).map(|entry| entry.spec.clone()).collect()
}

fn check_entry<'a>(field: Field<'a>, wire: WireHostInterface, owner: Owner) -> Result<Entry<'a>> {
    let at = wire.package.referenced;
    let package = offered::package(&wire.namespace.value, &wire.package.value)
        .map_err(|e| field.refuse(at, e))?;
    let version = match &wire.version {
        None => None,
        Some(text) => package
            .version(&text.value)
            .map_err(|e| field.field("version").refuse(text.referenced, e))?
            .map(|generation| (generation, text.value.as_str())),
    };
    let list = field.field("interfaces");
    if wire.interfaces.is_empty() {
        return Err(list.refuse(at, "must not be empty: name what the workload uses"));
    }
    for (index, name) in wire.interfaces.iter().enumerate() {
        let item = list.item(index);
        package.interface(&name.value, version).map_err(|e| item.refuse(name.referenced, e))?;
        if wire.interfaces[..index].iter().any(|earlier| earlier.value == name.value) {
            return Err(item.refuse(name.referenced, format!("`{}` is listed twice", name.value)));
        }
    }
    check_keys(&field.field("config"), package.name, package.keys(), &wire.config, owner)?;
    let spec = InterfaceSpec {
        name: wire.name.map(|name| name.value),
        namespace: wire.namespace.value,
        package: wire.package.value,
        interfaces: wire.interfaces.into_iter().map(|name| name.value).collect(),
        version: wire.version.map(|version| version.value),
        config: wire.config.iter().map(|(key, text)| (key.clone(), text.value.clone())).collect(),
    };
    Ok(Entry { field, at, spec, config: wire.config })
}

/// Which keys there may be; what they mean is judged where they are used.
fn check_keys(
    field: &Field,
    package: &str,
    keys: Keys,
    config: &TextMap,
    owner: Owner,
) -> Result<()> {
    let known = match (keys, owner) {
        (Keys::Anything, _) => return Ok(()),
        (Keys::Nothing, _) => &[],
        (Keys::Only(known), _) => known,
        (Keys::OfBackend { own, known }, _) => match config.get("backend") {
            Some(backend) if !own.contains(&backend.value.as_str()) => return Ok(()),
            _ => known,
        },
        (Keys::Http, Owner::Workload) => WORKLOAD_KEYS,
        (Keys::Http, Owner::Component) => COMPONENT_KEYS,
    };
    let Some((key, text)) = config.iter().find(|(key, _)| !known.contains(&key.as_str())) else {
        return Ok(());
    };
    let what = if known.is_empty() {
        format!("unknown key, wasi:{package} knows none")
    } else if COMPONENT_KEYS.contains(&key.as_str()) {
        format!("belongs to a component: put wasi:{package} with `{key}` into its hostInterfaces")
    } else {
        format!("unknown key, wasi:{package} knows: {}", known.join(", "))
    };
    Err(field.field(key).refuse(text.referenced, what))
}
