//! The pace of calls: one 429 is everybody's, and nodes on one database keep one quota together.

use std::sync::Arc;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::sql_types::{BigInt, Text};
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, sql_query};
use oem_connector::flows::lease::Leased;
use oem_connector::flows::{Context, index, lease};
use oem_connector::model::{Ask, Entity, Grant, Rate};
use oem_connector::server;
use oem_connector::store::{Store, budgets};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::json;
use tokio::task::JoinSet;

use crate::support::{Backend, Fault, OPERATOR_KEY, Wishes, World, answer, backends};

const SEARCH: &str = "/v1/profiles/searching";

/// A world that waits for its turn only briefly, in which so many profiles are due.
async fn due(backend: Backend, count: usize, wishes: Wishes) -> World {
    let world = World::with(backend, wishes).await;
    for number in 0..count {
        let id = format!("P{number}");
        world.has_profile(&id, "Nurse");
        world.announce("profile_create", &id).await;
    }
    world
}

fn impatient() -> Wishes {
    Wishes { call_timeout: Duration::from_millis(400), ..Wishes::default() }
}

async fn lease(context: &Context, count: usize) -> Vec<Leased> {
    let leased = lease::claim(context, context.partner("acme").unwrap(), count).await.unwrap();
    assert_eq!(leased.len(), count);
    leased
}

/// Works on all of these at once.
async fn work(context: &Arc<Context>, leased: Vec<Leased>) {
    let mut running = JoinSet::new();
    for one in leased {
        let context = context.clone();
        running.spawn(async move {
            index::work(&context, context.partner("acme").unwrap(), one).await.unwrap();
        });
    }
    while let Some(ended) = running.join_next().await {
        ended.unwrap();
    }
}

/// Lets every wait pass and works off what is due, until all of it is in HrFlow.
async fn until_indexed(world: &World, count: u64) {
    for _ in 0..20 {
        world.advance(301);
        world.settle().await;
        if world.count_in_hrflow(Entity::Profile).await == count {
            return;
        }
    }
    panic!("not all of them came: {}", world.count_in_hrflow(Entity::Profile).await);
}

#[actix_web::test]
async fn after_one_429_of_hrflow_no_other_record_and_no_query_calls_until_the_wait_is_over() {
    for backend in backends() {
        for (status, code) in [(429, "rate_limited"), (503, "upstream_unavailable")] {
            let world = due(backend, 15, impatient()).await;
            world.hrflow_side.fail_times(
                usize::MAX,
                "POST",
                "/profile/indexing",
                Fault::Status(status, Some(600)),
            );
            let mut leased = lease(&world.context, 15).await;
            work(&world.context, leased.split_off(14)).await;
            assert_eq!(world.hrflow_side.requests().len(), 1);
            work(&world.context, leased).await;
            let refused = world.get(SEARCH).await;
            assert_eq!((refused.status.as_u16(), &refused.body["code"]), (status, &json!(code)));
            assert!(!refused.headers.contains_key("ratelimit"), "nobody used up a quota");
            let wait: u64 = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
            assert!((300..=600).contains(&wait), "{wait}");
            assert_eq!(world.hrflow_side.requests().len(), 1, "one call told us all of it");
            let record = world.record("profiles", "P3").await;
            assert_eq!((&record["state"], &record["attempts"]), (&json!("pending"), &json!(0)), "{record}");

            world.hrflow_side.heal();
            world.advance(600);
            assert_eq!(world.get(SEARCH).await.status, 200);
            until_indexed(&world, 15).await;
        }
    }
}

#[actix_web::test]
async fn after_one_429_of_the_partner_neither_records_nor_pulls_call_until_the_wait_is_over() {
    for backend in backends() {
        for status in [429, 503] {
            let world = due(backend, 15, impatient()).await;
            world.partner_side.fail_times(usize::MAX, "GET", "/candidates", Fault::Status(status, Some(600)));
            let mut leased = lease(&world.context, 15).await;
            work(&world.context, leased.split_off(14)).await;
            work(&world.context, leased).await;
            let pull = world.pull("profiles", "full").await;
            assert_eq!(
                (&pull["state"], &pull["problem"]),
                (&json!("failed"), &json!("the partner's service asked us to wait"))
            );
            assert_eq!(world.partner_side.requests().len(), 1, "one call told us all of it");

            world.partner_side.heal();
            world.advance(600);
            assert_eq!(world.pull("profiles", "full").await["state"], "done");
            until_indexed(&world, 15).await;
        }
    }
}

