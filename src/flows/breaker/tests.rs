//! A breaker under any sequence of calls, and which records each state holds back.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::HashSet;
use std::time::Duration;

use proptest::prelude::*;

use super::lanes::{Rests, lanes};
use super::rules::{Hearing, Pass, Streak, Word, hear, pass};
use crate::config::Limits;
use crate::error::{Error, Kind};
use crate::model::Entity;
use crate::store::{Breaker, Side, Standing};

const SECOND: i64 = 1_000_000;
const LEASE: i64 = 25 * SECOND;

fn closed() -> Breaker {
    Breaker::closed("acme", Side::HrFlow, Entity::Job, 0)
}

fn failed(refused: bool, asked: Option<u64>) -> Word {
    let kind = if refused { Kind::Denied } else { Kind::Upstream };
    let mut problem = Error::new(kind, "no");
    if let Some(asked) = asked {
        problem = problem.retry_after(Duration::from_secs(asked));
    }
    Word::of::<()>(&Err(problem)).unwrap()
}

/// What may happen between the connector and one side.
#[derive(Clone, Debug)]
enum Step {
    /// A call about an object, begun while the breaker was closed, ends so.
    Call { object: u8, fails: bool, refused: bool, again: bool },
    /// Somebody takes the probe, if there is one.
    Take,
    /// The call of whoever took it last ends: well, in failure, or was never made.
    Probed { fails: Option<bool>, asked: Option<u64> },
    /// Time passes.
    Pass(i64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0..8_u8, any::<bool>(), prop::bool::weighted(0.1), any::<bool>())
            .prop_map(|(object, fails, refused, again)| Step::Call { object, fails, refused, again }),
        Just(Step::Take),
        (prop::option::of(any::<bool>()), prop::option::of(0..900_u64))
            .prop_map(|(fails, asked)| Step::Probed { fails, asked }),
        (0..90 * SECOND).prop_map(Step::Pass),
    ]
}

proptest! {
    #[test]
    fn a_breaker_opens_for_a_reason_lets_one_probe_through_and_closes_by_it_alone(
        steps in prop::collection::vec(step(), 1..200),
        chance in 0.0..1.0_f64,
    ) {
        let limits = Limits::default();
        let (mut breaker, mut streak, mut now) = (closed(), Streak::default(), 0_i64);
        // What the rules are held against: who failed since a success, and who probes until when.
        let mut failing: HashSet<u8> = HashSet::new();
        let mut holder: Option<(String, i64)> = None;
        let mut taken = 0;
        for step in steps {
            let before = breaker.clone();
            match step {
                Step::Pass(micros) => now += micros,
                Step::Call { object, fails, refused, again } => {
                    let word = if fails { failed(refused, None) } else { Word::Well };
                    if fails { failing.insert(object); } else { failing.clear(); }
                    let opens = streak.count(&object.to_string(), &word, again, limits.breaker_failures);
                    let enough = failing.len() >= limits.breaker_failures || (refused && !again);
                    prop_assert_eq!(opens, fails && enough);
                    if opens { failing.clear(); }
                    let hearing = Hearing { word: Some(&word), probe: None, opens };
                    let moved = hear(&mut breaker, hearing, &limits, now, chance);
                    prop_assert_eq!(moved, opens && before.state == Standing::Closed);
                    if !moved { prop_assert_eq!(&breaker, &before, "a call that is no probe moves only a closed one"); }
                }
                Step::Take => match pass(Some(&breaker), now) {
                    Pass::Free => prop_assert_eq!(breaker.state, Standing::Closed),
                    Pass::Wait(wait) => {
                        let end = now + i64::try_from(wait.as_micros()).unwrap();
                        prop_assert_eq!(pass(Some(&breaker), end), Pass::Probe);
                    }
                    Pass::Probe => {
                        prop_assert!(holder.as_ref().is_none_or(|(_, until)| *until <= now), "two probe at a time");
                        taken += 1;
                        let token = taken.to_string();
                        breaker.state = Standing::HalfOpen;
                        breaker.probe = Some(token.clone());
                        breaker.probe_at = Some(now + LEASE);
                        holder = Some((token, now + LEASE));
                    }
                },
                Step::Probed { fails, asked } => {
                    let Some((token, _)) = holder.take() else { continue };
                    let word = fails.map(|fails| if fails { failed(false, asked) } else { Word::Well });
                    let hearing = Hearing { word: word.as_ref(), probe: Some(&token), opens: false };
                    prop_assert!(hear(&mut breaker, hearing, &limits, now, chance));
                    match fails {
                        Some(false) => prop_assert_eq!(pass(Some(&breaker), now), Pass::Free),
                        None => prop_assert_eq!(pass(Some(&breaker), now), Pass::Probe),
                        Some(true) => {
                            let Pass::Wait(rest) = pass(Some(&breaker), now) else { panic!("it does not rest") };
                            let asked = Duration::from_secs(asked.unwrap_or_default());
                            prop_assert!(rest >= asked.max(limits.breaker_rest / 2), "{rest:?}");
                            prop_assert!(rest <= asked.max(limits.breaker_longest_rest), "{rest:?}");
                            prop_assert_eq!(breaker.since, before.since);
                        }
                    }
                }
            }
            prop_assert_eq!(breaker.state == Standing::Closed, breaker.reason.is_none());
        }
    }
}

