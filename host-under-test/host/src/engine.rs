//! The engine: Wasmtime's settings, the clock that interrupts guests, and the
//! compiled code of every component in use. Code that must match the engine (a
//! file of machine code, an instance) is made here or nowhere: this is the only
//! place that touches `Config`.

use crate::code::{CodeStore, Compiler, Origin};
use crate::component::{Linked, Linkers, Offer, Prepared};
use crate::digest::Sha256Digest;
use crate::error::{Error, Result};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;
use wasmtime::component::Component;
use wasmtime::{Config, Enabled, PoolingAllocationConfig, ProfilingStrategy};

/// Core modules in one component, on average at most: a P3 component has about
/// four (its own, and the adapters Wasmtime adds).
const CORE_INSTANCES_PER_COMPONENT: u32 = 16;
const TABLES_PER_COMPONENT: u32 = 4;
/// One fiber for each task of a guest that is under way.
const STACKS_PER_COMPONENT: u32 = 2;
/// Enough for interpreters compiled to WebAssembly, which call through tables.
const TABLE_ELEMENTS: usize = 100_000;

/// A slot's memory below this is cleared by writing zeros, which is cheaper than
/// giving pages back to the kernel and faulting them in again; above, it is
/// given back. So this bounds what idle slots hold.
const KEPT_MEMORY_BYTES: usize = 4 << 20;
const KEPT_TABLE_BYTES: usize = 128 << 10;

/// How often guests are interrupted to see whether their time is up: the
/// longest that a busy guest keeps others from its thread, and the precision of
/// deadlines.
pub(crate) const EPOCH: Duration = Duration::from_millis(5);

/// How to make an engine.
#[derive(Debug, Clone)]
pub struct EngineConfig {
    /// What turns WebAssembly into something that runs.
    pub compiler: Compiler,
    /// Component instances that fit at once.
    pub max_instances: u32,
    /// Where machine code is kept from one start to the next; nowhere if absent.
    pub code_cache: Option<PathBuf>,
    /// Whether to tell `perf` which guest's machine code is where, in `/tmp/perf-PID.map`.
    pub perf_map: bool,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self {
            compiler: Compiler::Cranelift,
            max_instances: 1000,
            code_cache: None,
            perf_map: false,
        }
    }
}

/// Compiles components and holds what all workloads share. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

struct Inner {
    engine: wasmtime::Engine,
    linkers: Linkers,
    code: CodeStore,
    linked: Mutex<HashMap<LinkedKey, Weak<Linked>>>,
}

type LinkedKey = (Sha256Digest, Offer);

impl Engine {
    /// An engine with its own instance pool and clock.
    ///
    /// # Errors
    /// When the pool does not fit into the address space, or the code cache
    /// could be written by others.
    pub fn new(config: &EngineConfig) -> Result<Self> {
        let profiling = match config.perf_map {
            true => ProfilingStrategy::PerfMap,
            false => ProfilingStrategy::None,
        };
        let engine = new_wasmtime(config.compiler, config.max_instances, profiling)?;
        start_clock(&engine)?;
        let linkers = Linkers::new(&engine);
        let code = CodeStore::new(config.code_cache.clone())?;
        let linked = Mutex::default();
        Ok(Self { inner: Arc::new(Inner { engine, linkers, code, linked }) })
    }

    /// Compiles a component, or loads its code from the cache; `None` when `link`
    /// has it already. `name` is what messages call it.
    ///
    /// # Errors
    /// When it cannot be compiled.
    pub(crate) fn component(
        &self,
        bytes: &[u8],
        digest: Sha256Digest,
        name: &str,
        offer: Offer,
    ) -> Result<Option<(Component, Origin)>> {
        if self.known(digest, offer).is_some() {
            return Ok(None);
        }
        self.inner.code.component(&self.inner.engine, bytes, name).map(Some)
    }

