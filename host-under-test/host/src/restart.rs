//! How long to wait before something that failed is started again: the longer,
//! the more often. Starts nothing itself.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(10);
const LAST: Duration = Duration::from_secs(1);

/// The next wait: 10 ms, doubled each time, up to a second.
#[derive(Debug)]
pub(crate) struct Pauses {
    next: Duration,
}

impl Pauses {
    pub(crate) fn new() -> Self {
        Self { next: FIRST }
    }

    /// Waits, and longer the next time.
    pub(crate) async fn pass(&mut self) {
        let pause = self.next;
        self.next = (pause * 2).min(LAST);
        tokio::time::sleep(pause).await;
    }
}
