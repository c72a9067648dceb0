//! Match now: scoring for what the partner has and we have not, in one call with a bounded wait, and a ticket past it.

use futures_util::future::{join, join_all};
use oem_connector::flows::{lease, retention};
use oem_connector::model::digest;
use oem_connector::worker::Worker;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::process::{Process, Site};
use crate::support::{Answer, Backend, Fault, OPERATOR_KEY, OTHER_KEY, Wishes, World, answer, backends};

const ASK: &str = "/v1/profiles/scoring?job_reference=J9";

/// A world with profiles that are known, and a job that only the partner knows of.
async fn world(backend: Backend) -> World {
    let world = World::with(backend, Wishes::default()).await;
    world.has_profile("P1", "Night nurse");
    world.has_profile("P2", "Baker");
    world.pull("profiles", "full").await;
    world.has_job("J9", "Night nurse");
    world
}

/// A ticket, which must have been given, and its address.
fn ticket(answer: &Answer) -> String {
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.body);
    let id = answer.body["id"].as_str().unwrap();
    assert_eq!(answer.headers["location"], format!("/v1/tickets/{id}"));
    let wait: u64 = answer.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    assert_eq!(answer.body["state"], "pending");
    format!("/v1/tickets/{id}")
}

fn first(answer: &Answer) -> &Value {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    &answer.body["items"][0]["reference"]
}

#[actix_web::test]
async fn an_object_nobody_has_announced_is_fetched_indexed_and_scored_in_one_call() {
    for backend in backends() {
        let world = world(backend).await;
        let worker = Worker::start(&world.context, &world.context.partners);
        assert_eq!(world.get(ASK).await.status, StatusCode::NOT_FOUND, "without a wait it is not known");
        let (one, other) =
            join(world.get(&format!("{ASK}&wait=20")), world.get(&format!("{ASK}&wait=20&limit=1"))).await;
        assert_eq!((first(&one), first(&other)), (&json!("P1"), &json!("P1")));
        assert_eq!(one.body, world.get(ASK).await.body, "the page is the one that scoring gives");
        assert_eq!(world.partner_side.count("GET", "/vacancies/J9"), 1, "for both of them");
        assert_eq!(world.record("jobs", "J9").await["state"], "indexed");
        worker.stop().await;
    }
}

#[actix_web::test]
async fn who_cannot_wait_so_long_gets_a_ticket_that_becomes_the_page() {
    for backend in backends() {
        let world = world(backend).await;
        let path = ticket(&world.get(&format!("{ASK}&wait=1&limit=1")).await);
        assert_eq!(ticket(&world.get(&path).await), path, "as long as it takes");
        world.settle().await;
        let redeemed = world.get(&path).await;
        assert_eq!(first(&redeemed), "P1");
        assert_eq!(redeemed.body, world.get(&format!("{ASK}&limit=1")).await.body);
        world.advance(3_599);
        assert_eq!(world.get(&path).await.status, StatusCode::OK);
        world.advance(1);
        assert_eq!(world.get(&path).await.status, StatusCode::NOT_FOUND, "an hour is over");
        while retention::forget(&world.context).await.unwrap() > 0 {}
        assert_eq!(world.database.number("SELECT count(*) FROM tickets"), 0);
    }
}

#[actix_web::test]
async fn a_receipt_that_a_ticket_becomes_says_what_was_asked() {
    for backend in backends() {
        let world = world(backend).await;
        let criteria = "score_min=0.001&text_keywords=%5B%22nurse%22%5D&limit=7";
        for receipt in ["&receipt=true", ""] {
            let path = ticket(&world.get(&format!("{ASK}&wait=1&{criteria}{receipt}")).await);
            // Asked for in the call, or by whoever takes the page.
            let taken = if receipt.is_empty() { format!("{path}?receipt=true") } else { path.clone() };
            ticket(&world.get(&taken).await);
            world.settle().await;
            world.hrflow_side.forget();
            let redeemed = world.get(&taken).await;
            assert_eq!(first(&redeemed), "P1");
            assert_eq!(world.hrflow_side.count("GET", "/profiles/scoring"), 1, "HrFlow is asked once");
            let id = redeemed.body["receipt"]["id"].as_str().unwrap_or_else(|| panic!("{}", redeemed.body));
            let question = world.get(&format!("/v1/receipts/{id}")).await.body["entry"]["question"].clone();
            let veiled = format!("sha256:{}", digest(&[b"acme", b"text_keywords", b"nurse"]));
            for (name, value) in [
                ("job_reference", json!("J9")),
                ("score_min", json!(0.001)),
                ("limit", json!(7)),
                ("wait", json!(1)),
                ("text_keywords", json!([veiled])),
            ] {
                assert_eq!(question["parameters"][name], value, "{question}");
            }
            assert_eq!(question["parameters"].get("receipt"), None);
            if receipt.is_empty() {
                assert!(world.get(&path).await.body.get("receipt").is_none(), "nobody asked for one");
            }
            // On its way again.
            world.advance(1);
            world.has_job("J9", "Night nurse, once more");
            world.announce("job_update", "J9").await;
        }
    }
}

