//! Paging by cursor: each object once, also while objects change.

use std::collections::BTreeSet;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use oem_connector::flows::{export, retention};
use oem_connector::model::Entity;
use oem_connector::server::{self, Serving};
use oem_connector::store::{Db, Snapshot, snapshots};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};

use crate::support::{Answer, Backend, Database, Fault, OTHER_KEY, PARTNER_KEY, World, answer, backends};

const SCORE: &str = "/v1/profiles/scoring?job_reference=J1&limit=3";
const TITLES: [&str; 6] = ["Night nurse", "Nurse", "Day nurse", "Sailor", "Cook", "Nurse and cook"];

/// A world with one job and as many profiles.
async fn crew(backend: Backend, count: usize) -> World {
    let world = World::new(backend).await;
    world.has_job("J1", "Night nurse");
    for number in 0..count {
        world.has_profile(&format!("P{number:02}"), TITLES[number % TITLES.len()]);
    }
    world.import().await;
    world
}

fn references(answer: &Answer) -> Vec<String> {
    let items = answer.body["items"].as_array().unwrap_or_else(|| panic!("{}", answer.body));
    items.iter().map(|item| item["reference"].as_str().unwrap().to_owned()).collect()
}

/// Where an answer goes on.
fn next(answer: &Answer, path: &str) -> Option<String> {
    Some(format!("{path}&cursor={}", answer.body["next_cursor"].as_str()?))
}

/// All answers of a walk, doing something between two of them.
async fn walk(world: &World, path: &str, mut between: impl AsyncFnMut()) -> Vec<Answer> {
    let mut answers = vec![world.get(path).await];
    while let Some(path) = next(answers.last().unwrap(), path) {
        between().await;
        answers.push(world.get(&path).await);
    }
    answers
}

fn all_references(answers: &[Answer]) -> Vec<String> {
    answers.iter().flat_map(references).collect()
}

fn code(answer: &Answer) -> (u16, &str) {
    (answer.status.as_u16(), answer.body["code"].as_str().unwrap_or_default())
}

#[actix_web::test]
async fn a_walk_gives_each_object_once_and_asks_hrflow_twice() {
    for backend in backends() {
        let world = crew(backend, 8).await;
        let whole = world.get("/v1/profiles/scoring?job_reference=J1").await;
        assert_eq!(
            (whole.body["next_cursor"].clone(), whole.body["truncated"].clone()),
            (Value::Null, json!(false))
        );
        for (path, plain) in [
            (SCORE, "/v1/profiles/scoring?job_reference=J1"),
            ("/v1/profiles/searching?limit=3", "/v1/profiles/searching?limit=30"),
        ] {
            let whole = world.get(plain).await;
            world.hrflow_side.forget();
            let answers = walk(&world, path, async || {}).await;
            let items: Vec<&Value> =
                answers.iter().flat_map(|page| page.body["items"].as_array().unwrap()).collect();
            assert_eq!(json!(items), whole.body["items"], "the same objects, scores and ranks: {path}");
            assert_eq!(world.hrflow_side.requests().len(), 2, "the first page, and all the rest in one call");
            for (number, page) in (1..).zip(&answers) {
                for (name, value) in [("page", number), ("max_page", 3), ("total", 8), ("limit", 3)] {
                    assert_eq!(page.body[name], value, "{name} of page {number}");
                }
                assert_eq!(page.body["truncated"], false);
            }
        }
    }
}

#[actix_web::test]
async fn page_numbers_work_too_and_a_cursor_goes_on_behind_any_of_them() {
    for backend in backends() {
        let world = crew(backend, 8).await;
        let whole = references(&world.get("/v1/profiles/scoring?job_reference=J1").await);
        let second = world.get(&format!("{SCORE}&page=2")).await;
        assert_eq!(references(&second), whole[3..6]);
        let third = world.get(&next(&second, SCORE).unwrap()).await;
        assert_eq!((references(&third), &third.body["page"]), (whole[6..].to_vec(), &json!(3)));
        assert_eq!(third.body["next_cursor"], Value::Null);
    }
}

