//! How an exported chain is checked, by its lines alone.

use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::{ChainLine, LineKind};
use crate::model::receipt::{GENESIS, chained};

/// The most faults that are told one by one.
const MAX_FAULTS: usize = 100;

/// Something that is wrong with an exported chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// The line's number, from 1; 0: of no line.
    pub line: u64,
    /// What is wrong with it.
    pub detail: String,
}

/// What came of checking an exported chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// Whether nothing was wrong.
    pub intact: bool,
    /// Whose chain it is, if a line said so.
    pub partner: Option<String>,
    /// How many receipts were read.
    pub receipts: u64,
    /// The first receipt's number.
    pub first_seq: Option<i64>,
    /// The last receipt's number.
    pub last_seq: Option<i64>,
    /// The hash of the last receipt: compare it with one that was put down elsewhere.
    pub last_hash: Option<String>,
    /// The first that was wrong, at most a hundred.
    pub faults: Vec<Fault>,
    /// How many were wrong.
    pub fault_count: u64,
}

/// Checks a chain as its lines come. Several exports of one chain may stand after one another, each going on where the
/// one before ended.
#[derive(Default)]
pub struct Verifier {
    lines: u64,
    place: Option<Place>,
    receipts: u64,
    first_seq: Option<i64>,
    ended: bool,
    faults: Vec<Fault>,
    fault_count: u64,
}

/// After which receipt the next line is to go on.
struct Place {
    partner: String,
    seq: i64,
    hash: String,
}

impl Verifier {
    /// Takes the next line.
    pub fn take(&mut self, line: &[u8]) {
        self.lines += 1;
        let Ok(line) = serde_json::from_slice::<ChainLine>(line) else {
            return self.tell("is no line of an export");
        };
        let wrong = match line.line {
            LineKind::Beginning => self.begin(&line),
            LineKind::Receipt => self.receipt(&line),
            LineKind::End => self.end(&line),
        };
        if let Err(detail) = wrong {
            self.tell(detail);
        }
        self.ended = line.line == LineKind::End;
        let ChainLine { partner, seq, hash, .. } = line;
        self.place = Some(Place { partner, seq, hash });
    }

    /// What came of it.
    pub fn finish(mut self) -> Verdict {
        if !self.ended {
            let rest = match &self.place {
                Some(place) => format!("was cut off: go on with `after={}`", place.seq),
                None => "has no line of a chain".to_owned(),
            };
            self.lines = 0;
            self.tell(format!("the export {rest}"));
        }
        let partner = self.place.as_ref().map(|place| place.partner.clone());
        let last = self.place.filter(|_| self.receipts > 0);
        Verdict {
            intact: self.fault_count == 0,
            partner,
            receipts: self.receipts,
            first_seq: self.first_seq,
            last_seq: last.as_ref().map(|place| place.seq),
            last_hash: last.map(|place| place.hash),
            faults: self.faults,
            fault_count: self.fault_count,
        }
    }

    fn begin(&self, line: &ChainLine) -> Result<(), String> {
        if line.seq == 0 && line.hash != GENESIS {
            return Err("does not begin with 64 zeros".to_owned());
        }
        match &self.place {
            None => Ok(()),
            Some(place)
                if place.partner == line.partner && place.seq == line.seq && place.hash == line.hash =>
            {
                Ok(())
            }
            Some(place) => {
                Err(format!("goes on after {}, where the export before ended with {}", line.seq, place.seq))
            }
        }
    }

    fn receipt(&mut self, line: &ChainLine) -> Result<(), String> {
        self.receipts += 1;
        self.first_seq.get_or_insert(line.seq);
        let before = self.place.as_ref().ok_or("stands before any beginning")?;
        if line.partner != before.partner {
            return Err(format!("is of another partner than `{}`", before.partner));
        }
        let expected = before.seq + 1;
        if line.seq > expected {
            return Err(format!("is receipt {}: {} before it are missing", line.seq, line.seq - expected));
        }
        if line.seq < expected {
            return Err(format!("is receipt {} where {expected} should be", line.seq));
        }
        let seq = line.seq;
        if line.previous.as_deref() != Some(&*before.hash) {
            return Err(format!("receipt {seq} does not follow the one before: one of the two was changed"));
        }
        let entry =
            line.entry.as_ref().ok_or_else(|| format!("receipt {seq} has no entry that can be read"))?;
        if chained(&before.hash, entry.get()) != line.hash {
            return Err(format!("receipt {seq} was changed"));
        }
        if !agrees(entry, line) {
            return Err(format!("receipt {seq} was changed beside its entry"));
        }
        Ok(())
    }

    fn end(&self, line: &ChainLine) -> Result<(), String> {
        let before = self.place.as_ref().ok_or("stands before any beginning")?;
        if before.partner != line.partner || before.seq != line.seq || before.hash != line.hash {
            return Err(format!(
                "the chain ends with receipt {}, and the export with {}",
                line.seq, before.seq
            ));
        }
        Ok(())
    }

