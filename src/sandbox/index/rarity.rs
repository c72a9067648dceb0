//! How rare a term is, by numbers of objects that change with every write: in steps, so that most writes change nothing.

/// A number of objects in steps of half a doubling: lengths are brought up to date at a step and not with every object.
pub(super) fn step_of(objects: usize) -> u8 {
    let Some(doublings) = objects.checked_ilog2() else { return 0 };
    // Whether it is past the middle, √2 times the power of two.
    let is_past = objects.saturating_mul(objects) >> (2 * doublings) >= 2;
    u8::try_from(1 + 2 * doublings + u32::from(is_past)).unwrap_or(u8::MAX)
}

/// `ln(1 + (n − d + ½) / (d + ½))` for `d` of `n` objects that have a term, both at the beginning of their step.
pub(super) fn rarity(having: u8, all: u8) -> f32 {
    let objects = |step: u8| if step == 0 { 0.0 } else { 2_f32.powf(f32::from(step - 1) / 2.0) };
    let (having, all) = (objects(having), objects(all));
    (((all - having).max(0.0) + 0.5) / (having + 0.5)).ln_1p()
}

/// One in fixed point, for sums that no order of additions tells in.
pub(super) const FIXED: f64 = 65_536.0;

/// The square of a rarity in fixed point.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a square from 0 to 500")]
pub(super) fn fixed_square(having: u8, all: u8) -> u64 {
    (f64::from(rarity(having, all)).powi(2) * FIXED).round() as u64
}