/// Adds, archives and rescores profiles, and remembers which were there all the time.
struct Weather {
    random: StdRng,
    there: BTreeSet<String>,
    always: BTreeSet<String>,
    born: usize,
}

impl Weather {
    fn new(seed: u64, count: usize) -> Self {
        let there: BTreeSet<String> = (0..count).map(|number| format!("P{number:02}")).collect();
        Self { random: StdRng::seed_from_u64(seed), always: there.clone(), there, born: count }
    }

    async fn strike(&mut self, world: &World) {
        world.advance(1);
        for _ in 0..self.random.random_range(1..4) {
            let title = TITLES[self.random.random_range(0..TITLES.len())];
            let place = self.random.random_range(0..self.there.len());
            let one = self.there.iter().nth(place).unwrap().clone();
            match self.random.random_range(0..3) {
                0 => {
                    let new = format!("P{:02}", self.born);
                    self.born += 1;
                    world.has_profile(&new, title);
                    world.announce("profile_create", &new).await;
                    self.there.insert(new);
                }
                1 if self.there.len() > 3 => {
                    world.ats.remove(Entity::Profile, &one);
                    world.announce("profile_archive", &one).await;
                    self.there.remove(&one);
                    self.always.remove(&one);
                }
                _ => {
                    world.has_profile(&one, title);
                    world.announce("profile_update", &one).await;
                }
            }
        }
        if self.random.random_bool(0.7) {
            world.settle().await;
        }
    }
}

#[actix_web::test]
async fn a_walk_through_changing_objects_gives_none_twice_and_loses_none_that_stays() {
    for backend in backends() {
        for seed in 0..4 {
            let world = crew(backend, 14).await;
            let mut weather = Weather::new(seed, 14);
            let mut there = Vec::new();
            let answers = walk(&world, SCORE, async || {
                weather.strike(&world).await;
                there.push(weather.there.clone());
            })
            .await;
            let served = all_references(&answers);
            let once: BTreeSet<String> = served.iter().cloned().collect();
            assert_eq!(once.len(), served.len(), "seed {seed}: none twice: {served:?}");
            let lost: Vec<&String> = weather.always.difference(&once).collect();
            assert!(lost.is_empty(), "seed {seed}: {lost:?} of {served:?}");
            for (page, live) in answers.iter().skip(1).zip(&there) {
                let served: BTreeSet<String> = references(page).into_iter().collect();
                assert!(served.is_subset(live), "seed {seed}: {served:?} of {live:?}");
            }
        }
    }
}

/// A page of HrFlow's with these profiles.
fn given(page: u64, max_page: u64, total: u64, references: &[&str]) -> Fault {
    let profiles: Vec<Value> = references
        .iter()
        .map(|reference| json!({"key": format!("key-{reference}"), "reference": reference}))
        .collect();
    let predictions: Vec<Value> = references.iter().map(|_| json!([0.5, 0.5])).collect();
    let body = json!({
        "code": 200, "message": "ok",
        "meta": {"page": page, "maxPage": max_page, "count": references.len(), "total": total},
        "data": {"profiles": profiles, "predictions": predictions},
    });
    Fault::Answer(200, body.to_string())
}