    fn tell(&mut self, detail: impl Into<String>) {
        self.fault_count += 1;
        if self.faults.len() < MAX_FAULTS {
            self.faults.push(Fault { line: self.lines, detail: detail.into() });
        }
    }
}

/// Whether what stands beside an entry is what stands in it.
fn agrees(entry: &RawValue, line: &ChainLine) -> bool {
    let Ok(entry) = serde_json::from_str::<Value>(entry.get()) else { return false };
    let text = |name: &str| entry.get(name).and_then(Value::as_str);
    entry.get("seq").and_then(Value::as_i64) == Some(line.seq)
        && text("partner") == Some(&*line.partner)
        && text("id") == line.id.as_deref()
        && text("at") == line.at.as_deref()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use serde_json::json;

    use super::*;
    use crate::model::receipt::canonical;

    /// An export of so many receipts.
    fn export(receipts: i64) -> Vec<String> {
        let mut lines =
            vec![json!({"line": "beginning", "partner": "acme", "seq": 0, "hash": GENESIS}).to_string()];
        let mut previous = GENESIS.to_owned();
        for seq in 1..=receipts {
            let (id, at) = (format!("id-{seq}"), format!("2026-01-01T00:00:0{seq}Z"));
            let entry =
                canonical(&json!({"seq": seq, "id": id, "partner": "acme", "at": at, "score": 0.5})).unwrap();
            let hash = chained(&previous, &entry);
            lines.push(format!(
                r#"{{"line":"receipt","partner":"acme","seq":{seq},"hash":"{hash}","id":"{id}","at":"{at}","previous":"{previous}","entry":{entry}}}"#
            ));
            previous = hash;
        }
        lines.push(json!({"line": "end", "partner": "acme", "seq": receipts, "hash": previous}).to_string());
        lines
    }

    fn verdict(lines: &[String]) -> Verdict {
        let mut verifier = Verifier::default();
        for line in lines {
            verifier.take(line.as_bytes());
        }
        verifier.finish()
    }

    fn faults(lines: &[String]) -> Vec<u64> {
        verdict(lines).faults.into_iter().map(|fault| fault.line).collect()
    }

    #[test]
    fn a_whole_chain_is_intact() {
        for receipts in 0..4 {
            let verdict = verdict(&export(receipts));
            assert!(verdict.intact, "{verdict:?}");
            assert_eq!(verdict.receipts, u64::try_from(receipts).unwrap());
            assert_eq!(verdict.last_seq, (receipts > 0).then_some(receipts));
        }
    }

    #[test]
    fn what_is_missing_changed_or_moved_is_found_and_named() {
        let whole = export(4);
        let mut missing = whole.clone();
        missing.remove(2);
        assert_eq!(faults(&missing), [3]);
        let mut moved = whole.clone();
        moved.swap(2, 3);
        assert!(faults(&moved).starts_with(&[3, 4]), "{:?}", verdict(&moved));
        let mut twice = whole.clone();
        twice.insert(2, whole[2].clone());
        assert!(!verdict(&twice).intact);
        let mut cut = whole.clone();
        cut.truncate(3);
        assert_eq!(faults(&cut), [0]);
        let mut short = whole.clone();
        short.remove(4);
        assert_eq!(faults(&short), [5], "the last receipt is gone, and the end tells");
        assert!(!verdict(&[]).intact);
        assert!(!verdict(&whole[1..]).intact);
    }

    #[test]
    fn every_changed_character_of_every_line_is_found() {
        let whole = export(2);
        for (number, line) in whole.iter().enumerate() {
            for (place, old) in line.char_indices() {
                let new = if old == '1' { '2' } else { '1' };
                let mut lines = whole.clone();
                lines[number].replace_range(place..=place, &new.to_string());
                assert!(!verdict(&lines).intact, "{}", lines[number]);
            }
        }
    }

    #[test]
    fn exports_that_go_on_from_one_another_are_one_chain() {
        let whole = export(4);
        let last: Value = serde_json::from_str(&whole[2]).unwrap();
        let again =
            json!({"line": "beginning", "partner": "acme", "seq": 2, "hash": last["hash"]}).to_string();
        let mut parts = whole[..3].to_vec();
        parts.push(again);
        parts.extend_from_slice(&whole[3..]);
        assert!(verdict(&parts).intact, "{:?}", verdict(&parts));
        parts.remove(2);
        assert!(!verdict(&parts).intact);
    }

    #[test]
    fn a_file_of_something_else_has_a_bounded_number_of_faults() {
        let lines = vec!["{}".to_owned(); 1_000];
        let verdict = verdict(&lines);
        assert_eq!((verdict.faults.len(), verdict.fault_count), (MAX_FAULTS, 1_001));
    }
}
