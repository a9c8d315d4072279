//! Which component of a workload provides for which others: found out from what
//! they import and export, and from `config.component`, before anything runs.

use super::start::Prepared;
use crate::component::Linked;
use crate::error::{Error, Result};
use crate::workload::{ComponentSpec, InterfaceSpec, WorkloadSpec};

/// The key of an entry that names the component which provides for it.
const COMPONENT: &str = "component";

/// How many components may be behind each other: each is a call within a call.
const MAX_DEPTH: usize = 32;

/// Where an entry of `wasi:keyvalue` leads: its name, if it has one, and the
/// provider's index.
pub(super) type Link = (Option<String>, usize);

/// Every link of a workload.
#[derive(Debug, Default)]
pub(super) struct Links {
    /// By the index of the component that imports.
    pub(super) components: Vec<Vec<Link>>,
    pub(super) service: Vec<Link>,
    /// All components, each behind those that provide for it.
    pub(super) order: Vec<usize>,
}

/// Whether a component is there for other components, not for requests.
pub(super) fn is_provider(component: &ComponentSpec) -> bool {
    component.http.is_none() && component.schedule.is_none()
}

/// Finds the providers and refuses what cannot be resolved, with the names of
/// all components involved.
pub(super) fn resolve(
    spec: &WorkloadSpec,
    prepared: &[Prepared],
    service: Option<&Prepared>,
) -> Result<Links> {
    let resolver = Resolver { spec, unchosen: unchosen(spec) };
    let links = resolver.resolve(prepared, service);
    links.map_err(|what| Error::Input(format!("{}: {what}", spec.title())))
}

struct Resolver<'a> {
    spec: &'a WorkloadSpec,
    /// Providers that no entry names: they are there for whoever lists nothing.
    unchosen: Vec<usize>,
}

/// What is wrong.
type Found<T> = std::result::Result<T, String>;

impl Resolver<'_> {
    fn resolve(&self, prepared: &[Prepared], service: Option<&Prepared>) -> Found<Links> {
        let components = || self.spec.components.iter().zip(prepared);
        for (component, code) in components() {
            let name = &component.name;
            if is_provider(component) && !code.linked.exports_keyvalue {
                return Err(format!(
                    "no request can reach component {name} (its hostInterfaces list no wasi:http), \
                     and it exports nothing that others can import here (wasi:keyvalue)"
                ));
            }
        }
        let mut links = Links::default();
        for (index, (component, code)) in components().enumerate() {
            let importer = format!("component {}", component.name);
            let found = self.of(&importer, Some(index), &component.interfaces, &code.linked)?;
            links.components.push(found);
        }
        if let (Some(service), Some(code)) = (&self.spec.service, service) {
            links.service = self.of("the service", None, &service.interfaces, &code.linked)?;
        }
        for index in 0..links.components.len() {
            self.put_in_order(index, &mut Vec::new(), &mut links)?;
        }
        Ok(links)
    }

    /// The links of one that imports; `index` is its own, if it is a component.
    fn of(
        &self,
        importer: &str,
        index: Option<usize>,
        interfaces: &[InterfaceSpec],
        code: &Linked,
    ) -> Found<Vec<Link>> {
        let mut links = Vec::new();
        if !code.imports_keyvalue {
            return Ok(links);
        }
        let entries = || interfaces.iter().filter(|it| it.lists("wasi", "keyvalue", "store"));
        for entry in entries() {
            if let Some(chosen) = chosen(entry) {
                links.push((entry.name.clone(), self.chosen(importer, entry, chosen)?));
            }
        }
        let others: Vec<usize> =
            self.unchosen.iter().copied().filter(|it| Some(*it) != index).collect();
        let names: Vec<&str> = others.iter().map(|it| self.name(*it)).collect();
        let unnamed = entries().find(|it| it.name.is_none());
        match (unnamed, others.as_slice()) {
            (Some(entry), [_, ..]) if chosen(entry).is_none() => Err(format!(
                "{importer} has wasi:keyvalue from component {} and from hostInterfaces: keep one \
                 of them, or give the latter a name",
                names.join(" and ")
            )),
            (Some(_), _) => Ok(links),
            (None, [provider]) => {
                links.push((None, *provider));
                Ok(links)
            }
            (None, [_, _, ..]) => Err(format!(
                "components {} both provide wasi:keyvalue: keep one of them, or say in {importer} \
                 which one is meant (config.component of wasi:keyvalue)",
                names.join(" and ")
            )),
            // Those it lists have names, and lead somewhere.
            (None, []) if entries().next().is_some() => Ok(links),
            (None, []) if index.is_some_and(|it| self.unchosen.contains(&it)) => Err(format!(
                "{importer} imports wasi:keyvalue, which only it itself provides: list \
                 wasi:keyvalue in its hostInterfaces to get the host's"
            )),
            (None, []) => Err(format!(
                "{importer} imports wasi:keyvalue and does not say from whom: list it in \
                 hostInterfaces, with config.component to get it from another component"
            )),
        }
    }

    fn chosen(&self, importer: &str, entry: &InterfaceSpec, chosen: &str) -> Found<usize> {
        if let Some(key) = entry.config.keys().find(|key| *key != COMPONENT) {
            return Err(format!(
                "{importer} wants wasi:keyvalue from component {chosen}, to which config.{key} \
                 means nothing"
            ));
        }
        let mut components = self.spec.components.iter();
        let found = components.position(|it| it.name == chosen && is_provider(it));
        found.ok_or_else(|| {
            let names: Vec<&str> = self
                .spec
                .components
                .iter()
                .filter(|it| is_provider(it))
                .map(|it| it.name.as_str())
                .collect();
            format!(
                "{importer} wants wasi:keyvalue from component {chosen}, which provides none: \
                 those that do are {}",
                if names.is_empty() { "none".to_owned() } else { names.join(", ") }
            )
        })
    }

    /// Puts a component behind its providers; `path` leads to it.
    fn put_in_order(&self, index: usize, path: &mut Vec<usize>, links: &mut Links) -> Found<()> {
        if links.order.contains(&index) {
            return Ok(());
        }
        if let Some(start) = path.iter().position(|it| *it == index) {
            let cycle = path[start..].iter().chain([&index]);
            let names: Vec<&str> = cycle.map(|it| self.name(*it)).collect();
            return Err(format!(
                "components are linked in a circle, each to the next: {}",
                names.join(" -> ")
            ));
        }
        if path.len() == MAX_DEPTH {
            let first = self.name(path[0]);
            return Err(format!("more than {MAX_DEPTH} components are behind {first}"));
        }
        path.push(index);
        for (_, provider) in links.components[index].clone() {
            self.put_in_order(provider, path, links)?;
        }
        path.pop();
        links.order.push(index);
        Ok(())
    }

    fn name(&self, index: usize) -> &str {
        &self.spec.components[index].name
    }
}

/// The component that an entry wants to be provided for by.
pub(super) fn chosen(entry: &InterfaceSpec) -> Option<&String> {
    entry.config.get(COMPONENT).filter(|_| entry.lists("wasi", "keyvalue", "store"))
}

fn unchosen(spec: &WorkloadSpec) -> Vec<usize> {
    let of_components = spec.components.iter().flat_map(|it| &it.interfaces);
    let of_service = spec.service.iter().flat_map(|it| &it.interfaces);
    let entries = of_components.chain(of_service);
    let chosen: Vec<&String> = entries.filter_map(chosen).collect();
    let providers = spec.components.iter().enumerate().filter(|(_, it)| is_provider(it));
    providers.filter(|(_, it)| !chosen.contains(&&it.name)).map(|(index, _)| index).collect()
}
