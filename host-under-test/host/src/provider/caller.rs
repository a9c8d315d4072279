//! `arewefastyet:plugin/caller`: who is calling, for components that provide for
//! others.

use crate::plugin::Caller;
use wasmtime::component::{HasData, Linker};

mod generated {
    wasmtime::component::bindgen!({
        inline: "package host:caller; world consumer { import arewefastyet:plugin/caller@0.1.0; }",
        path: "wit/plugin.wit",
        world: "host:caller/consumer",
    });
}

use generated::arewefastyet::plugin::caller;

/// The call that an instance is busy with.
pub(crate) struct CallerView<'a>(pub(crate) Option<&'a Caller>);

struct HasCallerView;

impl HasData for HasCallerView {
    type Data<'a> = CallerView<'a>;
}

/// Offers `caller`.
pub(crate) fn add_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    view: fn(&mut T) -> CallerView<'_>,
) -> wasmtime::Result<()> {
    caller::add_to_linker::<_, HasCallerView>(linker, view)
}

impl caller::Host for CallerView<'_> {
    fn current(&mut self) -> Option<caller::Identity> {
        let Caller { workload, component } = self.0?.clone();
        Some(caller::Identity { workload, component })
    }
}