#[actix_web::test]
async fn an_hrflow_that_gives_fewer_than_it_is_asked_for_is_read_to_its_end() {
    for backend in backends() {
        let world = crew(backend, 5).await;
        let first = world.get(SCORE).await;
        let served = references(&first);
        let all = ["P00", "P01", "P02", "P03", "P04"];
        for (page, part) in (1..).zip([&all[..2], &all[2..4], &all[4..]]) {
            world.hrflow_side.fail("GET", &format!("page={page}&limit=1000"), given(page, 3, 5, part));
        }
        let rest = world.get(&next(&first, SCORE).unwrap()).await;
        let left: Vec<&str> = all.into_iter().filter(|one| !served.contains(&(*one).to_owned())).collect();
        assert_eq!(references(&rest), left);
        let ranks: Vec<u64> = rest.body["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["rank"].as_u64().unwrap())
            .collect();
        let places = all.iter().zip(1..).filter(|(one, _)| left.contains(one)).map(|(_, place)| place);
        assert_eq!(ranks, places.collect::<Vec<u64>>());
    }
}

#[actix_web::test]
async fn a_ranking_that_moves_while_it_is_read_is_read_once_more() {
    for backend in backends() {
        let world = crew(backend, 6).await;
        world.hrflow_side.fail("GET", "page=1&limit=3", given(1, 2, 6, &["P00", "P01", "P02"]));
        let first = world.get(SCORE).await;
        // Between two calls P05 moves from the second page to the first one, and P03 the other way.
        for (page, profiles) in [(1, ["P00", "P01", "P03"]), (2, ["P03", "P02", "P04"])] {
            world.hrflow_side.fail("GET", &format!("page={page}&limit=1000"), given(page, 2, 6, &profiles));
        }
        for (page, profiles) in [(1, ["P05", "P00", "P01"]), (2, ["P03", "P02", "P04"])] {
            world.hrflow_side.fail("GET", &format!("page={page}&limit=1000"), given(page, 2, 6, &profiles));
        }
        let rest = world.get(&next(&first, SCORE).unwrap()).await;
        assert_eq!(references(&rest), ["P05", "P03", "P04"]);
        assert_eq!(world.hrflow_side.count("GET", "limit=1000"), 4);
    }
}

#[actix_web::test]
async fn a_ranking_without_end_is_cut_and_says_so_at_its_end() {
    for backend in backends() {
        let world = crew(backend, 68).await;
        let all: Vec<String> = (0..68).map(|number| format!("P{number:02}")).collect();
        world.hrflow_side.fail("GET", "page=1&limit=3", given(1, 24, 72, &["P00", "P01", "P02"]));
        let first = world.get(SCORE).await;
        for (page, part) in (1..).zip(all.chunks(2)) {
            let part: Vec<&str> = part.iter().map(String::as_str).collect();
            world.hrflow_side.fail("GET", &format!("page={page}&limit=1000"), given(page, 36, 72, &part));
        }
        let mut pages = vec![world.get(&next(&first, SCORE).unwrap()).await];
        while let Some(path) = next(pages.last().unwrap(), SCORE) {
            pages.push(world.get(&path).await);
        }
        assert_eq!(all_references(&pages), all[3..]);
        assert_eq!(
            world.hrflow_side.count("GET", "limit=1000"),
            34,
            "as many as where small pages are asked for"
        );
        let truncated: Vec<bool> =
            pages.iter().map(|page| page.body["truncated"].as_bool().unwrap()).collect();
        let (last, before) = truncated.split_last().unwrap();
        assert!(*last && before.len() == 21 && !before.contains(&true), "{truncated:?}");
    }
}

#[actix_web::test]
async fn an_answer_that_is_too_large_is_read_in_smaller_ones() {
    for backend in backends() {
        let world = crew(backend, 5).await;
        let first = world.get(SCORE).await;
        world.hrflow_side.fail("GET", "limit=1000", Fault::Cut);
        let rest = world.get(&next(&first, SCORE).unwrap()).await;
        assert_eq!(references(&rest).len(), 2);
        assert_eq!(world.hrflow_side.count("GET", "limit=100"), 2);
    }
}

/// HrFlow refuses a page for its size.
fn too_large() -> Fault {
    Fault::Answer(400, json!({"code": 400, "message": "Invalid limit"}).to_string())
}

#[actix_web::test]
async fn an_hrflow_that_refuses_large_pages_is_walked_through_in_smaller_ones() {
    for backend in backends() {
        let world = crew(backend, 40).await;
        let whole = references(&world.get("/v1/profiles/scoring?job_reference=J1&limit=100").await);
        let first = world.get(SCORE).await;
        for (refused, calls) in [(1, 1), (2, 2)] {
            world.hrflow_side.forget();
            // A thousand, and then a hundred too.
            world.hrflow_side.fail_times(refused, "GET", "limit=100", too_large());
            let mut pages = vec![world.get(&next(&first, SCORE).unwrap()).await];
            while let Some(path) = next(pages.last().unwrap(), SCORE) {
                pages.push(world.get(&path).await);
            }
            assert_eq!(all_references(&pages), whole[3..]);
            assert_eq!(world.hrflow_side.requests().len(), refused + calls);
        }
    }
}

#[actix_web::test]
async fn a_page_that_is_too_large_for_hrflow_is_put_together_from_smaller_ones() {
    for backend in backends() {
        let world = crew(backend, 70).await;
        let whole = world.get("/v1/profiles/scoring?job_reference=J1&limit=100").await;
        let items = whole.body["items"].as_array().unwrap();
        let names = references(&whole);
        assert_eq!(names.len(), 70);
        let part = |page: u64| {
            let begin = usize::try_from((page - 1) * 30).unwrap();
            let part: Vec<&str> = names[begin..(begin + 30).min(70)].iter().map(String::as_str).collect();
            given(page, 3, 70, &part)
        };
        let path = "/v1/profiles/scoring?job_reference=J1&limit=50";
        for (page, places) in [(1, 0..50), (2, 50..70)] {
            // It says so, or gives thirty and says nothing.
            for fault in [too_large(), part(page)] {
                world.hrflow_side.fail("GET", &format!("page={page}&limit=50"), fault.clone());
                let answer = world.get(&format!("{path}&page={page}")).await;
                assert_eq!(answer.body["items"], json!(items[places.clone()]), "{page} {fault:?}");
                for (name, value) in [("page", page), ("max_page", 2), ("total", 70), ("limit", 50)] {
                    assert_eq!(answer.body[name], value, "{name}");
                }
            }
        }
        world.hrflow_side.fail("GET", "page=2&limit=50", part(2));
        world.hrflow_side.fail("GET", "limit=30", too_large());
        let refused = world.get(&format!("{path}&page=2")).await;
        assert_eq!(code(&refused), (422, "upstream_refused"), "what is refused in parts is refused");
    }
}

#[actix_web::test]
async fn a_page_of_another_size_than_was_asked_for_is_a_problem_and_gives_no_wrong_ranks() {
    for backend in backends() {
        let world = crew(backend, 8).await;
        for (page, fault) in [
            // Two on a page: these stand third and fourth, not fourth and fifth.
            (2, given(2, 4, 8, &["P00", "P01"])),
            (2, given(2, 3, 8, &["P00", "P01"])),
            (3, given(3, 4, 8, &["P00", "P01"])),
        ] {
            world.hrflow_side.fail("GET", &format!("page={page}&limit=3"), fault.clone());
            let refused = world.get(&format!("{SCORE}&page={page}")).await;
            assert_eq!(code(&refused), (502, "upstream_failed"), "{fault:?} {}", refused.body);
            assert!(refused.body["detail"].as_str().unwrap().contains("2 objects on a page of 3"));
        }
        world.hrflow_side.fail("GET", "page=3&limit=3", given(3, 3, 8, &["P00"]));
        let last = world.get(&format!("{SCORE}&page=3")).await;
        assert_eq!((references(&last), &last.body["items"][0]["rank"]), (vec!["P00".to_owned()], &json!(7)));
    }
}

#[actix_web::test]
async fn an_export_reads_an_hrflow_that_refuses_large_pages_too() {
    for backend in backends() {
        let world = crew(backend, 40).await;
        let whole = references(&world.get("/v1/profiles/scoring?job_reference=J1&limit=100").await);
        world.hrflow_side.fail("GET", "limit=35", too_large());
        let body = json!({"ranked": "profiles", "references": ["J1"], "top": 35});
        let started = world.post("/v1/exports", &body).await;
        assert_eq!(started.status, 202, "{}", started.body);
        while let Some(claimed) = export::claim(&world.context, world.acme()).await.unwrap() {
            export::run(&world.context, world.acme(), claimed).await.unwrap();
        }
        let id = started.body["id"].as_str().unwrap();
        let line = world.get(&format!("/v1/exports/{id}/lines")).await;
        assert_eq!(references(&line), whole[..35]);
        let last = &line.body["items"][34];
        assert_eq!(last["rank"], 35, "{last}");
    }
}

#[actix_web::test]
async fn a_cursor_belongs_to_its_query_and_says_so() {
    for backend in backends() {
        let world = crew(backend, 8).await;
        let first = world.get(SCORE).await;
        let cursor = first.body["next_cursor"].as_str().unwrap();
        let second = world.get(&format!("{SCORE}&cursor={cursor}")).await;
        let kept = second.body["next_cursor"].as_str().unwrap();
        for cursor in [cursor, kept] {
            for other in [
                format!("{SCORE}&score_min=0.1&cursor={cursor}"),
                format!("/v1/profiles/scoring?job_reference=J1&limit=4&cursor={cursor}"),
                format!("/v1/profiles/searching?limit=3&cursor={cursor}"),
                format!("/v1/jobs/searching?limit=3&cursor={cursor}"),
                format!("{SCORE}&page=2&cursor={cursor}"),
            ] {
                let refused = world.get(&other).await;
                assert_eq!(code(&refused), (422, "invalid"), "{other}: {}", refused.body);
                assert_eq!(refused.body["errors"][0]["field"], "cursor");
            }
            let request =
                world.client.get(format!("{}/v1/profiles/searching?limit=3&cursor={cursor}", world.address));
            let theirs = answer(request.header("X-API-KEY", OTHER_KEY)).await;
            assert_eq!(code(&theirs), (422, "invalid"), "{}", theirs.body);
        }
        for garbage in ["x", "WyJyYW5raW5nIiwxXQ", "%20", ""] {
            let refused = world.get(&format!("{SCORE}&cursor={garbage}")).await;
            assert_eq!(code(&refused), (422, "invalid"), "{garbage}: {}", refused.body);
        }
    }
}

#[actix_web::test]
async fn a_snapshot_is_kept_for_minutes_and_then_nothing_of_it() {
    for backend in backends() {
        let world = crew(backend, 8).await;
        let first = world.get(SCORE).await;
        let second = world.get(&next(&first, SCORE).unwrap()).await;
        world.advance(599);
        let third = next(&second, SCORE).unwrap();
        assert_eq!(references(&world.get(&third).await).len(), 2);
        world.advance(1);
        let over = world.get(&third).await;
        assert_eq!(code(&over), (410, "cursor_expired"), "{}", over.body);
        assert!(
            over.body["detail"].as_str().unwrap().contains("begin again without a cursor"),
            "{}",
            over.body
        );
        assert_eq!(
            world.get(&next(&first, SCORE).unwrap()).await.status,
            200,
            "what was served needs no snapshot"
        );
        world.advance(600);
        while retention::forget(&world.context).await.unwrap() > 0 {}
        for table in ["snapshots", "snapshot_lines"] {
            assert_eq!(rows(&world.database, table), 0, "{table}");
        }
    }
}

/// Begins as many walks as colleagues do who have begun theirs meanwhile.
async fn others_walk(world: &World, count: usize) {
    let now = world.clock.now().timestamp_micros();
    let begin = move |db: &mut Db<'_>| {
        for number in 0..count {
            let snapshot = Snapshot {
                asked_at: 0,
                id: format!("of a colleague {now} {number}"),
                partner: "acme".to_owned(),
                query: "another".to_owned(),
                lines: 0,
                total: 0,
                unread: 0,
                version: None,
                freshness: "{}".to_owned(),
                kept_until: now + 600_000_000,
            };
            snapshots::begin(db, &snapshot)?;
        }
        Ok(())
    };
    world.context.store.write(begin).await.unwrap();
}

