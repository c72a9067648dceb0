//! The body of an answer while it comes: mostly in one piece, which then is taken as it came.

use bytes::Bytes;

/// What an answer says of its length is believed up to a mebibyte.
const BELIEVED: u64 = 1 << 20;

/// The pieces that came so far.
pub(super) struct Body {
    announced: usize,
    first: Bytes,
    /// All of them, once there is a second one.
    all: Vec<u8>,
}

impl Body {
    /// Nothing yet of an answer of this length: it needs no room made twice.
    pub(super) fn new(announced: u64) -> Self {
        let announced = usize::try_from(announced.min(BELIEVED)).unwrap_or_default();
        Self { announced, first: Bytes::new(), all: Vec::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.first.len().max(self.all.len())
    }

    pub(super) fn push(&mut self, piece: Bytes) {
        if self.len() == 0 {
            self.first = piece;
            return;
        }
        if self.all.is_empty() {
            self.all.reserve(self.announced);
            self.all.extend_from_slice(&self.first);
        }
        self.all.extend_from_slice(&piece);
    }

    pub(super) fn whole(self) -> Bytes {
        if self.all.is_empty() { self.first } else { self.all.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_whole_in_however_many_pieces_it_came() {
        for pieces in [&[][..], &["", ""], &["abc"], &["", "abc", ""], &["a", "", "b", "c"]] {
            for announced in [0, 3, u64::MAX] {
                let mut body = Body::new(announced);
                for piece in pieces {
                    body.push(Bytes::from_static(piece.as_bytes()));
                }
                let expected = pieces.concat();
                assert_eq!((body.len(), body.whole()), (expected.len(), Bytes::from(expected)), "{pieces:?}");
            }
        }
    }
}
