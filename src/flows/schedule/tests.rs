#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use crate::config::QuietHours;
use crate::model::{parse_date, rfc3339};

fn at(text: &str) -> DateTime<Utc> {
    parse_date(text).unwrap()
}

fn schedule(delta_minutes: u64, full_days: u64, quiet: Option<(&str, &str)>) -> Schedule {
    let every = |count: u64, unit: u64| (count > 0).then(|| Duration::from_secs(count * unit));
    Schedule {
        delta: every(delta_minutes, 60),
        full: every(full_days, 24 * 60 * 60),
        quiet: quiet.map(|(hours, zone)| QuietHours::parse(hours, zone).unwrap()),
    }
}

fn past(asked_at: &str, stands: Stands) -> Past {
    Past { asked_at: at(asked_at), stands }
}

/// The next run of one mode: when, and whether quiet hours hold it.
fn next(schedule: &Schedule, history: &History, mode: Mode, now: &str) -> (Option<String>, bool) {
    let runs = next_runs("acme/profiles", schedule, history, at(now));
    let run = runs.into_iter().find(|run| run.mode == mode).unwrap();
    (run.at.map(rfc3339), run.held)
}

#[test]
fn without_any_pull_a_full_one_is_due_at_once_and_a_delta_waits_for_it() {
    let (both, nothing) = (schedule(15, 7, None), History::default());
    let now = "2026-11-22T12:00:00Z";
    assert_eq!(next(&both, &nothing, Mode::Full, now), (Some(now.to_owned()), false));
    assert_eq!(next(&both, &nothing, Mode::Delta, now), (None, false));
    let delta_alone = schedule(15, 0, None);
    assert_eq!(next(&delta_alone, &nothing, Mode::Delta, now), (Some(now.to_owned()), false));
    assert!(next_runs("acme/profiles", &schedule(0, 0, None), &nothing, at(now)).is_empty());
}

#[test]
fn runs_fall_on_slots_of_their_own_that_lie_an_interval_apart() {
    let both = schedule(60, 7, None);
    let mut asked_at = at("2026-11-22T12:00:00Z");
    let mut minutes = Vec::new();
    for _ in 0..5 {
        let history = History {
            delta: Some(Past { asked_at, stands: Stands::Whole }),
            has_cursor: true,
            ..History::default()
        };
        let runs = next_runs("acme/profiles", &both, &history, asked_at);
        let next = runs.iter().find(|run| run.mode == Mode::Delta).unwrap().at.unwrap();
        minutes.push((next - asked_at).num_minutes());
        // Whether it starts on time or twenty minutes late, the next slot is the same.
        asked_at = next + TimeDelta::minutes(if minutes.len() == 3 { 20 } else { 0 });
    }
    assert!((30..90).contains(&minutes[0]), "{minutes:?}");
    assert_eq!(minutes[1..], [60, 60, 40, 60]);
    let slots: std::collections::HashSet<i64> = (0..50)
        .map(|number| {
            let history = History {
                full: Some(past("2026-11-22T12:00:00Z", Stands::Whole)),
                has_cursor: true,
                ..History::default()
            };
            let runs = next_runs(&format!("partner-{number}"), &both, &history, asked_at);
            runs.iter().find(|run| run.mode == Mode::Full).unwrap().at.unwrap().timestamp() / 60
        })
        .collect();
    assert!(slots.len() > 45, "fifty partners start at {} times", slots.len());
}

#[test]
fn a_full_pull_counts_as_a_delta_unless_it_failed() {
    let both = schedule(60, 7, None);
    let history = |stands| History {
        full: Some(past("2026-11-22T12:00:00Z", stands)),
        delta: Some(past("2026-11-22T10:00:00Z", Stands::Whole)),
        has_cursor: true,
    };
    let now = "2026-11-22T12:10:00Z";
    let (after_whole, _) = next(&both, &history(Stands::Whole), Mode::Delta, now);
    assert!(at(&after_whole.unwrap()) >= at("2026-11-22T12:30:00Z"));
    let failed = Stands::Failed { at: at("2026-11-22T12:05:00Z"), resumes: true };
    assert_eq!(next(&both, &history(failed), Mode::Delta, now).0.as_deref(), Some(now), "it is overdue");
}