#[actix_web::test]
async fn who_waits_asks_hrflow_once_also_anew() {
    for backend in backends() {
        let world = world(backend).await;
        world.announce("job_create", "J9").await;
        world.settle().await;
        for header in [None, Some("no-cache")] {
            world.hrflow_side.forget();
            let mut request = world.request(reqwest::Method::GET, &format!("{ASK}&wait=20"));
            if let Some(header) = header {
                request = request.header("Cache-Control", header);
            }
            let asked = answer(request).await;
            assert_eq!(first(&asked), "P1");
            assert_eq!(world.hrflow_side.count("GET", "/profiles/scoring"), 1, "{header:?}");
        }
    }
}

#[actix_web::test]
async fn a_ticket_keeps_nothing_that_names_a_person() {
    for backend in backends() {
        let world = world(backend).await;
        for (name, value) in [("name", "Ada"), ("email", "ada@example.org")] {
            let refused = world.get(&format!("{ASK}&wait=1&{name}={value}")).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.body);
            assert_eq!(refused.body["errors"][0]["field"], name);
            assert!(refused.body["errors"][0]["detail"].as_str().unwrap().contains("`wait`"));
        }
        assert_eq!(world.database.number("SELECT count(*) FROM tickets"), 0);
        assert_eq!(world.database.number("SELECT count(*) FROM records WHERE entity = 'job'"), 0);
        // The name of a job is a title.
        world.announce("profile_update", "P1").await;
        ticket(&world.get("/v1/jobs/scoring?profile_reference=P1&wait=1&name=Baker").await);
        let tables = world.database.dump();
        let rows = tables.lines().filter(|line| line.starts_with("tickets"));
        assert!(rows.clone().count() > 0 && rows.clone().any(|row| row.contains("Baker")));
        let veiled = digest(&[b"acme", b"profile_reference", b"P1"]);
        assert!(rows.clone().any(|row| row.contains(&veiled)), "as a receipt says it");
    }
}

#[actix_web::test]
async fn a_ticket_for_what_is_worked_on_is_worth_a_look_in_a_second() {
    for backend in backends() {
        let world = world(backend).await;
        world.announce("job_create", "J9").await;
        let leased = lease::claim(&world.context, world.acme(), 8).await.unwrap();
        assert_eq!(leased.len(), 1);
        let waiting = world.get(&format!("{ASK}&wait=1")).await;
        ticket(&waiting);
        assert_eq!(waiting.headers["retry-after"], "1", "and not when the lease ends");
    }
}

#[actix_web::test]
async fn what_the_partner_does_not_know_ends_at_once_and_leaves_nothing() {
    for backend in backends() {
        let world = world(backend).await;
        let records = world.database.number("SELECT count(*) FROM records");
        let path = ticket(&world.get("/v1/profiles/scoring?job_reference=JUNK&wait=1").await);
        world.settle().await;
        let redeemed = world.get(&path).await;
        assert_eq!(redeemed.status, StatusCode::NOT_FOUND, "{}", redeemed.body);
        assert!(redeemed.body["detail"].as_str().unwrap().contains("does not know"), "{}", redeemed.body);

        let worker = Worker::start(&world.context, &world.context.partners);
        let refused = world.get("/v1/profiles/scoring?job_reference=JUNK&wait=20").await;
        assert_eq!(refused.status, StatusCode::NOT_FOUND, "{}", refused.body);
        assert!(refused.body["detail"].as_str().unwrap().contains("does not know"), "{}", refused.body);
        worker.stop().await;
        assert_eq!(world.database.number("SELECT count(*) FROM records"), records);
        assert_eq!(world.partner_side.count("GET", "/vacancies/JUNK"), 2, "one 404 each is enough");

        // The partner makes it after all.
        world.has_job("JUNK", "Baker");
        world.announce("job_create", "JUNK").await;
        world.settle().await;
        assert_eq!(first(&world.get(&path).await), "P2");
    }
}