    /// Links a component. A thousand workloads of one component hold its code,
    /// and what it is linked to, once.
    ///
    /// # Errors
    /// When it imports what is not offered.
    pub(crate) fn link(
        &self,
        component: Option<Component>,
        digest: Sha256Digest,
        name: &str,
        offer: Offer,
    ) -> Result<Arc<Linked>> {
        let component = match (self.known(digest, offer), component) {
            (Some(linked), _) => return Ok(linked),
            (None, Some(component)) => component,
            (None, None) => {
                return Err(Error::Runtime(format!("{name} was unloaded meanwhile: try again")));
            }
        };
        let linked = Arc::new(Linked::new(&self.inner.linkers, component, offer, name)?);
        let mut all = self.linked();
        all.retain(|_, linked| linked.strong_count() > 0);
        all.insert((digest, offer), Arc::downgrade(&linked));
        Ok(linked)
    }

    /// Whether it is linked already.
    pub(crate) fn has_linked(&self, digest: Sha256Digest, offer: Offer) -> bool {
        self.known(digest, offer).is_some()
    }

    fn known(&self, digest: Sha256Digest, offer: Offer) -> Option<Arc<Linked>> {
        self.linked().get(&(digest, offer)).and_then(Weak::upgrade)
    }

    /// Compiles a component, to be linked as often as one likes. Nothing is cached.
    ///
    /// # Errors
    /// When it is no component.
    pub fn compile(&self, bytes: &[u8], name: &str) -> Result<Component> {
        crate::component::refuse_other(bytes, name)?;
        Component::from_binary(&self.inner.engine, bytes)
            .map_err(|e| Error::input(format_args!("compiling {name}"), &e))
    }

    /// Links a compiled component to what every workload is offered.
    ///
    /// # Errors
    /// When it imports anything else.
    pub fn prepare(&self, component: &Component, name: &str) -> Result<Prepared> {
        let offer = Offer::default();
        Linked::new(&self.inner.linkers, component.clone(), offer, name).map(Prepared::new)
    }

    /// Wasmtime's own engine, for whoever compiles.
    pub fn wasmtime(&self) -> &wasmtime::Engine {
        &self.inner.engine
    }

    fn linked(&self) -> std::sync::MutexGuard<'_, HashMap<LinkedKey, Weak<Linked>>> {
        self.inner.linked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Wasmtime's engine with these settings. The number of slots and who is told of
/// them are no property of the machine code: any will do to compile.
///
/// # Errors
/// When the pool does not fit into the address space.
pub(crate) fn new_wasmtime(
    compiler: Compiler,
    max_instances: u32,
    profiling: ProfilingStrategy,
) -> Result<wasmtime::Engine> {
    let mut config = Config::new();
    compiler
        .configure(&mut config)
        .map_err(|e| Error::Runtime(format!("choosing {compiler:?}: {e:#}")))?;
    config.wasm_component_model_async(true);
    config.epoch_interruption(true);
    config.profiler(profiling);
    config.allocation_strategy(pool(max_instances));
    wasmtime::Engine::new(&config).map_err(|e| {
        Error::Runtime(format!(
            "creating the engine with {max_instances} instance slots (see --max-instances): {e:#}"
        ))
    })
}

fn pool(instances: u32) -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(instances)
        .total_core_instances(instances * CORE_INSTANCES_PER_COMPONENT)
        .total_memories(instances)
        .total_tables(instances * TABLES_PER_COMPONENT)
        .total_stacks(instances * STACKS_PER_COMPONENT)
        .table_elements(TABLE_ELEMENTS)
        .linear_memory_keep_resident(KEPT_MEMORY_BYTES)
        .table_keep_resident(KEPT_TABLE_BYTES)
        // Clears only the pages that were touched, where the kernel can tell.
        .pagemap_scan(Enabled::Auto);
    pool
}

/// Advances the engine's epoch until the engine is gone. A thread, not a task:
/// guests may occupy every worker of the runtime.
fn start_clock(engine: &wasmtime::Engine) -> Result<()> {
    let engine = engine.weak();
    std::thread::Builder::new()
        .name("epochs".to_owned())
        .spawn(move || {
            while let Some(engine) = engine.upgrade() {
                engine.increment_epoch();
                drop(engine);
                std::thread::sleep(EPOCH);
            }
        })
        .map(drop)
        .map_err(|e| Error::Runtime(format!("starting the clock of deadlines: {e}")))
}
