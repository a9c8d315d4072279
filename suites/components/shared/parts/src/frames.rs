//! The frames of a gRPC body: one byte of flags, four bytes of length, the message. It must not
//! hold any of it.

const HEAD_BYTES: usize = 5;

/// Follows a body that comes in pieces.
#[derive(Default)]
pub struct Frames {
    head: [u8; HEAD_BYTES],
    head_bytes: usize,
    left_bytes: u64,
}

impl Frames {
    /// Takes the next piece of the body.
    pub fn follow(&mut self, mut piece: &[u8]) {
        while !piece.is_empty() {
            if self.left_bytes > 0 {
                let left = usize::try_from(self.left_bytes).unwrap_or(usize::MAX);
                let taken = left.min(piece.len());
                self.left_bytes -= taken as u64;
                piece = &piece[taken..];
                continue;
            }
            self.head[self.head_bytes] = piece[0];
            self.head_bytes += 1;
            piece = &piece[1..];
            if self.head_bytes == HEAD_BYTES {
                let [_flags, length @ ..] = self.head;
                self.left_bytes = u64::from(u32::from_be_bytes(length));
                self.head_bytes = 0;
            }
        }
    }

    /// The `grpc-status` and `grpc-message` of a call whose body ended here.
    pub fn status(&self) -> (&'static str, &'static str) {
        let are_whole = self.head_bytes == 0 && self.left_bytes == 0;
        if are_whole { ("0", "ok") } else { ("13", "the body ends within a message") }
    }
}

#[cfg(test)]
mod tests {
    use super::Frames;

    #[test]
    fn frames_are_followed_however_the_body_is_cut() {
        let body = [&[0, 0, 0, 0, 3][..], b"abc", &[1, 0, 0, 0, 0], &[0, 0, 0, 0, 1], b"d"];
        let body = body.concat();
        let whole_at = [0, 8, 13, 19];
        for piece_bytes in 1..=body.len() {
            for end in 0..=body.len() {
                let mut frames = Frames::default();
                body[..end].chunks(piece_bytes).for_each(|piece| frames.follow(piece));
                let expected = if whole_at.contains(&end) { "0" } else { "13" };
                assert_eq!(frames.status().0, expected, "{end} by {piece_bytes}");
            }
        }
    }
}