#[actix_web::test]
async fn a_404_to_what_was_announced_is_told_at_once_while_the_mailbox_goes_on_by_its_rules() {
    for backend in backends() {
        let world = world(backend).await;
        world.announce("job_create", "LATER").await;
        let ask = "/v1/profiles/scoring?job_reference=LATER";
        let path = ticket(&world.get(&format!("{ask}&wait=1")).await);
        world.settle().await;
        for told in [world.get(&path).await, world.get(&format!("{ask}&wait=20")).await] {
            assert_eq!(told.status, StatusCode::NOT_FOUND, "{}", told.body);
        }
        assert_eq!(world.get(ask).await.status, StatusCode::CONFLICT);
        assert!(world.record("jobs", "LATER").await["due_at"].is_string(), "it is asked for again");
        world.has_job("LATER", "Baker");
        world.advance(61);
        world.settle().await;
        assert_eq!(first(&world.get(&path).await), "P2");
    }
}

#[actix_web::test]
async fn a_partner_that_is_down_is_waited_for_by_the_ticket() {
    for backend in backends() {
        let world = world(backend).await;
        world.partner_side.fail_times(usize::MAX, "GET", "/vacancies/", Fault::Status(503, None));
        let path = ticket(&world.get(&format!("{ASK}&wait=1")).await);
        world.settle().await;
        assert_eq!(ticket(&world.get(&path).await), path);
        world.partner_side.heal();
        world.advance(600);
        world.settle().await;
        assert_eq!(first(&world.get(&path).await), "P1");
    }
}

#[actix_web::test]
async fn a_change_that_is_on_its_way_is_waited_for() {
    for backend in backends() {
        let world = world(backend).await;
        world.announce("job_create", "J9").await;
        world.settle().await;
        world.has_job("J9", "Baker");
        world.advance(1);
        world.announce("job_update", "J9").await;
        let stale = world.get(ASK).await;
        assert_eq!((first(&stale), &stale.body["stale"]), (&json!("P1"), &json!(true)));
        let path = ticket(&world.get(&format!("{ASK}&wait=1")).await);
        let asked = format!("{ASK}&wait=20");
        let (fresh, ()) = join(world.get(&asked), world.settle()).await;
        assert_eq!((first(&fresh), &fresh.body["stale"]), (&json!("P2"), &json!(false)));
        assert_eq!(first(&world.get(&path).await), "P2");
    }
}

#[actix_web::test]
async fn an_object_that_hrflow_has_just_taken_may_be_too_new_to_be_scored() {
    for backend in backends() {
        let world = world(backend).await;
        let too_new = json!({"code": 400, "message": "the job is not in the scoring index"}).to_string();
        world.hrflow_side.fail_times(2, "GET", "/profiles/scoring", Fault::Answer(400, too_new.clone()));
        let worker = Worker::start(&world.context, &world.context.partners);
        assert_eq!(first(&world.get(&format!("{ASK}&wait=20")).await), "P1");
        worker.stop().await;
        world.advance(61);
        world.hrflow_side.fail("GET", "/profiles/scoring", Fault::Answer(400, too_new));
        let refused = world.get(&format!("{ASK}&wait=20")).await;
        assert_eq!(refused.body["code"], "upstream_refused", "after a minute it is no longer new");
    }
}

#[actix_web::test]
async fn what_was_set_aside_is_told_with_its_reason() {
    for backend in backends() {
        let wishes = Wishes { profile_map: "error(\"no such person\")".to_owned(), ..Wishes::default() };
        let world = World::with(backend, wishes).await;
        world.has_job("J1", "Baker");
        world.has_profile("P1", "Baker");
        world.pull("jobs", "full").await;
        let ask = "/v1/jobs/scoring?profile_reference=P1&wait=1";
        let path = ticket(&world.get(ask).await);
        world.settle().await;
        for told in [world.get(&path).await, world.get(ask).await] {
            assert_eq!((told.status, &told.body["code"]), (StatusCode::CONFLICT, &json!("not_ready")));
            assert!(told.body["detail"].as_str().unwrap().contains("set aside"), "{}", told.body);
        }
    }
}

#[actix_web::test]
async fn what_is_gone_stays_gone_however_long_one_waits() {
    for backend in backends() {
        let world = world(backend).await;
        world.announce("job_create", "J9").await;
        world.settle().await;
        world.advance(1);
        world.announce("job_archive", "J9").await;
        assert_eq!(world.get(&format!("{ASK}&wait=20")).await.status, StatusCode::GONE);
        world.settle().await;
        assert_eq!(world.get(&format!("{ASK}&wait=20")).await.status, StatusCode::GONE);
    }
}

