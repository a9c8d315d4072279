//! The same work on many things at once: as many threads as there are CPUs, each
//! takes the next thing when it is done with one. (Rayon would change what half of
//! the dependencies are compiled with, for this one loop.)

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Works on every item; answers are in the order of the items.
///
/// # Errors
/// An error that some item gave; further items are not begun then.
pub(crate) fn each<T: Sync, R: Send, E: Send>(
    items: &[T],
    work: impl Fn(&T) -> Result<R, E> + Sync,
) -> Result<Vec<R>, E> {
    let threads = thread::available_parallelism().map_or(1, NonZero::get).min(items.len());
    let next = AtomicUsize::new(0);
    let failed = Mutex::new(None);
    let stop = || next.store(items.len(), Ordering::Relaxed);
    let run = || {
        let mut done = Vec::new();
        while let Some((at, item)) = take(items, &next) {
            match work(item) {
                Ok(result) => done.push((at, result)),
                Err(error) => {
                    stop();
                    failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                }
            }
        }
        done
    };
    let mut done = thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(run)).collect();
        let mut done = run();
        for other in others {
            match other.join() {
                Ok(results) => done.extend(results),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        done
    });
    if let Some(error) = failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        return Err(error);
    }
    done.sort_unstable_by_key(|(at, _)| *at);
    Ok(done.into_iter().map(|(_, result)| result).collect())
}

fn take<'a, T>(items: &'a [T], next: &AtomicUsize) -> Option<(usize, &'a T)> {
    let at = next.fetch_add(1, Ordering::Relaxed);
    Some((at, items.get(at)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_in_order_and_errors_come_out() {
        let items: Vec<usize> = (0..1000).collect();
        let doubled = each(&items, |item| Ok::<_, ()>(item * 2)).unwrap();
        assert_eq!(doubled, items.iter().map(|item| item * 2).collect::<Vec<_>>());
        let odd = |item: &usize| if *item == 999 { Err(*item) } else { Ok(()) };
        assert_eq!(each(&items, odd), Err(999));
        assert_eq!(each(&[] as &[usize], odd), Ok(Vec::new()));
    }
}
