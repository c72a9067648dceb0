//! The walk through the ledger that an export begins with: by an index, however large the ledger is.

use std::sync::{Arc, Mutex};

use diesel::RunQueryDsl;
use diesel::connection::{Connection, InstrumentationEvent, SimpleConnection};
use diesel::dsl::sql;
use diesel::sql_types::{Bool, Integer, Text};
use oem_connector::store::{Db, exports};
use serde_json::json;

use super::start;
use crate::support::{Wishes, backends, hospital};

#[actix_web::test]
async fn the_walk_through_the_ledger_reads_the_index_of_what_hrflow_shows() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        let id = start(&world, &json!({"ranked": "profiles", "top": 1})).await;
        let walk = world.context.store.write(move |db| {
            let mut export = exports::find(db, "acme", &id)?.unwrap();
            let asked = Arc::new(Mutex::new(Vec::new()));
            match db {
                // So small a table is read whole where that is allowed.
                Db::Postgres(c) => c.batch_execute("SET LOCAL enable_seqscan = off").unwrap(),
                Db::Sqlite(c) => {
                    let asked = asked.clone();
                    c.set_instrumentation(move |event: InstrumentationEvent<'_>| {
                        if let InstrumentationEvent::StartQuery { query, .. } = event {
                            asked.lock().unwrap().push(query.to_string());
                        }
                    });
                }
            }
            exports::lines::walk(db, &mut export, 0)?;
            assert_eq!(export.planned, 2);
            Ok(match db {
                Db::Postgres(c) => {
                    let used = sql::<Bool>("pg_stat_get_xact_numscans('records_shown'::regclass) > 0");
                    diesel::select(used).get_result::<bool>(*c).unwrap()
                }
                Db::Sqlite(c) => {
                    let asked = asked.lock().unwrap().clone();
                    let query = asked.iter().find(|query| query.contains("FROM `records`")).unwrap();
                    let plan =
                        sql::<(Integer, Integer, Integer, Text)>(&format!("EXPLAIN QUERY PLAN {query}"));
                    let plan: Vec<(i32, i32, i32, String)> = plan.load(*c).unwrap();
                    plan.len() == 1 && plan[0].3.contains("USING COVERING INDEX records_shown")
                }
            })
        });
        assert!(walk.await.unwrap(), "{backend:?}");
    }
}
