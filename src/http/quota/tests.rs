#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use proptest::prelude::*;

use super::*;

fn quota(rate: Rate) -> (Quota, Arc<Pacer>) {
    let pacing = Pacing::default();
    let pacer = Pacer::new(pacing.clock.clone());
    (Quota::new(rate, &pacer, &pacing, String::new()), pacer)
}

#[tokio::test]
async fn an_empty_quota_says_when_it_has_another_call() {
    let (quota, _) = quota(Rate::per_minute(60, 2));
    assert!(quota.take().await.is_ok());
    assert!(quota.take().await.is_ok());
    let wait = quota.take().await.unwrap_err();
    assert!(wait > Duration::ZERO && wait <= Duration::from_secs(1), "{wait:?}");
}

#[tokio::test]
async fn a_wait_that_would_be_too_long_is_not_begun() {
    let (quota, _) = quota(Rate::per_minute(1, 1));
    assert!(quota.take().await.is_ok());
    let wait = quota.wait(Duration::from_millis(1)).await.unwrap_err();
    assert!(wait > Duration::from_secs(50), "{wait:?}");
}

#[tokio::test]
async fn a_rest_refuses_at_once_who_does_not_wait_and_saves_nothing_up() {
    let (quota, pacer) = quota(Rate::per_minute(60, 60));
    pacer.heard(pacer.now(), 503, Some(Duration::from_mins(2)));
    let wait = quota.take().await.unwrap_err();
    assert!(wait > Duration::from_secs(100) && wait <= Duration::from_mins(2), "{wait:?}");
    assert!(quota.wait(Duration::from_millis(1)).await.unwrap_err() > Duration::from_secs(100));
}

#[tokio::test]
async fn no_more_calls_run_at_once_than_there_are_slots() {
    let slots = Slots::new(1);
    let held = slots.enter(Duration::from_secs(1)).await;
    assert!(held.is_some());
    assert!(slots.enter(Duration::ZERO).await.is_none());
    drop(held);
    assert!(slots.enter(Duration::from_secs(1)).await.is_some());
}

proptest! {
    /// Whoever asks whenever: in no span of time are there more calls than the rate and what is saved up allow, and who
    /// comes back when told to is served.
    #[test]
    fn a_bucket_keeps_its_rate_over_every_span(
        count in 1u32..2_000, burst in 1u32..50,
        asks in prop::collection::vec((0u64..200_000, 1u32..=8), 1..300),
    ) {
        let rate = Rate::per_minute(count, burst);
        let (mut bucket, mut now) = (Bucket::default(), Duration::from_secs(1_000));
        let mut taken = Vec::new();
        for (passed, eighths) in asks {
            now += Duration::from_micros(passed);
            let mut limit = Limit { now, ratio: f64::from(eighths) / 8.0, not_before: None };
            match bucket.take(rate, &limit) {
                Ok(()) => taken.push(now),
                Err(wait) => {
                    limit.now = now + wait;
                    let mut later = Bucket { whole_at: bucket.whole_at };
                    prop_assert!(later.take(rate, &limit).is_ok(), "told to come in {wait:?}");
                }
            }
        }
        for (first, from) in taken.iter().enumerate() {
            for (last, to) in taken.iter().enumerate().skip(first) {
                let span = to.saturating_sub(*from) + rate.tolerance;
                let allowed = span.as_micros() / rate.interval.as_micros() + 1;
                prop_assert!((last - first + 1) as u128 <= allowed, "{} calls from {from:?} to {to:?}", last - first + 1);
            }
        }
    }
}
