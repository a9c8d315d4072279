//! Waking a task at an instant, to microseconds.
//!
//! The runtime's own timer counts whole milliseconds, far too coarse for
//! arrivals at thousands a second. This one is the kernel's (`timerfd`), which
//! wakes a sleeping thread without it having to burn its CPU until then: the
//! generator's CPU share keeps its meaning, and a host on the sibling thread
//! of its core is not slowed down.

use std::{
    io,
    os::fd::{AsFd, AsRawFd, RawFd},
    time::Duration,
};

use nix::sys::{
    time::TimeSpec,
    timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags},
};
use tokio::io::{Interest, unix::AsyncFd};

/// One sleeper's alarm.
#[derive(Debug)]
pub(crate) struct Alarm(AsyncFd<Timer>);

#[derive(Debug)]
struct Timer(TimerFd);

impl AsRawFd for Timer {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_fd().as_raw_fd()
    }
}

impl Alarm {
    /// Inside a runtime.
    #[expect(
        deprecated,
        reason = "its successor is unsafe, which is forbidden here, for the sake of types that \
                  close or swap their descriptor; ours owns one and keeps it"
    )]
    pub(crate) fn new() -> io::Result<Alarm> {
        let flags = TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC;
        let timer = Timer(TimerFd::new(ClockId::CLOCK_MONOTONIC, flags)?);
        Ok(Alarm(AsyncFd::with_interest(timer, Interest::READABLE)?))
    }

    /// Sleeps about this long, or less: the caller looks at the clock itself.
    /// A ring of an earlier alarm that came too late may end it at once.
    pub(crate) async fn sleep(&self, duration: Duration) -> io::Result<()> {
        // Setting the timer also forgets that it rang, so it is never read.
        let once = Expiration::OneShot(TimeSpec::from(duration));
        self.0.get_ref().0.set(once, TimerSetTimeFlags::empty())?;
        self.0.readable().await?.clear_ready();
        Ok(())
    }
}
