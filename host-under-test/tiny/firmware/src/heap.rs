//! The heap: a region of fixed size, an allocator that keeps one word a block,
//! and its level.

use crate::board::HEAP_BYTES;
use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use core::mem::MaybeUninit;
use core::ptr::{NonNull, null_mut};
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
use talc::{ErrOnOom, Span, Talc};

#[repr(align(8))]
#[expect(dead_code, reason = "handed to the allocator by its address")]
struct Room(UnsafeCell<MaybeUninit<[u8; HEAP_BYTES]>>);
// SAFETY: only the allocator hands out parts of it, each once.
unsafe impl Sync for Room {}

// Not cleared at boot, and no part of what is called static memory.
#[unsafe(link_section = ".uninit.heap")]
static ROOM: Room = Room(UnsafeCell::new(MaybeUninit::uninit()));

struct Heap(UnsafeCell<Talc<ErrOnOom>>);
// SAFETY: there is one processor, and no interrupt is ever enabled.
unsafe impl Sync for Heap {}

#[global_allocator]
static HEAP: Heap = Heap(UnsafeCell::new(Talc::new(ErrOnOom)));
static HIGH_WATER: AtomicU32 = AtomicU32::new(0);

/// Gives the allocator its room; once, before anything is allocated.
pub(crate) fn init() {
    let room = Span::from_base_size((&raw const ROOM).cast_mut().cast(), HEAP_BYTES);
    // SAFETY: the region is this allocator's alone, for ever.
    let claimed = unsafe { HEAP.talc().claim(room) };
    assert!(claimed.is_ok(), "the heap is too small for its own lists");
}

/// Bytes in use, and at most so far, with what the allocator adds.
pub(crate) fn level() -> (u32, u32) {
    // SAFETY: as in `alloc`.
    (unsafe { HEAP.talc() }.level(), HIGH_WATER.load(Relaxed))
}

trait Level {
    fn level(&self) -> u32;
}

impl Level for Talc<ErrOnOom> {
    /// All that is not free, the allocator's own lists included.
    fn level(&self) -> u32 {
        let counters = self.get_counters();
        (counters.claimed_bytes - counters.available_bytes) as u32
    }
}

impl Heap {
    /// # Safety
    /// Nobody else may be in the allocator, which holds while there is one
    /// processor and nothing interrupts it.
    #[expect(clippy::mut_from_ref, reason = "the cell is what makes it mutable")]
    unsafe fn talc(&self) -> &mut Talc<ErrOnOom> {
        // SAFETY: the caller sees to it.
        unsafe { &mut *self.0.get() }
    }
}

fn kept(talc: &Talc<ErrOnOom>, block: Result<NonNull<u8>, ()>) -> *mut u8 {
    let Ok(block) = block else { return null_mut() };
    let level = talc.level();
    if level > HIGH_WATER.load(Relaxed) {
        HIGH_WATER.store(level, Relaxed);
    }
    block.as_ptr()
}

// SAFETY: the allocator below upholds the contract; the rest is counting.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: nobody else is in the allocator; the caller asks for no empty block.
        unsafe {
            let talc = self.talc();
            let block = talc.malloc(layout);
            kept(talc, block)
        }
    }

    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        if let Some(start) = NonNull::new(start) {
            // SAFETY: as in `alloc`; the caller got it from there.
            unsafe { self.talc().free(start, layout) };
        }
    }

    /// In place where there is room: a memory that grows is not there twice.
    unsafe fn realloc(&self, start: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let Some(block) = NonNull::new(start) else { return null_mut() };
        // SAFETY: as in `alloc`; the caller got it from there.
        let talc = unsafe { self.talc() };
        if size < layout.size() {
            // SAFETY: as above, and it is smaller.
            unsafe { talc.shrink(block, layout, size) };
            return start;
        }
        // SAFETY: as above, and it is not smaller.
        let block = unsafe { talc.grow(block, layout, size) };
        kept(talc, block)
    }
}