#[actix_web::test]
async fn old_walks_make_room_for_new_ones_and_are_told_so() {
    for backend in backends() {
        let world = crew(backend, 8).await;
        let first = next(&world.get(SCORE).await, SCORE).unwrap();
        let oldest = next(&world.get(&first).await, SCORE).unwrap();
        world.clock.advance(Duration::from_millis(1));
        others_walk(&world, 498).await;
        let newest = next(&world.get(&first).await, SCORE).unwrap();
        assert_eq!(references(&world.get(&oldest).await).len(), 2, "hundreds walk at the same time");
        world.clock.advance(Duration::from_millis(1));
        others_walk(&world, 1).await;
        assert_eq!(code(&world.get(&oldest).await), (410, "cursor_expired"));
        assert_eq!(references(&world.get(&newest).await).len(), 2);
        // Nothing is deleted where webhooks wait for it, and all of it soon after.
        assert_eq!((rows(&world.database, "snapshots"), rows(&world.database, "snapshot_lines")), (501, 10));
        while retention::forget(&world.context).await.unwrap() > 0 {}
        assert_eq!((rows(&world.database, "snapshots"), rows(&world.database, "snapshot_lines")), (500, 5));
    }
}

#[actix_web::test]
async fn a_walk_that_is_given_up_while_it_is_written_down_does_not_end_as_if_it_were_whole() {
    for backend in backends() {
        let world = crew(backend, 8).await;
        let first = next(&world.get(SCORE).await, SCORE).unwrap();
        // As if hundreds of others began between its first line in the database and its second.
        match backend {
            Backend::Sqlite => world.database.sqlite().batch_execute(
                "CREATE TRIGGER crowd AFTER INSERT ON snapshots BEGIN
                    UPDATE snapshots SET kept_until = 0 WHERE id = NEW.id;
                END",
            ),
            Backend::Postgres => world.database.postgres().batch_execute(
                "CREATE FUNCTION crowd() RETURNS trigger LANGUAGE plpgsql AS
                    $$ BEGIN NEW.kept_until := 0; RETURN NEW; END $$;
                CREATE TRIGGER crowd BEFORE INSERT ON snapshots FOR EACH ROW EXECUTE FUNCTION crowd()",
            ),
        }
        .unwrap();
        let lost = world.get(&first).await;
        assert_eq!(code(&lost), (503, "unavailable"), "{}", lost.body);
        assert_eq!(lost.headers["retry-after"], "1");
        match backend {
            Backend::Sqlite => world.database.sqlite().batch_execute("DROP TRIGGER crowd"),
            Backend::Postgres => world.database.postgres().batch_execute("DROP TRIGGER crowd ON snapshots"),
        }
        .unwrap();
        assert_eq!(references(&world.get(&first).await).len(), 3, "the cursor is as good as before");
    }
}