#[test]
fn rests_double_up_to_the_longest() {
    let limits = Limits::default();
    for (chance, expected) in [
        (1.0, [1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000]),
        (0.0, [500, 1000, 2000, 4000, 8000, 16000, 30000, 30000]),
    ] {
        let mut breaker = closed();
        let rests = expected.map(|_| {
            let word = failed(false, None);
            let probe = breaker.probe.clone();
            let hearing = Hearing { word: Some(&word), probe: probe.as_deref(), opens: true };
            assert!(hear(&mut breaker, hearing, &limits, 0, chance));
            let Pass::Wait(rest) = pass(Some(&breaker), 0) else { panic!("it does not rest") };
            breaker.state = Standing::HalfOpen;
            breaker.probe = Some("token".to_owned());
            rest.as_millis()
        });
        assert_eq!(rests, expected);
    }
}

#[test]
fn one_object_alone_never_opens_a_breaker_unless_it_is_the_first_to_be_refused() {
    let mut streak = Streak::default();
    for again in [false, true, true, true, true, true, true, true] {
        assert!(!streak.count("poison", &failed(false, None), again, 5));
    }
    assert!(!streak.count("poison", &failed(true, None), true, 5), "refused again");
    assert!(streak.count("fresh", &failed(true, None), false, 5));
    for other in ["a", "b", "c", "d"] {
        assert!(!streak.count(other, &failed(false, None), false, 5));
    }
    streak.count("e", &Word::Well, false, 5);
    for other in ["a", "b", "c", "d"] {
        assert!(!streak.count(other, &failed(false, None), true, 5), "a success begins anew");
    }
    assert!(streak.count("f", &failed(false, None), true, 5));
}

#[test]
fn a_record_waits_for_the_sides_that_it_needs_and_for_no_other() {
    use Side::{HrFlow, Service};
    let (free, probe, wait) = (None, Some(0), Some(SECOND));
    // How the two breakers of jobs stand (when the next probe is), then for records to be sent and for records to be
    // fetched first: whether they wait, and what they probe.
    for (service, hrflow, ready, unread) in [
        (wait, free, (false, vec![]), (true, vec![])),
        (probe, free, (false, vec![]), (false, vec![Service])),
        (free, wait, (true, vec![]), (true, vec![])),
        (free, probe, (false, vec![HrFlow]), (false, vec![HrFlow])),
        (probe, probe, (false, vec![HrFlow]), (false, vec![Service, HrFlow])),
        (wait, probe, (false, vec![HrFlow]), (true, vec![HrFlow])),
        (probe, wait, (true, vec![]), (true, vec![Service])),
    ] {
        let stand = |side, probe_at: Option<i64>| Breaker {
            state: if probe_at.is_some() { Standing::Open } else { Standing::Closed },
            probe_at,
            ..Breaker::closed("acme", side, Entity::Job, 0)
        };
        let breakers = [stand(Service, service), stand(HrFlow, hrflow)];
        let lanes = lanes(&breakers, Rests::default(), 0).unwrap();
        let of = |entity, unread| {
            let lane = lanes.iter().find(|lane| lane.entity == entity && lane.unread == unread).unwrap();
            (!lane.wait.is_zero(), lane.probes.clone())
        };
        assert_eq!(
            (of(Entity::Job, false), of(Entity::Job, true)),
            (ready, unread),
            "{service:?} {hrflow:?}"
        );
        assert_eq!(
            (of(Entity::Profile, false), of(Entity::Profile, true)),
            ((false, vec![]), (false, vec![]))
        );
    }
    assert_eq!(lanes(&[closed()], Rests::default(), 0), None);
    assert_eq!(lanes(&[], Rests::default(), 0), None);
}

#[test]
fn a_side_that_asks_to_be_left_alone_holds_up_what_needs_it_whatever_its_breaker_says() {
    let minute = Duration::from_mins(1);
    let waits = |rests, breakers: &[Breaker]| {
        let lanes = lanes(breakers, rests, 0).unwrap();
        [false, true].map(|unread| lanes.iter().find(|lane| lane.unread == unread).unwrap().wait)
    };
    let (service, hrflow) =
        (Rests { service: minute, ..Rests::default() }, Rests { hrflow: minute, ..Rests::default() });
    assert_eq!(waits(service, &[]), [Duration::ZERO, minute]);
    assert_eq!(waits(hrflow, &[]), [minute, minute]);
    let probe = Breaker { state: Standing::Open, probe_at: Some(0), ..closed() };
    assert_eq!(waits(hrflow, &[probe]), [minute, minute], "nor is it probed");
}
