//! The sample people, as JSON members without their number, for peers that show many of them.

use std::io::{BufRead as _, BufReader};

/// The members of each sample candidate after its `id`, with the closing brace: `"firstName":…}`.
pub(crate) fn candidates() -> Vec<String> {
    let packed: &[u8] = include_bytes!("../../samples/candidates.jsonl.gz");
    let lines = BufReader::new(flate2::read::GzDecoder::new(packed)).lines();
    lines
        .map(|line| {
            let line = line.expect("the samples can be read");
            let (id, members) = line.split_once(',').expect("a sample has several members");
            assert!(id.starts_with("{\"id\":"), "a sample begins with its id");
            members.to_owned()
        })
        .collect()
}
