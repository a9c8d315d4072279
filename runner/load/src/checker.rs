//! Compares an answer with the expected one while it streams in.
//!
//! Knows nothing of framing (`response`) or sockets. Nothing is allocated
//! while answers are right. After the first difference the answer is read on
//! only as far as its excerpt needs, so that the message does not depend on
//! how the bytes were cut into reads.

use std::sync::Arc;

use httparse::Header;
use sha2::{Digest, Sha256};

use crate::{
    expect::{Expect, ExpectBody},
    failure::{Excerpt, WrongAnswer},
    pattern,
    response::Sink,
};

/// Bytes kept for a message: one more than is shown, to know that it goes on.
const KEEP_BYTES: usize = Excerpt::MAX_BYTES + 1;
/// Right bytes shown before the first wrong one.
const CONTEXT_BYTES: u64 = 24;

/// The first difference found.
#[derive(Debug)]
enum Trouble {
    Status(u16),
    Header(WrongAnswer),
    Differs { at: u64 },
    TooLong,
}

/// Checks one answer after another.
#[derive(Debug)]
pub(crate) struct Checker {
    expect: Arc<Expect>,
    body_bytes: u64,
    trouble: Option<Trouble>,
    /// Start of the body, or what came after the first difference.
    kept: Vec<u8>,
    hasher: Sha256,
}

impl Checker {
    pub(crate) fn new(expect: Arc<Expect>) -> Checker {
        let (kept, hasher) = (Vec::with_capacity(KEEP_BYTES), Sha256::new());
        Checker { expect, body_bytes: 0, trouble: None, kept, hasher }
    }

    /// Gets ready for the next answer.
    pub(crate) fn restart(&mut self, expect: &Arc<Expect>) {
        if !Arc::ptr_eq(&self.expect, expect) {
            self.expect = Arc::clone(expect);
        }
        self.body_bytes = 0;
        self.trouble = None;
        self.kept.clear();
        if matches!(self.expect.body, ExpectBody::Sha256 { .. }) {
            self.hasher = Sha256::new();
        }
    }

    /// Bytes of the body so far.
    pub(crate) fn body_bytes(&self) -> u64 {
        self.body_bytes
    }

    /// Whether the answer is wrong and reading on would not tell more.
    pub(crate) fn has_given_up(&self) -> bool {
        match self.trouble {
            None => false,
            Some(Trouble::Header(_)) => true,
            Some(_) => self.kept.len() == KEEP_BYTES,
        }
    }

    /// The difference found so far, if any.
    pub(crate) fn wrong(&self) -> Option<WrongAnswer> {
        let seen = || Excerpt::of(&self.kept);
        Some(match self.trouble.as_ref()? {
            Trouble::Status(status) => {
                WrongAnswer::Status { expected: self.expect.status, seen: *status, body: seen() }
            }
            Trouble::Header(wrong) => wrong.clone(),
            Trouble::Differs { at } => self.differs(*at),
            Trouble::TooLong => {
                WrongAnswer::TooLong { expected: self.expected_bytes()?, extra: seen() }
            }
        })
    }

    /// The judgement on a complete answer.
    pub(crate) fn finish(&mut self) -> Result<(), WrongAnswer> {
        if let Some(wrong) = self.wrong() {
            return Err(wrong);
        }
        if let Some(expected) = self.expected_bytes()
            && self.body_bytes < expected
        {
            let (seen, body) = (self.body_bytes, self.start_of_body());
            return Err(WrongAnswer::TooShort { expected, seen, body });
        }
        if let ExpectBody::Sha256 { digest, .. } = &self.expect.body {
            let seen: [u8; 32] = std::mem::take(&mut self.hasher).finalize().into();
            if seen != *digest {
                let (expected, seen) = (hex(digest), hex(&seen));
                let (length, body) = (self.body_bytes, self.start_of_body());
                return Err(WrongAnswer::Digest { expected, seen, length, body });
            }
        }
        Ok(())
    }

    /// The judgement on an answer that ends at `place`, before it should.
    pub(crate) fn cut_off(&self, place: &'static str) -> WrongAnswer {
        let cut_off = || {
            let (seen, body) = (self.body_bytes, self.start_of_body());
            WrongAnswer::CutOff { place, seen, body }
        };
        self.wrong().unwrap_or_else(cut_off)
    }

