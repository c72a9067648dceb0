//! `move`: from SQLite to PostgreSQL, with nothing lost, nothing twice and nobody else at work meanwhile.

use std::panic::{AssertUnwindSafe, catch_unwind};

use chrono::{DateTime, Utc};
use diesel::connection::SimpleConnection;
use diesel::sql_types::Text;
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, SqliteConnection};
use oem_connector::error::Kind;
use oem_connector::model::Clock;
use oem_connector::store::Store;
use oem_connector::store::transfer::{self, Compared, Progress};
use serde_json::{Value, json};

use crate::process::{Process, Site, printed, references, run};
use crate::support::{Backend, Database, backends};

/// An SQLite database and an empty PostgreSQL one; nothing where there is none, which `backends` says aloud.
fn both() -> Option<(Database, Database)> {
    backends().contains(&Backend::Postgres).then(|| {
        let _ = rustls::crypto::ring::default_provider().install_default();
        (Database::new(Backend::Sqlite), Database::new(Backend::Postgres))
    })
}

fn now() -> DateTime<Utc> {
    crate::support::start_of_time()
}

async fn migrate(database: &Database) {
    let (url, clock) = (database.url.clone(), Clock::manual(now()));
    let store = tokio::task::spawn_blocking(move || Store::open(&url, &clock, 1).unwrap()).await.unwrap();
    store.migrate().await.unwrap();
}

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

fn names(connection: &mut SqliteConnection, query: &str) -> Vec<String> {
    let names: Vec<Name> = diesel::sql_query(query).load(connection).unwrap();
    names.into_iter().map(|row| row.name).collect()
}

/// Every table of the ledger, whatever the move thinks: all but SQLite's own, the migrations' and the move's.
fn tables(connection: &mut SqliteConnection) -> Vec<String> {
    let query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' \
        AND name NOT IN ('__diesel_schema_migrations', 'moves', 'stamps') ORDER BY name";
    names(connection, query)
}

/// Writes rows into every table there is, with a value of its own in every column but some that are absent.
fn fill(database: &Database, rows: usize) -> Vec<String> {
    let connection = &mut database.sqlite();
    let tables = tables(connection);
    for table in &tables {
        let columns =
            |what: &str| format!("SELECT {what} AS name FROM pragma_table_info('{table}') ORDER BY cid");
        let value = "CASE WHEN type = 'TEXT' AND (\"notnull\" OR cid % 2) THEN '''' || name || ' é \"\\ '' || n' \
            WHEN \"notnull\" OR pk OR cid % 2 THEN 'n' ELSE 'CASE WHEN n % 3 THEN n END' END";
        let (into, values) = (names(connection, &columns("name")), names(connection, &columns(value)));
        let insert = format!(
            "WITH RECURSIVE numbers (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM numbers WHERE n < {rows}) \
             INSERT INTO {table} ({}) SELECT {} FROM numbers",
            into.join(", "),
            values.join(", ")
        );
        connection.batch_execute(&insert).unwrap_or_else(|cause| panic!("{table}: {cause}"));
    }
    connection.batch_execute("UPDATE stamps SET value = 4711").unwrap();
    tables
}

