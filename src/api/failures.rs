//! Failed logins: after too many from one address no key of it is compared for a while.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::error::{Error, Kind, Result};

/// The most addresses that are remembered: a few megabytes, whoever attacks.
const MAX_ADDRESSES: usize = 50_000;

/// How long it takes until everything is forgiven.
const PERIOD: TimeDelta = TimeDelta::minutes(1);

/// Who failed, and when that is forgiven: each failure adds its share of a minute (GCRA). Only failures
/// cost: a caller whose key is right may call as often as it likes.
pub(super) struct Failures {
    share: TimeDelta,
    forgiven_at: Mutex<HashMap<IpAddr, DateTime<Utc>>>,
}

impl Failures {
    /// `per_minute` failures of an address, all at once or spread out.
    pub(super) fn new(per_minute: u32) -> Self {
        let share = PERIOD / i32::try_from(per_minute).unwrap_or(i32::MAX).max(1);
        Self { share, forgiven_at: Mutex::default() }
    }

    /// # Errors
    /// `RateLimited` when the address has failed too often.
    pub(super) fn ensure_few(&self, address: IpAddr, now: DateTime<Utc>) -> Result<()> {
        let Some(forgiven_at) = self.remembered().get(&block(address)).copied() else { return Ok(()) };
        // Zero until one more failure would be more than a period holds.
        let wait = (forgiven_at + self.share - (now + PERIOD)).to_std().unwrap_or(Duration::ZERO);
        if wait.is_zero() {
            return Ok(());
        }
        let message = "too many requests of your address carried no key, or one that is not known";
        Err(Error::new(Kind::RateLimited, message).retry_after(wait))
    }

    /// Counts a failure.
    pub(super) fn count(&self, address: IpAddr, now: DateTime<Utc>) {
        let mut remembered = self.remembered();
        if remembered.len() >= MAX_ADDRESSES {
            forget(&mut remembered, now);
        }
        let forgiven_at = remembered.entry(block(address)).or_insert(now);
        *forgiven_at = (*forgiven_at).max(now) + self.share;
    }

    fn remembered(&self) -> MutexGuard<'_, HashMap<IpAddr, DateTime<Utc>>> {
        self.forgiven_at.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What one person is given: an address of IPv4, a /64 of IPv6.
fn block(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        address @ IpAddr::V4(_) => address,
    }
}

/// Forgets who is forgiven, and if that is not half of them, the half that would be next: those who failed most stay.
fn forget(remembered: &mut HashMap<IpAddr, DateTime<Utc>>, now: DateTime<Utc>) {
    let mut dates: Vec<_> = remembered.values().copied().collect();
    let (_, median, _) = dates.select_nth_unstable(MAX_ADDRESSES / 2);
    let end = now.max(*median);
    remembered.retain(|_, forgiven_at| *forgiven_at > end);
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn at(milliseconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(1_800_000_000_000 + milliseconds).unwrap()
    }

    #[test]
    fn a_minutes_failures_may_come_at_once_and_each_is_forgiven_after_its_share() {
        let failures = Failures::new(3);
        for _ in 0..3 {
            failures.ensure_few(address("192.0.2.1"), at(0)).unwrap();
            failures.count(address("192.0.2.1"), at(0));
        }
        let refused = failures.ensure_few(address("192.0.2.1"), at(1_000)).unwrap_err();
        assert_eq!((refused.kind(), refused.wait()), (Kind::RateLimited, Some(Duration::from_secs(19))));
        failures.ensure_few(address("192.0.2.2"), at(0)).unwrap();
        failures.ensure_few(address("192.0.2.1"), at(20_000)).unwrap();
        failures.count(address("192.0.2.1"), at(20_000));
        failures.ensure_few(address("192.0.2.1"), at(20_001)).unwrap_err();
    }

    #[test]
    fn an_address_is_one_of_ipv4_or_a_64_of_ipv6() {
        let failures = Failures::new(1);
        failures.count(address("2001:db8:1:2:3::4"), at(0));
        failures.count(address("::ffff:192.0.2.1"), at(0));
        for (text, known) in [
            ("2001:db8:1:2:ffff::1", true),
            ("2001:db8:1:3::", false),
            ("192.0.2.1", true),
            ("192.0.2.2", false),
        ] {
            assert_eq!(failures.ensure_few(address(text), at(0)).is_err(), known, "{text}");
        }
    }

    #[test]
    fn an_attack_from_everywhere_takes_no_more_memory_and_frees_nobody_who_failed_often() {
        let failures = Failures::new(2);
        let persistent = address("192.0.2.1");
        failures.count(persistent, at(0));
        failures.count(persistent, at(0));
        for number in 0..u32::try_from(3 * MAX_ADDRESSES).unwrap() {
            failures.count(IpAddr::V4((0x0a00_0000 + number).into()), at(0));
            assert!(failures.remembered().len() <= MAX_ADDRESSES);
        }
        failures.ensure_few(persistent, at(0)).unwrap_err();
    }
}