#[actix_web::test]
async fn a_429_to_a_query_holds_up_writes_too_and_the_metrics_show_it() {
    for backend in backends() {
        let world = due(backend, 3, impatient()).await;
        let leased = lease(&world.context, 3).await;
        world.hrflow_side.fail("GET", "/profiles/searching", Fault::Status(429, Some(600)));
        assert_eq!(world.get(SEARCH).await.status, 429);
        work(&world.context, leased).await;
        assert_eq!(world.hrflow_side.writes(), 0);
        assert_eq!(pace(&world, "hrflow").await, "0");
        assert_eq!(pace(&world, "partner").await, "1", "the other side is not to blame");
        until_indexed(&world, 3).await;
        world.advance(60);
        assert_eq!(pace(&world, "hrflow").await, "1", "it comes back");
    }
}

async fn pace(world: &World, side: &str) -> String {
    let request = world.client.get(format!("{}/metrics", world.address)).header("X-API-KEY", OPERATOR_KEY);
    let text = answer(request).await.body.as_str().unwrap().to_owned();
    let name = format!("oem_pace_ratio{{partner=\"acme\",side=\"{side}\"}} ");
    text.lines().find_map(|line| line.strip_prefix(&name)).unwrap().to_owned()
}

#[derive(Debug, QueryableByName)]
struct Budget {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = BigInt)]
    whole_at: i64,
}

fn kept(world: &World) -> Vec<Budget> {
    let mut connection = PgConnection::establish(&world.database.url).unwrap();
    sql_query("SELECT name, whole_at FROM budgets").load(&mut connection).unwrap()
}

fn on_postgres() -> bool {
    backends().contains(&Backend::Postgres)
}

#[actix_web::test]
async fn two_nodes_together_keep_the_quota_of_one() {
    if !on_postgres() {
        return;
    }
    // Of 600 a minute 420 are the writes', seven of which may be saved up.
    let wishes =
        Wishes { requests_per_minute: 600, call_timeout: Duration::from_secs(2), ..Wishes::default() };
    let world = due(Backend::Postgres, 40, wishes).await;
    let other = server::context(&world.config, world.clock.clone()).await.unwrap();
    let (ours, theirs) = (lease(&world.context, 20).await, lease(&other, 20).await);
    let begun = Instant::now();
    tokio::join!(work(&world.context, ours), work(&other, theirs));
    let rate = Rate::per_minute(420, 7);
    let allowed = (begun.elapsed() + rate.tolerance).as_micros() / rate.interval.as_micros() + 1;
    // A grant is at most 100 ms' worth, here one call, and each node may hold one when the time begins.
    let made = world.hrflow_side.writes();
    assert!(made as u128 <= allowed + 2, "{made} of {allowed}");
    assert!(made > 0);
    let names: Vec<String> = kept(&world).into_iter().map(|budget| budget.name).collect();
    assert!(names.iter().any(|name| name.starts_with("hrflow ") && name.ends_with(" writes")), "{names:?}");
    assert!(names.contains(&"partner acme".to_owned()), "{names:?}");
    assert!(!names.iter().any(|name| name.contains(crate::support::API_KEY)), "{names:?}");
    until_indexed(&world, 40).await;
}

#[actix_web::test]
async fn a_429_of_one_node_holds_up_the_others() {
    if !on_postgres() {
        return;
    }
    let world = due(Backend::Postgres, 11, impatient()).await;
    let other = server::context(&world.config, world.clock.clone()).await.unwrap();
    world.hrflow_side.fail_times(usize::MAX, "POST", "/profile/indexing", Fault::Status(429, Some(600)));
    let (ours, theirs) = (lease(&world.context, 1).await, lease(&other, 10).await);
    work(&world.context, ours).await;
    // The other nodes are told beside the work.
    let rests = |budget: &Budget| {
        let now = i64::try_from(world.clock.steady().as_micros()).unwrap();
        budget.name.starts_with("hrflow ") && budget.whole_at > now + 300_000_000
    };
    let told = async {
        while kept(&world).iter().filter(|budget| rests(budget)).count() < 2 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), told).await.unwrap();
    work(&other, theirs).await;
    assert_eq!(world.hrflow_side.writes(), 1);
    world.hrflow_side.heal();
    until_indexed(&world, 11).await;
}

#[actix_web::test]
async fn while_the_shared_quota_cannot_be_asked_queries_are_answered_and_writes_wait() {
    if !on_postgres() {
        return;
    }
    let world = due(Backend::Postgres, 1, impatient()).await;
    let leased = lease(&world.context, 1).await;
    let mut blockade = PgConnection::establish(&world.database.url).unwrap();
    blockade.batch_execute("BEGIN; LOCK TABLE budgets IN ACCESS EXCLUSIVE MODE").unwrap();
    assert_eq!(world.get(SEARCH).await.status, 200);
    work(&world.context, leased).await;
    assert_eq!((world.partner_side.requests().len(), world.hrflow_side.writes()), (0, 0));
    let record = world.record("profiles", "P0").await;
    assert_eq!((&record["state"], &record["attempts"]), (&json!("pending"), &json!(0)), "{record}");
    blockade.batch_execute("ROLLBACK").unwrap();
    until_indexed(&world, 1).await;
}

