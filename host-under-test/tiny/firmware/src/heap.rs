//! The heap: a region of fixed size, a constant-time allocator, and its level.

use crate::board::HEAP_BYTES;
use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use core::mem::MaybeUninit;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
use rlsf::Tlsf;

/// The allocator's unit, and what it keeps before every block.
const GRANULE: usize = 16;
const HEADER: usize = 8;

#[repr(align(16))]
#[expect(dead_code, reason = "handed to the allocator by its address")]
struct Room(UnsafeCell<MaybeUninit<[u8; HEAP_BYTES]>>);
// SAFETY: only the allocator hands out parts of it, each once.
unsafe impl Sync for Room {}

// Not cleared at boot, and no part of what is called static memory.
#[unsafe(link_section = ".uninit.heap")]
static ROOM: Room = Room(UnsafeCell::new(MaybeUninit::uninit()));

/// 12 classes of 8: blocks up to 64 KiB.
struct Heap(UnsafeCell<Tlsf<'static, u16, u8, 12, 8>>);
// SAFETY: there is one processor, and no interrupt is ever enabled.
unsafe impl Sync for Heap {}

#[global_allocator]
static HEAP: Heap = Heap(UnsafeCell::new(Tlsf::new()));
static LEVEL: AtomicU32 = AtomicU32::new(0);
static HIGH_WATER: AtomicU32 = AtomicU32::new(0);

/// Gives the allocator its room; once, before anything is allocated.
pub(crate) fn init() {
    let room = NonNull::slice_from_raw_parts(NonNull::from(&ROOM).cast::<u8>(), HEAP_BYTES);
    // SAFETY: the region is this allocator's alone, for ever.
    unsafe { (*HEAP.0.get()).insert_free_block_ptr(room) };
}

/// Bytes in use, and at most so far, with what the allocator adds.
pub(crate) fn level() -> (u32, u32) {
    (LEVEL.load(Relaxed), HIGH_WATER.load(Relaxed))
}

fn count(level: u32) {
    LEVEL.store(level, Relaxed);
    if level > HIGH_WATER.load(Relaxed) {
        HIGH_WATER.store(level, Relaxed);
    }
}

/// What a block takes.
fn block(layout: Layout) -> u32 {
    ((layout.size() + HEADER).next_multiple_of(GRANULE)) as u32
}

// SAFETY: the allocator below upholds the contract; the rest is counting.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: nobody else is in the allocator; see `Sync`.
        match unsafe { (*self.0.get()).allocate(layout) } {
            Some(start) => {
                count(LEVEL.load(Relaxed) + block(layout));
                start.as_ptr()
            }
            None => core::ptr::null_mut(),
        }
    }

    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        LEVEL.store(LEVEL.load(Relaxed) - block(layout), Relaxed);
        if let Some(start) = NonNull::new(start) {
            // SAFETY: as in `alloc`; the caller got it from there.
            unsafe { (*self.0.get()).deallocate(start, layout.align()) };
        }
    }

    /// In place where there is room: a memory that grows is not there twice.
    unsafe fn realloc(&self, start: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let Some(start) = NonNull::new(start) else { return core::ptr::null_mut() };
        // SAFETY: the caller keeps alignment and size within a layout's bounds.
        let new = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        // SAFETY: as in `alloc`; the caller got it from there.
        match unsafe { (*self.0.get()).reallocate(start, new) } {
            Some(moved) => {
                count(LEVEL.load(Relaxed) - block(layout) + block(new));
                moved.as_ptr()
            }
            None => core::ptr::null_mut(),
        }
    }
}
