//! What async guests need: a loop that polls, and host functions that wait. A
//! board has nothing else to do meanwhile, and no interrupt wakes it.

use crate::state::State;
use alloc::boxed::Box;
use core::future::Future;
use core::pin::{Pin, pin};
use core::task::{Context, Poll, Waker};
use wasmtime::Result;
use wasmtime::component::{Accessor, LinkerInstance};

/// Polls until it is done.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
}

/// Lets everything else go on once.
struct Later(bool);

impl Future for Later {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.0 {
            return Poll::Ready(());
        }
        self.0 = true;
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

/// `settled` of `bench:board/pins`.
pub(crate) fn link_settled(pins: &mut LinkerInstance<'_, State>) -> Result<()> {
    pins.func_wrap_concurrent("settled", |accessor: &Accessor<State>, (pin,): (u32,)| {
        Box::pin(async move {
            Later(false).await;
            Ok((accessor.with(|mut access| access.get().pins.read(pin)),))
        })
    })
}

/// `wasi:clocks/monotonic-clock` of P3.
pub(crate) fn link_clock(clock: &mut LinkerInstance<'_, State>) -> Result<()> {
    clock.func_wrap("now", |store: wasmtime::StoreContextMut<'_, State>, (): ()| {
        Ok((store.data().board.now_ns(),))
    })?;
    clock.func_wrap_concurrent("wait-for", |accessor: &Accessor<State>, (ns,): (u64,)| {
        Box::pin(async move {
            let board = accessor.with(|mut access| access.get().board);
            let due = board.now_ns().saturating_add(ns);
            while board.now_ns() < due {
                Later(false).await;
            }
            Ok(())
        })
    })
}