    fn expected_bytes(&self) -> Option<u64> {
        match &self.expect.body {
            ExpectBody::Exactly(bytes) => Some(bytes.len() as u64),
            ExpectBody::Sha256 { length, .. } => *length,
            ExpectBody::Pattern { length } => Some(*length),
            ExpectBody::Any => None,
        }
    }

    /// Start of a body in which no difference was found.
    fn start_of_body(&self) -> Excerpt {
        match &self.expect.body {
            ExpectBody::Exactly(bytes) => Excerpt::of(&bytes[..self.body_bytes as usize]),
            ExpectBody::Pattern { .. } => Excerpt::of(pattern::piece(0, self.body_bytes)),
            ExpectBody::Sha256 { .. } | ExpectBody::Any => Excerpt::of(&self.kept),
        }
    }

    fn differs(&self, at: u64) -> WrongAnswer {
        let from = at.saturating_sub(CONTEXT_BYTES);
        let expected = match &self.expect.body {
            ExpectBody::Exactly(bytes) => &bytes[from as usize..],
            ExpectBody::Pattern { length } => pattern::piece(from, *length),
            ExpectBody::Sha256 { .. } | ExpectBody::Any => &[],
        };
        let same = ((at - from) as usize).min(expected.len());
        let seen = [&expected[..same], &self.kept].concat();
        WrongAnswer::Body { at, expected: Excerpt::of(expected), seen: Excerpt::of(&seen) }
    }

    fn compare(&mut self, bytes: &[u8]) {
        match &self.expect.body {
            ExpectBody::Exactly(expected) => {
                let at = self.body_bytes as usize;
                let expected = &expected[at..];
                let both = expected.len().min(bytes.len());
                if expected[..both] != bytes[..both] {
                    let same = expected.iter().zip(bytes).take_while(|(a, b)| a == b).count();
                    self.trouble = Some(Trouble::Differs { at: (at + same) as u64 });
                    keep(&mut self.kept, &bytes[same..]);
                } else if both < bytes.len() {
                    self.trouble = Some(Trouble::TooLong);
                    keep(&mut self.kept, &bytes[both..]);
                }
            }
            ExpectBody::Sha256 { length, .. } => {
                let left = length.unwrap_or(u64::MAX) - self.body_bytes;
                if bytes.len() as u64 > left {
                    self.trouble = Some(Trouble::TooLong);
                    self.kept.clear();
                    keep(&mut self.kept, &bytes[left as usize..]);
                } else {
                    self.hasher.update(bytes);
                    keep(&mut self.kept, bytes);
                }
            }
            ExpectBody::Pattern { length } => {
                let left = usize::try_from(length - self.body_bytes).unwrap_or(usize::MAX);
                let both = left.min(bytes.len());
                if let Some(same) = pattern::first_difference(self.body_bytes, &bytes[..both]) {
                    self.trouble = Some(Trouble::Differs { at: self.body_bytes + same as u64 });
                    keep(&mut self.kept, &bytes[same..]);
                } else if both < bytes.len() {
                    self.trouble = Some(Trouble::TooLong);
                    keep(&mut self.kept, &bytes[both..]);
                }
            }
            ExpectBody::Any => keep(&mut self.kept, bytes),
        }
    }
}

impl Sink for Checker {
    fn head(&mut self, status: u16, headers: &[Header<'_>]) {
        if status != self.expect.status {
            self.trouble = Some(Trouble::Status(status));
            return;
        }
        for (name, expected) in &self.expect.headers {
            let mut same_name = headers.iter().filter(|seen| seen.name.eq_ignore_ascii_case(name));
            if same_name.clone().all(|seen| seen.value != expected.as_bytes()) {
                let seen = same_name.next().map(|seen| seen.value.escape_ascii().to_string());
                let (name, expected) = (name.clone(), expected.clone());
                self.trouble = Some(Trouble::Header(WrongAnswer::Header { name, expected, seen }));
                return;
            }
        }
    }

    fn body(&mut self, bytes: &[u8]) {
        match self.trouble {
            Some(_) => keep(&mut self.kept, bytes),
            None => self.compare(bytes),
        }
        self.body_bytes += bytes.len() as u64;
    }
}

/// Appends what there is room for.
fn keep(kept: &mut Vec<u8>, bytes: &[u8]) {
    let room = KEEP_BYTES - kept.len();
    kept.extend_from_slice(&bytes[..room.min(bytes.len())]);
}

fn hex(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