#[actix_web::test]
async fn the_ticket_of_a_person_goes_with_the_person() {
    for backend in backends() {
        let world = world(backend).await;
        world.has_job("J1", "Baker");
        world.pull("jobs", "full").await;
        world.has_profile("P9", "Baker");
        let path = ticket(&world.get("/v1/jobs/scoring?profile_reference=P9&wait=1").await);
        let erase = format!("{}/v1/records/profiles/P9/erase?partner=acme", world.address);
        let asked = answer(world.client.post(erase).header("X-API-KEY", OPERATOR_KEY)).await;
        assert_eq!(asked.status, StatusCode::ACCEPTED, "{}", asked.body);
        world.settle().await;
        assert_eq!(world.get(&path).await.status, StatusCode::NOT_FOUND);
        assert_eq!(world.database.number("SELECT count(*) FROM tickets"), 0);
        let gone = world.get("/v1/jobs/scoring?profile_reference=P9&wait=20").await;
        assert_eq!(gone.status, StatusCode::GONE, "{}", gone.body);
    }
}

#[actix_web::test]
async fn another_partners_ticket_is_not_there() {
    for backend in backends() {
        let world = world(backend).await;
        let path = ticket(&world.get(&format!("{ASK}&wait=1")).await);
        let ask = async |path: &str| {
            let request = world.client.get(format!("{}{path}", world.address));
            answer(request.header("X-API-KEY", OTHER_KEY)).await
        };
        let theirs = ask(&path).await;
        assert_eq!(theirs.status, StatusCode::NOT_FOUND);
        let id = path.rsplit('/').next().unwrap();
        let nobodys = ask("/v1/tickets/nothing").await;
        assert_eq!(theirs.body.to_string().replace(id, "nothing"), nobodys.body.to_string());
    }
}

#[actix_web::test]
async fn a_burst_of_references_that_nobody_knows_does_not_flood_the_ledger() {
    for backend in backends() {
        let world = world(backend).await;
        let mut statuses = Vec::new();
        for round in 0..3 {
            let asked = (0..60).map(|number| {
                let path = format!("/v1/profiles/scoring?job_reference=JUNK-{round}-{number}&wait=1");
                let world = &world;
                async move { world.get(&path).await }
            });
            statuses.extend(join_all(asked).await.into_iter().map(|answer| {
                assert!(answer.headers.contains_key("retry-after"), "{}", answer.body);
                answer.status.as_u16()
            }));
        }
        let refused = statuses.iter().filter(|status| **status == 429).count();
        assert!(statuses.iter().all(|status| [202, 429].contains(status)), "{statuses:?}");
        assert!(refused >= 60, "{refused} of 180 were refused");
        let open = world.database.number("SELECT count(*) FROM records WHERE entity = 'job'");
        assert!(open < 110, "{open} are open");
        assert_eq!(world.get(&format!("{ASK}&wait=1")).await.status, StatusCode::TOO_MANY_REQUESTS);
        world.settle().await;
        assert_eq!(world.database.number("SELECT count(*) FROM records WHERE entity = 'job'"), 0);
        ticket(&world.get(&format!("{ASK}&wait=1")).await);
    }
}

#[actix_web::test]
async fn a_wait_that_cannot_be_read_is_refused() {
    for backend in backends() {
        let world = world(backend).await;
        for (wait, status) in [("0", 422), ("31", 422), ("x", 400), ("1.5", 400), ("-1", 422)] {
            let refused = world.get(&format!("{ASK}&wait={wait}")).await;
            assert_eq!(refused.status.as_u16(), status, "{wait}: {}", refused.body);
            assert_eq!(refused.body["errors"][0]["field"], "wait");
        }
        assert_eq!(world.database.number("SELECT count(*) FROM records WHERE entity = 'job'"), 0);
    }
}

#[actix_web::test]
async fn an_api_without_a_worker_hears_of_what_another_process_did() {
    let Some(backend) = backends().into_iter().find(|backend| *backend == Backend::Postgres) else { return };
    let site = Site::new(backend);
    site.has_profile("P1");
    let serve_as = |role: &str| Process::start(&["serve", "--config", site.config(), "--role", role]);
    let (api, _worker) = (serve_as("api"), serve_as("worker"));
    let scored = site.get(&api, "/v1/jobs/scoring?partner=acme&profile_reference=P1&wait=30").await;
    assert_eq!(scored.status, StatusCode::OK, "{}", scored.body);
    let unknown = site.get(&api, "/v1/jobs/scoring?partner=acme&profile_reference=P2&wait=30").await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND, "{}", unknown.body);
}
