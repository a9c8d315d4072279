//! Wasmtime's settings. `serve` and `compile` must build the same engine, else
//! machine code of one is refused by the other: this is the only place that
//! touches `Config`.

use crate::error::{Error, Result};
use wasmtime::{Config, Enabled, Engine, PoolingAllocationConfig};

/// Core modules in one component, at most on average: a P3 component has about
/// four (its own, and the adapters Wasmtime adds).
const CORE_INSTANCES_PER_COMPONENT: u32 = 16;
const TABLES_PER_COMPONENT: u32 = 4;
/// One fiber for each task of a guest that is under way.
const STACKS_PER_COMPONENT: u32 = 2;

/// A slot's memory below this is cleared by writing zeros, which is cheaper than
/// giving pages back to the kernel and faulting them in again; above, it is
/// given back. So this bounds what idle slots hold.
const KEPT_MEMORY_BYTES: usize = 4 << 20;
const KEPT_TABLE_BYTES: usize = 128 << 10;

/// An engine with room for `instances` component instances at once.
pub(crate) fn new(instances: u32) -> Result<Engine> {
    let mut config = Config::new();
    config.wasm_component_model_async(true);
    config.allocation_strategy(pool(instances));
    Engine::new(&config).map_err(|e| {
        Error::Runtime(format!(
            "creating the engine with {instances} instance slots (see --max-instances): {e:#}"
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
        .linear_memory_keep_resident(KEPT_MEMORY_BYTES)
        .table_keep_resident(KEPT_TABLE_BYTES)
        // Clears only the pages that were touched, where the kernel can tell.
        .pagemap_scan(Enabled::Auto);
    pool
}