/// The rule, a call at a time.
#[derive(Default)]
struct Model {
    whole_at: i64,
}

impl Model {
    fn grant(&mut self, ask: &Ask, now: i64) -> Grant {
        let micros = |duration: Duration| i64::try_from(duration.as_micros()).unwrap();
        let (interval, tolerance) = (micros(ask.rate.interval), micros(ask.rate.tolerance));
        self.whole_at = self.whole_at.max(now);
        if let Some(rest) = ask.rest {
            self.whole_at = self.whole_at.max(now + micros(rest) + tolerance);
        }
        let mut calls = 0;
        while calls < ask.calls && self.whole_at - tolerance <= now {
            self.whole_at += interval;
            calls += 1;
        }
        let wait = if calls == 0 { (self.whole_at - tolerance - now).max(0) } else { 0 };
        Grant { calls, wait: Duration::from_micros(u64::try_from(wait).unwrap()) }
    }
}

#[actix_web::test]
async fn the_database_grants_what_the_rule_grants_a_call_at_a_time_whoever_asks() {
    if !on_postgres() {
        return;
    }
    let world = World::new(Backend::Postgres).await;
    for seed in 0..20 {
        let store: Store = world.context.store.clone();
        store.read(move |db| history(db, seed)).await.unwrap();
    }
}

/// Nodes of different speeds ask one budget at random moments, and sometimes rest.
fn history(db: &mut oem_connector::store::Db<'_>, seed: u64) -> oem_connector::error::Result<()> {
    let mut random = StdRng::seed_from_u64(seed);
    let (mut model, mut now) = (Model::default(), 1_000_000_000_i64);
    let rate = Rate::per_minute(random.random_range(1..5_000), random.random_range(1..40));
    let mut granted: Vec<(i64, u32)> = Vec::new();
    for _ in 0..60 {
        now += random.random_range(0..400_000);
        let resting = random.random_ratio(1, 15);
        let ask = Ask {
            budget: format!("history {seed}"),
            calls: if resting { 0 } else { random.random_range(1..12) },
            rate: rate.slowed(f64::from(random.random_range(1..=4)) / 4.0),
            rest: resting.then(|| Duration::from_millis(random.random_range(0..3_000))),
        };
        let grant = budgets::grant(db, &ask, now)?;
        assert_eq!(grant, model.grant(&ask, now), "seed {seed}: {ask:?} at {now}");
        granted.push((now, grant.calls));
    }
    for (first, (from, _)) in granted.iter().enumerate() {
        let mut sum = 0;
        for (to, calls) in &granted[first..] {
            sum += u128::from(*calls);
            let span = Duration::from_micros(u64::try_from(to - from).unwrap()) + rate.tolerance;
            assert!(sum <= span.as_micros() / rate.interval.as_micros() + 1, "seed {seed}: {from} to {to}");
        }
    }
    Ok(())
}

#[actix_web::test]
async fn while_a_side_asks_to_be_left_alone_nothing_that_needs_it_is_claimed_or_put_off() {
    for backend in backends() {
        let world = due(backend, 9, Wishes::default()).await;
        world.hrflow_side.fail("POST", "/profile/indexing", Fault::Status(429, Some(600)));
        work(&world.context, lease(&world.context, 1).await).await;
        assert!(lease::claim(&world.context, world.acme(), 9).await.unwrap().is_empty());
        assert_eq!((world.partner_side.requests().len(), world.hrflow_side.requests().len()), (1, 1));
        let next = lease::next_due_in(&world.context, world.acme()).await.unwrap().unwrap();
        assert!(next > Duration::from_mins(8), "nor does the worker look before: {next:?}");

        // A side that is not needed holds up nothing: an archive is not fetched.
        world.advance(600);
        world.partner_side.fail("GET", "/candidates", Fault::Status(429, Some(600)));
        world.hrflow_side.forget();
        work(&world.context, lease(&world.context, 1).await).await;
        world.announce("profile_archive", "P8").await;
        world.settle().await;
        assert_eq!(world.hrflow_side.writes(), 1);
        assert_eq!(world.record("profiles", "P8").await["state"], "archived");
        world.advance(600);
        until_indexed(&world, 8).await;
    }
}
