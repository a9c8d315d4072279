//! Several runs that take turns.
//!
//! A machine is slower now and faster then, by more than what most changes of a
//! server are worth. Runs that take turns every few milliseconds see the same
//! machine: what slows it slows all of them alike. Only one asks at a time, so
//! they do not compete either.

use std::sync::Arc;

use tokio::sync::watch;

/// One run's place among those that take turns. Dropped, it no longer takes part,
/// and the others go on.
#[derive(Debug)]
pub struct Turn {
    me: usize,
    round: Arc<Round>,
}

#[derive(Debug)]
struct Round {
    seed: u64,
    state: watch::Sender<State>,
}

#[derive(Debug)]
struct State {
    /// Turns so far.
    turn: u64,
    /// Who still takes part.
    present: Vec<bool>,
}

impl Turn {
    /// A place for each of so many runs, in an order that is drawn from the seed
    /// for each time around: one that repeats would fall into step with whatever
    /// else repeats.
    pub fn places(runs: usize, seed: u64) -> Vec<Arc<Turn>> {
        let state = State { turn: 0, present: vec![true; runs] };
        let round = Arc::new(Round { seed, state: watch::Sender::new(state) });
        (0..runs).map(|me| Arc::new(Turn { me, round: Arc::clone(&round) })).collect()
    }

    /// How many runs there were at the start.
    pub(crate) fn runs(&self) -> usize {
        self.round.state.borrow().present.len()
    }

    /// Waits for this run's turn.
    pub(crate) async fn come(&self) {
        let mut state = self.round.state.subscribe();
        // The sender lives as long as this.
        let _ = state.wait_for(|state| self.round.whose(state) == Some(self.me)).await;
    }

    /// Ends it.
    pub(crate) fn pass(&self) {
        self.round.state.send_modify(|state| state.turn += 1);
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.round.state.send_modify(|state| state.present[self.me] = false);
    }
}

impl Round {
    /// Whose turn it is: turns of those who left are skipped, for all alike.
    fn whose(&self, state: &State) -> Option<usize> {
        let present = state.present.iter().filter(|present| **present).count();
        let (cycle, at) = (state.turn.checked_div(present as u64)?, state.turn % present as u64);
        let drawn = mix(self.seed ^ cycle);
        let (first, backwards) = (drawn % present as u64, drawn >> 63 == 1);
        let at = if backwards { first + present as u64 - at } else { first + at };
        let mut there = (0..state.present.len()).filter(|run| state.present[*run]);
        there.nth((at % present as u64) as usize)
    }
}

/// SplitMix64 (Steele, Lea & Flood 2014).
fn mix(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now(turn: &Turn) -> usize {
        turn.round.whose(&turn.round.state.borrow()).unwrap()
    }

    #[test]
    fn each_has_one_turn_in_each_time_around_in_orders_that_differ() {
        for runs in 1..6 {
            let places = Turn::places(runs, 7);
            let mut orders = Vec::new();
            for _ in 0..40 {
                let order: Vec<usize> = (0..runs)
                    .map(|_| {
                        let whose = now(&places[0]);
                        places[whose].pass();
                        whose
                    })
                    .collect();
                let mut all = order.clone();
                all.sort_unstable();
                assert_eq!(all, (0..runs).collect::<Vec<_>>());
                orders.push(order);
            }
            orders.sort_unstable();
            orders.dedup();
            assert_eq!(orders.len() > 1, runs > 1, "{orders:?}");
        }
    }

    #[test]
    fn who_leaves_is_not_waited_for() {
        let mut places = Turn::places(3, 1);
        drop(places.remove(1));
        for _ in 0..10 {
            assert_ne!(now(&places[0]), 1);
            places[0].pass();
        }
        drop(places.remove(0));
        assert_eq!(now(&places[0]), 2);
    }
}
