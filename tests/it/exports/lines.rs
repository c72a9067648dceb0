//! What the lines of an export say, and how they are read.

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;

use super::{assert_whole, lines, listed, start, state, work};
use crate::support::{Fault, PARTNER_KEY, Wishes, World, backends, hospital};

#[actix_web::test]
async fn an_export_says_of_each_object_what_the_list_says() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        for (ranked, name, references) in [
            ("profiles", "job_reference", vec!["J1", "J2"]),
            ("jobs", "profile_reference", vec!["P1", "P2", "P3", "P4"]),
        ] {
            let id = start(&world, &json!({"ranked": ranked, "top": 2})).await;
            let before = state(&world, &id).await;
            assert_eq!((&before["state"], &before["done"]), (&json!("waiting"), &json!(0)), "{before}");
            assert_eq!(before["total"], references.len(), "{before}");
            assert!(before["estimated_end"].is_string(), "{before}");
            work(&world.context).await;
            let after = state(&world, &id).await;
            assert_eq!(
                (&after["state"], &after["done"]),
                (&json!("done"), &json!(references.len())),
                "{after}"
            );
            assert_eq!((&after["failed"], &after["estimated_end"]), (&json!(0), &Value::Null), "{after}");
            let told = lines(&world, &id, 0).await;
            assert_eq!(told.len(), references.len());
            for line in &told {
                let reference = line[name].as_str().unwrap();
                let path = format!("/v1/{ranked}/scoring?{name}={reference}&limit=2");
                let list = world.get(&path).await.body;
                assert_eq!(line["items"], list["items"], "{reference}");
                assert!(line["scored_at"].is_string() && line.get("problem").is_none(), "{line}");
            }
        }
    }
}

#[actix_web::test]
async fn the_top_takes_as_many_pages_as_hrflow_makes_of_it() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        let source = &world.acme().settings.source_key;
        // An HrFlow that puts two on a page, whatever it is asked for; the second page repeats what moved down.
        let page = |number: u64, found: &[(&str, f64)]| {
            let profiles: Vec<Value> = found
                .iter()
                .map(|(reference, _)| json!({"key": "e".repeat(40), "reference": reference, "source_key": source}))
                .collect();
            let predictions: Vec<[f64; 2]> = found.iter().map(|(_, score)| [1.0 - score, *score]).collect();
            let meta = json!({"page": number, "maxPage": 2, "count": found.len(), "total": 4});
            json!({"code": 200, "message": "ok", "meta": meta, "data": {"predictions": predictions, "profiles": profiles}})
        };
        for (part, body) in [
            ("page=1&", page(1, &[("P1", 0.9), ("P2", 0.8)])),
            ("page=2&", page(2, &[("P2", 0.8), ("P4", 0.1)])),
        ] {
            world.hrflow_side.fail("GET", part, Fault::Answer(200, body.to_string()));
        }
        let id = start(&world, &json!({"ranked": "profiles", "references": ["J1"], "top": 3})).await;
        work(&world.context).await;
        assert_eq!(listed(&lines(&world, &id, 0).await[0]), ["P1", "P2", "P4"]);
        assert_eq!(world.hrflow_side.count("GET", "/profiles/scoring"), 2);
    }
}

#[actix_web::test]
async fn what_cannot_be_scored_is_told_in_its_line() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        world.announce("job_archive", "J2").await;
        world.settle().await;
        world.announce("job_create", "J3").await;
        let body =
            json!({"ranked": "profiles", "references": ["NEVER", "J2", "J1", "J3"], "score_min": 0.01});
        let id = start(&world, &body).await;
        work(&world.context).await;
        let told = lines(&world, &id, 0).await;
        assert_whole(&told, &["J1", "J2", "J3", "NEVER"]);
        for (reference, code) in [("NEVER", "not_found"), ("J2", "archived"), ("J3", "not_ready")] {
            let line = told.iter().find(|line| line["job_reference"] == reference).unwrap();
            assert_eq!((&line["problem"]["code"], line.get("items")), (&json!(code), None), "{line}");
            assert!(line["problem"]["detail"].as_str().unwrap().contains(reference), "{line}");
        }
        let after = state(&world, &id).await;
        assert_eq!(
            (&after["state"], &after["failed"], &after["score_min"]),
            (&json!("done"), &json!(3), &json!(0.01))
        );
    }
}

