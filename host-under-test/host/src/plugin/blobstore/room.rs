//! How much there is of something that several share, and who has taken what.
//! What was taken is given back when its taker is dropped, wherever that happens.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

pub(super) struct Room {
    max: usize,
    used: AtomicUsize,
}

impl Room {
    pub(super) fn new(max: usize) -> Arc<Self> {
        Arc::new(Self { max, used: AtomicUsize::new(0) })
    }

    pub(super) fn max(&self) -> usize {
        self.max
    }
}

/// A part of a room.
pub(super) struct Share {
    room: Arc<Room>,
    taken: usize,
}

impl Share {
    /// Nothing yet.
    pub(super) fn of(room: &Arc<Room>) -> Self {
        Self { room: Arc::clone(room), taken: 0 }
    }

    /// Takes so much more, if there is so much left.
    pub(super) fn grow(&mut self, by: usize) -> bool {
        let grown = |used: usize| used.checked_add(by).filter(|used| *used <= self.room.max);
        let fits = self.room.used.fetch_update(Relaxed, Relaxed, grown).is_ok();
        if fits {
            self.taken += by;
        }
        fits
    }

    pub(super) fn room(&self) -> &Room {
        &self.room
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.room.used.fetch_sub(self.taken, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_dropped_makes_room() {
        let room = Room::new(10);
        let (mut first, mut second) = (Share::of(&room), Share::of(&room));
        assert!(first.grow(6) && second.grow(4));
        assert!(!second.grow(1) && !second.grow(usize::MAX));
        drop(first);
        assert!(second.grow(6));
    }
}