#[actix_web::test]
async fn who_was_archived_or_erased_is_on_no_later_page_and_in_no_snapshot() {
    for backend in backends() {
        let world = crew(backend, 8).await;
        let first = world.get(SCORE).await;
        let whole = references(&world.get("/v1/profiles/scoring?job_reference=J1").await);
        let second = world.get(&next(&first, SCORE).unwrap()).await;
        world.announce("profile_archive", &whole[6]).await;
        let third = world.get(&next(&second, SCORE).unwrap()).await;
        assert_eq!(references(&third), whole[7..]);
        let named = format!("SELECT count(*) FROM snapshot_lines WHERE reference = '{}'", whole[7]);
        assert_eq!(world.database.number(&named), 1);
        world.erase(&whole[7]).await;
        assert_eq!(world.database.number(&named), 0);
        let third = world.get(&next(&second, SCORE).unwrap()).await;
        assert_eq!((references(&third).len(), &third.body["next_cursor"]), (0, &Value::Null));
    }
}

#[actix_web::test]
async fn a_walk_says_when_its_scores_are_those_of_what_was() {
    for backend in backends() {
        let world = crew(backend, 8).await;
        let first = world.get(SCORE).await;
        let second = world.get(&next(&first, SCORE).unwrap()).await;
        assert_eq!(second.body["stale"], false);
        let third = next(&second, SCORE).unwrap();
        world.advance(5);
        assert_eq!(
            world.get(&third).await.body["freshness"],
            second.body["freshness"],
            "as when HrFlow was asked"
        );
        world.has_job("J1", "Baker");
        world.announce("job_update", "J1").await;
        assert_eq!(world.get(&third).await.body["stale"], true);
        world.settle().await;
        assert_eq!(world.get(&third).await.body["stale"], true, "it was scored for what J1 is no longer");
        world.announce("job_archive", "J1").await;
        assert_eq!(code(&world.get(&third).await), (410, "archived"));
    }
}