#[actix_web::test]
async fn an_export_says_what_it_waits_for_and_a_line_which_parameter_was_in_vain() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        world.hrflow_side.fail("GET", "/profiles/scoring", Fault::Malformed);
        let id = start(&world, &json!({"ranked": "profiles", "references": ["J1"]})).await;
        work(&world.context).await;
        let waiting = state(&world, &id).await;
        assert_eq!((&waiting["state"], &waiting["done"]), (&json!("running"), &json!(0)), "{waiting}");
        assert!(waiting["problem"].as_str().unwrap().starts_with("`J1` is tried again: "), "{waiting}");
        world.advance(600);
        work(&world.context).await;
        let done = state(&world, &id).await;
        assert_eq!((&done["state"], &done["problem"]), (&json!("done"), &Value::Null), "{done}");

        let nowhere = json!({
            "id": "J9", "title": "Baker", "description": {"intro": "We bake."},
            "competencies": {"required": ["Rust"]},
        });
        world.ats.put(oem_connector::model::Entity::Job, nowhere.as_object().unwrap().clone()).unwrap();
        world.pull("jobs", "full").await;
        let near = json!({"ranked": "profiles", "references": ["J9"], "location_from": "job",
            "location_distance": 25});
        let id = start(&world, &near).await;
        work(&world.context).await;
        let line = lines(&world, &id, 0).await.remove(0);
        let detail = line["problem"]["detail"].as_str().unwrap();
        assert!(detail.contains(": location_from: the job `J9` has no latitude"), "{line}");
    }
}

#[actix_web::test]
async fn lines_are_read_on_where_the_reader_stopped() {
    for backend in backends() {
        let world = hospital(backend, Wishes::default()).await;
        let id = start(&world, &json!({"ranked": "jobs", "top": 1})).await;
        assert_eq!(lines(&world, &id, 0).await, Vec::<Value>::new());
        work(&world.context).await;
        let all = lines(&world, &id, 0).await;
        assert_eq!(all.len(), 4);
        for after in 0..6 {
            let rest = lines(&world, &id, after).await;
            assert_eq!(rest, all.iter().skip(usize::try_from(after).unwrap()).cloned().collect::<Vec<_>>());
        }
        for (after, status) in [("x", 400), ("-1", 422), ("99999999999999999", 422)] {
            let refused = world.get(&format!("/v1/exports/{id}/lines?after={after}")).await;
            assert_eq!(refused.status.as_u16(), status, "{after}: {}", refused.body);
        }
    }
}

#[actix_web::test]
async fn readers_that_do_not_read_hold_up_nobody() {
    for backend in backends() {
        let world = World::new(backend).await;
        // More than the sockets between them take: five megabytes.
        let references: Vec<String> =
            (0..3_000).map(|number| format!("{}{number:05}", "€".repeat(250))).collect();
        let id = start(&world, &json!({"ranked": "profiles", "references": references})).await;
        // As if all of them had been worked off.
        world.database.execute(
            "UPDATE export_lines SET position = number, scored_at = 0, \
             problem = '{\"code\":\"not_found\",\"detail\":\"' || reference || '\"}'",
        );
        let mut readers = Vec::new();
        for _ in 0..20 {
            let socket = TcpSocket::new_v4().unwrap();
            socket.set_recv_buffer_size(4096).unwrap();
            let address = world.address.strip_prefix("http://").unwrap().parse().unwrap();
            let mut stream = socket.connect(address).await.unwrap();
            let request = format!(
                "GET /v1/exports/{id}/lines HTTP/1.1\r\nHost: localhost\r\nX-API-KEY: {PARTNER_KEY}\r\n\r\n"
            );
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut beginning = [0; 12];
            stream.read_exact(&mut beginning).await.unwrap();
            assert_eq!(&beginning, b"HTTP/1.1 200");
            readers.push(stream);
        }
        // They take part of what there is, and then nothing moves; whoever else comes is served.
        assert_eq!(lines(&world, &id, 0).await.len(), 3_000);
        world.announce("profile_create", "P1").await;
        world.database.execute("DELETE FROM export_lines");
        drop(readers);
    }
}
