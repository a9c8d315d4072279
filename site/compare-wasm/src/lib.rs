//! The door between a page and `compare`: text goes in and comes out a byte at a
//! time, so that no pointer crosses it. A question is about 100 KB, which takes a
//! browser about a millisecond. It must not decide anything.

#![expect(
    unsafe_code,
    reason = "attributes that keep a name; there is one module, so none can clash"
)]

use std::cell::RefCell;

thread_local! {
    static QUESTION: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static ANSWER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Forgets what was asked before.
#[unsafe(no_mangle)]
pub extern "C" fn begin() {
    QUESTION.with_borrow_mut(Vec::clear);
}

/// Four more bytes of the question, the first in the lowest bits.
#[unsafe(no_mangle)]
pub extern "C" fn push(bytes: u32, count: u32) {
    let bytes = bytes.to_le_bytes();
    let count = (count as usize).min(bytes.len());
    QUESTION.with_borrow_mut(|question| question.extend(&bytes[..count]));
}

/// Answers, and says how many bytes that takes.
#[unsafe(no_mangle)]
pub extern "C" fn answer() -> u32 {
    let question = QUESTION.take();
    let text = compare::answer(&String::from_utf8_lossy(&question));
    let length = text.len();
    ANSWER.set(text.into_bytes());
    u32::try_from(length).unwrap_or(0)
}

/// Four bytes of the answer from a position on; zeros behind its end.
#[unsafe(no_mangle)]
pub extern "C" fn take(position: u32) -> u32 {
    ANSWER.with_borrow(|answer| {
        let byte = |at: usize| answer.get(position as usize + at).copied().unwrap_or(0);
        u32::from_le_bytes([byte(0), byte(1), byte(2), byte(3)])
    })
}
