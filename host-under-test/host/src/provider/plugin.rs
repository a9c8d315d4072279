//! A component that is a plugin of the host: started with it, and there for
//! every workload that names it.

use super::bucket::Provided as ProvidedStore;
use super::store::{Instances, ProviderStore};
use crate::component::{self, Offer};
use crate::digest::Sha256Digest;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::guest::Surroundings;
use crate::plugin::{HostPlugin, Provided, Wanted};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// A component that provides `wasi:keyvalue` under a name.
struct ComponentPlugin {
    name: String,
    store: Arc<ProviderStore>,
}

/// Compiles and instantiates a component that provides `wasi:keyvalue` for every
/// workload whose `config.backend` is `name`; `timeout` is for one call.
///
/// # Errors
/// When it does not work: a host should not start then, for it could not run
/// what needs the plugin.
pub async fn component_plugin(
    engine: &Engine,
    name: &str,
    file: &Path,
    timeout: Duration,
) -> Result<Arc<dyn HostPlugin>> {
    Ok(Arc::new(ComponentPlugin::start(engine, name, file, timeout).await?))
}

impl ComponentPlugin {
    async fn start(engine: &Engine, name: &str, file: &Path, timeout: Duration) -> Result<Self> {
        let bytes = component::read(file)?;
        let (digest, source) = (Sha256Digest::of(&bytes), file.display().to_string());
        let offer = Offer::default();
        let component = engine.component(&bytes, digest, &source, offer)?;
        let linked = engine.link(component.map(|(it, _)| it), digest, &source, offer)?;
        let around = Surroundings::nothing();
        let store = ProviderStore::new(&linked, around, timeout, Instances::One, &source)?;
        store.warm_up().await?;
        Ok(Self { name: name.to_owned(), store: Arc::new(store) })
    }
}

impl HostPlugin for ComponentPlugin {
    fn package(&self) -> (&'static str, &'static str) {
        ("wasi", "keyvalue")
    }

    fn backend(&self) -> Option<&str> {
        Some(&self.name)
    }

    fn bind<'a>(&'a self, wanted: Wanted<'a>) -> BoxFuture<'a, Result<Provided>> {
        async move {
            let mut config = wanted.interface.config.clone();
            config.remove("backend");
            let bound = self.store.bind(wanted.workload, &config).await;
            let knows = bound.map_err(|error| {
                let (name, workload) = (&self.name, wanted.workload);
                Error::Input(format!("the plugin {name} refuses {workload}: {error}"))
            })?;
            if !knows {
                wanted.only(&[])?;
            }
            Ok(Provided::KeyValue(Arc::new(ProvidedStore(Arc::clone(&self.store)))))
        }
        .boxed()
    }

    fn restarts(&self) -> Option<u64> {
        Some(self.store.restarts())
    }

    /// Its buckets outlive workloads, as those of a Redis server do, unless it
    /// knows of workloads and thinks otherwise.
    fn unbind(&self, workload: &str) {
        let (store, workload) = (Arc::clone(&self.store), workload.to_owned());
        // The host may be ending, with the runtime.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { store.unbind(&workload).await });
        }
    }
}
