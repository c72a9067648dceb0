//! Scores, as they are shown.

/// A score from 0 to 1 in hundredths, a half upwards.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 100 fits")]
pub fn hundredths(score: f64) -> u8 {
    (score.clamp(0.0, 1.0) * 100.0).round() as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_in_hundredths_is_rounded_to_the_nearest_and_a_half_upwards() {
        for (score, expected) in [
            (0.0, 0),
            (0.004, 0),
            (0.005, 1),
            (0.125, 13),
            (0.1249, 12),
            (0.9949, 99),
            (0.995, 100),
            (1.0, 100),
        ] {
            assert_eq!(hundredths(score), expected, "{score}");
        }
    }
}
