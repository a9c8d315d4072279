//! How late the generator itself was, as opposed to the server.
//!
//! An arrival that waits because every connection is busy is late by the
//! server's fault, and its latency says so. One that waits although it is due
//! and a connection is idle is late by the generator's; beyond a tolerance that
//! makes the whole run invalid. Pure arithmetic over instants, no clock.

use std::time::Duration;

use hdrhistogram::{AdditionError, Histogram};

use crate::failure::Failure;

/// From this lateness on it is a stall of the generator rather than the time it
/// takes to wake up.
const STALL: Duration = Duration::from_millis(1);
/// The most arrivals that may be unsent at the end for the generator's reasons.
const UNSENT_SHARE: f64 = 0.01;

/// The last time one thread of the generator stalled. Arrivals that fell due meanwhile may find no idle
/// connection afterwards, but only because of the stall: they share its blame.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Stall {
    from_ns: u64,
    until_ns: u64,
}

impl Stall {
    /// The generator's part in the delay of an arrival that was due at
    /// `due_ns`, taken by a connection idle since `idle_since_ns`, sent now.
    pub(crate) fn lateness_ns(&mut self, due_ns: u64, idle_since_ns: u64, now_ns: u64) -> u64 {
        let ready_ns = due_ns.max(idle_since_ns);
        let own_ns = now_ns.saturating_sub(ready_ns);
        let is_inside = (self.from_ns..=self.until_ns).contains(&due_ns);
        let inherited_ns = if is_inside { self.until_ns - due_ns } else { 0 };
        if own_ns > STALL.as_nanos() as u64 {
            if !is_inside {
                self.from_ns = ready_ns;
            }
            self.until_ns = now_ns;
        }
        own_ns.max(inherited_ns)
    }
}

/// How well one thread kept to the schedule; several are added up.
#[derive(Debug, Clone)]
pub(crate) struct Punctuality {
    /// Of every arrival, nanoseconds.
    pub(crate) lateness: Histogram<u64>,
    /// Arrivals sent after the end that a punctual generator had sent before.
    unsent: u64,
}

impl Punctuality {
    pub(crate) fn new(lateness: Histogram<u64>) -> Punctuality {
        Punctuality { lateness, unsent: 0 }
    }

    /// Counts an arrival of a measured part that ended at `end_ns`, or will.
    pub(crate) fn record(&mut self, due_ns: u64, sent_ns: u64, lateness_ns: u64, end_ns: u64) {
        self.lateness.saturating_record(lateness_ns);
        let was_sent_late = sent_ns >= end_ns;
        self.unsent += u64::from(was_sent_late && due_ns + lateness_ns >= end_ns);
    }

    pub(crate) fn add(&mut self, other: &Punctuality) -> Result<(), AdditionError> {
        self.unsent += other.unsent;
        self.lateness.add(&other.lateness)
    }

    /// Whether the generator kept to its schedule; if not, by how much not.
    pub(crate) fn judge(&self, limit: Duration) -> Result<(), Failure> {
        let arrivals = self.lateness.len();
        let p99 = Duration::from_nanos(self.lateness.value_at_quantile(0.99));
        let unsent = self.unsent;
        if p99 > limit || unsent as f64 > UNSENT_SHARE * arrivals as f64 {
            return Err(Failure::BehindSchedule { lateness_p99: p99, limit, unsent, arrivals });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    /// Rows of (due, idle since, sent, expected lateness) in milliseconds, one
    /// thread's arrivals in order.
    fn check(rows: &[(u64, u64, u64, u64)]) {
        let mut stall = Stall::default();
        for (due, idle, sent, expected) in rows {
            let seen = stall.lateness_ns(due * MS, idle * MS, sent * MS);
            assert_eq!(seen, expected * MS, "due {due}, idle since {idle}, sent {sent}");
        }
    }

    #[test]
    fn a_busy_server_is_not_the_generators_fault() {
        check(&[(10, 0, 10, 0), (20, 110, 110, 0), (30, 110, 110, 0), (120, 115, 120, 0)]);
    }

    #[test]
    fn an_idle_connection_makes_it_the_generators_fault() {
        check(&[(10, 0, 13, 3), (20, 15, 21, 1)]);
    }

    /// Two connections, and a generator that sleeps from 100 to 200: whoever
    /// came meanwhile was kept by it, even without a connection later.
    #[test]
    fn what_queues_up_behind_a_stall_shares_its_blame() {
        check(&[
            (100, 90, 200, 100),
            (110, 91, 200, 90),
            (120, 205, 205, 80),
            (190, 206, 206, 10),
            (199, 207, 207, 1),
            (204, 208, 208, 0),
            (230, 210, 230, 0),
        ]);
    }

    /// In a backlog made by the server, a stall is blamed for itself only.
    #[test]
    fn a_stall_amid_a_backlog() {
        check(&[(100, 500, 500, 0), (110, 510, 560, 50), (120, 570, 570, 0), (530, 600, 600, 30)]);
    }

    fn nothing() -> Punctuality {
        Punctuality::new(Histogram::new_with_bounds(1, 60_000 * MS, 3).unwrap())
    }

    #[test]
    fn one_percent_is_forgiven() {
        for (late, expected) in [(0, true), (10, true), (11, false)] {
            let mut kept = nothing();
            for arrival in 0..1000 {
                let lateness_ns = if arrival < late { 2 * MS } else { 50_000 };
                kept.record(MS, 2 * MS, lateness_ns, u64::MAX);
            }
            assert_eq!(kept.judge(STALL).is_ok(), expected, "{late} of 1000 late");
        }
        for (unsent, expected) in [(10, true), (11, false)] {
            let mut kept = nothing();
            for arrival in 0..1000 {
                // The second half waited for the server and counts nowhere.
                let (due, sent) = if arrival < 500 { (9 * MS, 9 * MS) } else { (MS, 20 * MS) };
                kept.record(due, sent, 1000, 10 * MS);
            }
            for _ in 0..unsent {
                kept.record(10 * MS - 1000, 10 * MS + 1, 1001, 10 * MS);
            }
            assert_eq!(kept.judge(STALL).is_ok(), expected, "{unsent} of about 1000 unsent");
        }
    }
}
