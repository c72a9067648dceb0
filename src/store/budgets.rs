//! Budgets of calls that all nodes share, on PostgreSQL: by the rule of one process's own (`http::Quota`), by the
//! database's clock.

use std::time::Duration;

use diesel::pg::PgConnection;
use diesel::sql_types::{BigInt, Text};
use diesel::{OptionalExtension, QueryableByName, RunQueryDsl, sql_query};

use super::backend::Pools;
use super::{Db, Store, now};
use crate::error::{Error, Kind, Result};
use crate::model::{Ask, Clock, Grant};

/// Grants what there is, in one statement: whoever comes at the same moment waits for the row and finds what is left.
/// $1 the budget, $2 calls, $3 the interval, $4 the tolerance, $5 now, $6 the end of a rest and what would be saved up in it.
const GRANT: &str = "\
    WITH before AS (SELECT name, GREATEST(whole_at, $5, $6) AS whole_at FROM budgets WHERE name = $1 FOR UPDATE), \
    given AS (SELECT name, whole_at, CASE WHEN whole_at <= $5 + $4 \
        THEN LEAST($2, ($5 + $4 - whole_at) / $3 + 1) ELSE 0 END AS calls FROM before) \
    UPDATE budgets SET whole_at = given.whole_at + given.calls * $3 FROM given WHERE budgets.name = given.name \
    RETURNING given.calls AS calls, budgets.whole_at AS whole_at";

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    calls: i64,
    #[diesel(sql_type = BigInt)]
    whole_at: i64,
}

impl Store {
    /// Whether other nodes may work on the same database.
    pub fn spans_nodes(&self) -> bool {
        matches!(*self.pools, Pools::Postgres(_))
    }

    /// Grants calls of a budget that all nodes share. A rest is counted from `asked_at`, by the clock's steady time.
    ///
    /// # Errors
    /// `Unavailable` when the database is away.
    pub async fn grant(&self, mut ask: Ask, asked_at: Duration, clock: &Clock) -> Result<Grant> {
        let clock = clock.clone();
        // Among those who read: a statement that commits by itself, for which no query should wait behind writers.
        self.read(move |db| {
            let now = match &clock {
                Clock::System => now(db, &clock)?.timestamp_micros(),
                // A manual clock stands still while a call waits for its turn.
                Clock::Manual(_) => micros(clock.steady()),
            };
            let late = clock.steady().saturating_sub(asked_at);
            ask.rest = ask.rest.map(|rest| rest.saturating_sub(late));
            grant(db, &ask, now)
        })
        .await
    }
}

/// Grants what there is at `now`, in Unix microseconds.
pub fn grant(db: &mut Db<'_>, ask: &Ask, now: i64) -> Result<Grant> {
    let Db::Postgres(connection) = db else {
        return Err(Error::new(Kind::Internal, "budgets are shared on PostgreSQL alone"));
    };
    let row = if let Some(row) = update(connection, ask, now)? {
        row
    } else {
        sql_query("INSERT INTO budgets (name, whole_at) VALUES ($1, 0) ON CONFLICT DO NOTHING")
            .bind::<Text, _>(&ask.budget)
            .execute(*connection)?;
        update(connection, ask, now)?
            .ok_or_else(|| Error::new(Kind::Unavailable, "a budget was taken away"))?
    };
    let next = row.whole_at - micros(ask.rate.tolerance) - now;
    let wait = if row.calls == 0 { u64::try_from(next).unwrap_or_default() } else { 0 };
    Ok(Grant { calls: u32::try_from(row.calls).unwrap_or_default(), wait: Duration::from_micros(wait) })
}

fn update(connection: &mut PgConnection, ask: &Ask, now: i64) -> Result<Option<Row>> {
    let tolerance = micros(ask.rate.tolerance);
    // Nothing is saved up during a rest.
    let not_before = ask.rest.map_or(0, |rest| now + micros(rest) + tolerance);
    let row = sql_query(GRANT)
        .bind::<Text, _>(&ask.budget)
        .bind::<BigInt, _>(i64::from(ask.calls))
        .bind::<BigInt, _>(micros(ask.rate.interval).max(1))
        .bind::<BigInt, _>(tolerance)
        .bind::<BigInt, _>(now)
        .bind::<BigInt, _>(not_before)
        .get_result(connection)
        .optional()?;
    Ok(row)
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