fn quietly(_: Progress<'_>) {}

fn moved(from: &Database, to: &Database) -> Vec<Compared> {
    transfer::run(&from.url, &to.url, now(), &mut quietly).unwrap()
}

fn refusal(from: &str, to: &str) -> (Kind, String) {
    let refused = transfer::run(from, to, now(), &mut quietly).unwrap_err();
    (refused.kind(), refused.to_string())
}

#[actix_web::test]
async fn every_table_there_is_arrives_as_it_was() {
    let Some((from, to)) = both() else { return };
    migrate(&from).await;
    let tables = fill(&from, 30);
    let compared = moved(&from, &to);
    let known: Vec<&str> = compared.iter().map(|table| table.table.as_str()).collect();
    assert_eq!(known, tables, "the move carries every table of the schema");
    for Compared { table, source, target } in &compared {
        assert_eq!((source.rows, source), (30, target), "{table}");
        assert_eq!(to.number(&format!("SELECT count(*) FROM {table}")), 30, "{table}");
    }
    let text = "SELECT count(*) FROM deliveries WHERE event_date = 'event_date é \"\\ 7' AND received_at = 7";
    assert_eq!(to.number(text), 1, "a value is what it was");
    assert_eq!(to.number("SELECT nextval('stamps')"), 4712, "no number is given twice");

    let again = moved(&from, &to);
    assert_eq!(again, compared, "a move that has ended is only compared again");
    assert_eq!(to.number("SELECT nextval('stamps')"), 4713);
}

#[actix_web::test]
async fn a_move_that_was_broken_off_goes_on_where_it_was() {
    let Some((from, to)) = both() else { return };
    migrate(&from).await;
    let tables = fill(&from, 2_500);
    for stop_at in [1, 3] {
        let mut batches = 0;
        let mut first = None;
        let broken = catch_unwind(AssertUnwindSafe(|| {
            transfer::run(&from.url, &to.url, now(), &mut |progress| {
                first.get_or_insert(progress.done);
                batches += 1;
                assert!(batches < stop_at, "broken off");
            })
        }));
        assert!(broken.is_err());
        assert!(stop_at == 1 || first > Some(2_000), "it began at {first:?} again");
    }
    assert!(to.number("SELECT count(*) FROM moves WHERE finished_at IS NULL") == 1);
    let compared = moved(&from, &to);
    assert_eq!(compared.len(), tables.len());
    assert!(compared.iter().all(|table| table.source == table.target && table.target.rows == 2_500));
}

#[actix_web::test]
async fn nothing_serves_from_a_database_that_is_half_filled() {
    let Some((from, to)) = both() else { return };
    migrate(&from).await;
    fill(&from, 10);
    let mut stop = |_: Progress<'_>| panic!("broken off");
    assert!(catch_unwind(AssertUnwindSafe(|| transfer::run(&from.url, &to.url, now(), &mut stop))).is_err());
    let site = Site::new(Backend::Sqlite);
    site.configure(&site.database.url, &to.url);
    let (code, _, err) = printed(&run(&["serve", "--config", site.config()]).await);
    assert_eq!(code, Some(1), "{err}");
    assert!(err.contains("half filled from") && err.contains("run `move` again"), "{err}");
}

#[actix_web::test]
async fn a_database_that_somebody_uses_is_not_moved() {
    let Some((from, to)) = both() else { return };
    migrate(&from).await;
    let open = async |database: &Database| {
        let (url, clock) = (database.url.clone(), Clock::manual(now()));
        tokio::task::spawn_blocking(move || Store::open(&url, &clock, 1).unwrap()).await.unwrap()
    };
    let held = open(&from).await;
    let (kind, told) = refusal(&from.url, &to.url);
    assert_eq!((kind, told.contains("the source is in use")), (Kind::Conflict, true), "{told}");
    drop(held);
    let held = open(&to).await;
    let (kind, told) = refusal(&from.url, &to.url);
    assert_eq!((kind, told.contains("the target is in use")), (Kind::Conflict, true), "{told}");
    drop(held);
    assert!(moved(&from, &to).iter().all(|table| table.source == table.target));
}

#[actix_web::test]
async fn a_target_with_a_ledger_of_its_own_is_left_alone() {
    let Some((from, to)) = both() else { return };
    let another = Database::new(Backend::Sqlite);
    migrate(&from).await;
    migrate(&another).await;
    fill(&from, 3);
    moved(&from, &to);
    let (kind, told) = refusal(&another.url, &to.url);
    assert_eq!((kind, told.contains("take an empty database")), (Kind::Conflict, true), "{told}");
    PgConnection::establish(&to.url).unwrap().batch_execute("DELETE FROM moves").unwrap();
    let (kind, told) = refusal(&from.url, &to.url);
    assert_eq!((kind, told.contains("a ledger of its own")), (Kind::Conflict, true), "{told}");
    assert_eq!(to.number("SELECT count(*) FROM records"), 3);
}

#[actix_web::test]
async fn what_cannot_be_moved_is_named() {
    let Some((from, to)) = both() else { return };
    for (source, target, field) in [
        (to.url.as_str(), to.url.as_str(), "from: must be sqlite://FILE"),
        (from.url.as_str(), to.url.as_str(), "from: must be a file that exists"),
    ] {
        let (kind, told) = refusal(source, target);
        assert_eq!((kind, told.contains(field)), (Kind::Invalid, true), "{told}");
    }
    migrate(&from).await;
    let (kind, told) = refusal(&from.url, &from.url);
    assert_eq!((kind, told.contains("to: must be postgres://")), (Kind::Invalid, true), "{told}");
}

#[actix_web::test]
async fn a_service_goes_on_from_the_other_database_as_if_nothing_had_happened() {
    let Some((_, to)) = both() else { return };
    let site = Site::new(Backend::Sqlite);
    references(0..12).for_each(|reference| site.has_profile(&reference));
    let mut serve = site.serve();
    site.start_pull(&serve).await;
    let first = site.announce(&serve, "P03").await.body["id"].clone();
    site.until_indexed(&serve, references(0..12)).await;
    let path = "/v1/records/profiles/P05?partner=acme";
    let before = site.get(&serve, path).await.body;
    let arguments = ["move", "--from", &site.database.url, "--to", &to.url];
    let (code, _, err) = printed(&run(&arguments).await);
    assert_eq!(code, Some(1), "{err}");
    assert!(err.contains("the source is in use"), "{err}");

    serve.terminate();
    assert_eq!(serve.exit_code().await, Some(0));
    let (code, out, err) = printed(&run(&arguments).await);
    assert_eq!((code, out.lines().last()), (Some(0), Some("everything has arrived")), "{err}");

    site.configure(&site.database.url, &to.url);
    let serve: Process = site.serve();
    assert_eq!(site.get(&serve, path).await.body, before);
    let repeated = site.announce(&serve, "P03").await;
    assert_eq!((repeated.body["status"].as_str(), &repeated.body["id"]), (Some("duplicate"), &first));
    site.has_profile("P99");
    assert_eq!(site.announce(&serve, "P99").await.status, 202);
    site.until_indexed(&serve, ["P99".to_owned()].into_iter()).await;
    drop(serve);

    let (code, out, _) = printed(&run(&[&arguments[..], &["--json"]].concat()).await);
    let told: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &told["equal"]), (Some(1), &json!(false)), "it has a life of its own now: {told}");
    let records =
        told["tables"].as_array().unwrap().iter().find(|table| table["table"] == "records").unwrap();
    assert_eq!((&records["source"]["rows"], &records["target"]["rows"]), (&json!(12), &json!(13)));
    assert_eq!(records["equal"], false);
}