#[actix_web::test]
async fn cards_come_along_for_what_has_not_moved() {
    for backend in backends() {
        let world = crew(backend, 8).await;
        let path = format!("{SCORE}&include=name");
        let first = world.get(&path).await;
        let second = world.get(&next(&first, &path).unwrap()).await;
        for page in [&first, &second] {
            for item in page.body["items"].as_array().unwrap() {
                let name = format!("Ada Moreau {}", item["reference"].as_str().unwrap());
                assert_eq!(item["card"], json!({"name": name}), "{}", page.body);
            }
        }
        // On the page where they stood HrFlow has somebody else now.
        world.hrflow_side.fail("GET", "page=3&limit=3", given(3, 3, 8, &["P00", "P01"]));
        let third = world.get(&next(&second, &path).unwrap()).await;
        let cards: Vec<bool> =
            third.body["items"].as_array().unwrap().iter().map(|item| item["card"].is_null()).collect();
        assert_eq!(cards, [true, true]);
        let named = world.database.dump().matches("Moreau").count();
        assert_eq!(named, 0, "nothing of a card is kept");
    }
}

#[actix_web::test]
async fn a_walk_by_body_goes_on_as_one_by_query_does() {
    for backend in backends() {
        let world = crew(backend, 5).await;
        let mut body = json!({"job_reference": "J1", "limit": 3});
        let first = world.post("/v1/profiles/scoring", &body).await;
        assert!(!first.headers.contains_key("etag"));
        body["cursor"] = first.body["next_cursor"].clone();
        let second = world.post("/v1/profiles/scoring", &body).await;
        assert_eq!((references(&second).len(), &second.body["next_cursor"]), (2, &Value::Null));
        assert_eq!(references(&world.get(&next(&first, SCORE).unwrap()).await), references(&second));
    }
}

#[actix_web::test]
async fn any_node_goes_on_with_a_walk() {
    let Some(backend) = backends().into_iter().find(|backend| *backend == Backend::Postgres) else { return };
    let world = crew(backend, 8).await;
    let other = server::context(&world.config, world.clock.clone()).await.unwrap();
    let serving = Serving::start(&world.config, other).unwrap();
    let whole = references(&world.get("/v1/profiles/scoring?job_reference=J1").await);
    let first = world.get(SCORE).await;
    let second = world.get(&next(&first, SCORE).unwrap()).await;
    let there = async |path: &str| {
        let request = world.client.get(format!("http://{}{path}", serving.address));
        answer(request.header("X-API-KEY", PARTNER_KEY)).await
    };
    assert_eq!(references(&there(&next(&second, SCORE).unwrap()).await), whole[6..]);
    assert_eq!(references(&there(&next(&first, SCORE).unwrap()).await), whole[3..6]);
    serving.stop().await;
}

fn rows(database: &Database, table: &str) -> i64 {
    database.number(&format!("SELECT count(*) FROM {table}"))
}