#[test]
fn a_failed_pull_is_tried_again_after_a_while() {
    for (minutes, resumes, expected) in [
        (60, true, "2026-11-22T12:20:00Z"),
        (60, false, "2026-11-22T13:10:00Z"),
        (5, true, "2026-11-22T12:15:00Z"),
        (5, false, "2026-11-22T12:15:00Z"),
    ] {
        let failed = Stands::Failed { at: at("2026-11-22T12:10:00Z"), resumes };
        let history = History {
            delta: Some(past("2026-11-22T12:00:00Z", failed)),
            has_cursor: true,
            ..History::default()
        };
        let next = next(&schedule(minutes, 0, None), &history, Mode::Delta, "2026-11-22T12:10:00Z");
        assert_eq!(next.0.as_deref(), Some(expected), "{minutes} {resumes}");
    }
}

#[test]
fn quiet_hours_hold_by_the_clocks_of_their_zone() {
    for (hours, zone, now, expected) in [
        ("22:00-06:00", "UTC", "2026-11-22T21:59:59Z", None),
        ("22:00-06:00", "UTC", "2026-11-22T22:00:00Z", Some("2026-11-23T06:00:00Z")),
        ("22:00-06:00", "UTC", "2026-11-23T05:59:59.5Z", Some("2026-11-23T06:00:00Z")),
        ("22:00-06:00", "UTC", "2026-11-23T06:00:00Z", None),
        ("08:00-18:00", "+02:00", "2026-11-22T06:30:00Z", Some("2026-11-22T16:00:00Z")),
        ("08:00-18:00", "+02:00", "2026-11-22T16:00:00Z", None),
        // Winter and summer in Paris.
        ("22:00-06:00", "Europe/Paris", "2026-01-15T21:30:00Z", Some("2026-01-16T05:00:00Z")),
        ("22:00-06:00", "Europe/Paris", "2026-07-15T20:30:00Z", Some("2026-07-16T04:00:00Z")),
        ("22:00-06:00", "Europe/Paris", "2026-07-15T19:30:00Z", None),
        // The night in which clocks go forward, from 02:00 to 03:00, is an hour short: also where it has no end.
        ("22:00-06:00", "Europe/Paris", "2026-03-28T21:00:00Z", Some("2026-03-29T04:00:00Z")),
        ("22:00-02:30", "Europe/Paris", "2026-03-28T21:00:00Z", Some("2026-03-29T01:00:00Z")),
        // The night in which they go back, from 03:00 to 02:00, is an hour long, and half past two comes twice.
        ("22:00-06:00", "Europe/Paris", "2026-10-24T20:00:00Z", Some("2026-10-25T05:00:00Z")),
        ("22:00-02:30", "Europe/Paris", "2026-10-24T20:00:00Z", Some("2026-10-25T00:30:00Z")),
        ("22:00-02:30", "Europe/Paris", "2026-10-25T00:45:00Z", None),
        ("22:00-02:30", "Europe/Paris", "2026-10-25T01:15:00Z", Some("2026-10-25T01:30:00Z")),
    ] {
        let quiet = QuietHours::parse(hours, zone).unwrap();
        let end = quiet.hold(at(now)).then(|| rfc3339(quiet.end(at(now))));
        assert_eq!(end.as_deref(), expected, "{hours} {zone} at {now}");
    }
}

#[test]
fn what_falls_into_quiet_hours_runs_spread_after_their_end() {
    let nightly = schedule(60, 7, Some(("22:00-06:00", "UTC")));
    let history = |asked_at: &str| History {
        delta: Some(past(asked_at, Stands::Whole)),
        has_cursor: true,
        full: Some(past("2026-11-22T00:00:00Z", Stands::Whole)),
    };
    let end = at("2026-11-23T06:00:00Z");
    let (held_until, held) =
        next(&nightly, &history("2026-11-22T21:50:00Z"), Mode::Delta, "2026-11-22T23:30:00Z");
    let held_until = at(&held_until.unwrap());
    assert!(held && held_until >= end && held_until < end + SPREAD, "{held_until}");
    // The same when it is looked at once more after the end, so that partners do not start together.
    let after = next(&nightly, &history("2026-11-22T21:50:00Z"), Mode::Delta, "2026-11-23T06:00:00Z").0;
    assert_eq!(at(&after.unwrap()), held_until);
    // What was due before them and could not start waits for their end too.
    let (overdue, held) =
        next(&nightly, &history("2026-11-22T12:00:00Z"), Mode::Delta, "2026-11-22T23:30:00Z");
    assert!(held && at(&overdue.unwrap()) >= end);
    // Quiet hours of all the day but a minute still end.
    let all_day = schedule(60, 0, Some(("06:01-06:00", "UTC")));
    let due = next(&all_day, &History::default(), Mode::Delta, "2026-11-22T12:00:00Z");
    assert_eq!(due, (Some("2026-11-23T06:00:00Z".to_owned()), true));
}
