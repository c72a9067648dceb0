//! A connector at work: its worker runs, its clock is the system's, and the ATS has what the document's examples name.

use std::path::PathBuf;
use std::time::Duration;

use oem_connector::model::{Clock, Entity};
use oem_connector::worker::Worker;
use serde_json::{Value, json};

use crate::support::{Backend, Fault, Gate, OPERATOR_KEY, PARTNER_KEY, Wishes, World};

pub(super) struct Live {
    pub(super) world: World,
    _worker: Worker,
}

impl Live {
    pub(super) async fn start() -> Self {
        let wishes = Wishes {
            clock: Clock::System,
            // Whoever tries every operation without a key fails more often than anybody may.
            adjust: |config| config.limits.failed_logins_per_minute = u32::MAX,
            ..Wishes::default()
        };
        let world = World::with(Backend::Sqlite, wishes).await;
        fill(&world);
        let worker = Worker::start(&world.context, &world.context.partners);
        Self { world, _worker: worker }
    }

    /// Imports all that the ATS has, and returns when HrFlow shows it.
    pub(super) async fn import(&self) {
        for entity in ["jobs", "profiles"] {
            let pull = self.world.start_pull(entity, "full").await;
            self.pull_is(&pull, "done").await;
        }
        self.until("HrFlow shows it all", async || {
            self.world.get("/v1/partners").await.body["items"][0]["pending"] == 0
        })
        .await;
    }

    /// Two pulls that found so much gone that an operator must decide.
    pub(super) async fn doubt_some(&self) -> [String; 2] {
        // Twenty may go without anybody being asked.
        let passing: Vec<String> = (1..=21).map(|number| format!("GONE-{number}")).collect();
        for id in &passing {
            self.world.has_profile(id, "Clerk");
            self.world.has_job(id, "Clerk");
        }
        self.import().await;
        for entity in [Entity::Profile, Entity::Job] {
            assert!(passing.iter().all(|id| self.world.ats.remove(entity, id)));
        }
        let pulls =
            [self.world.start_pull("profiles", "full").await, self.world.start_pull("jobs", "full").await];
        for pull in &pulls {
            self.pull_is(pull, "waiting_for_approval").await;
        }
        pulls
    }

    /// The address of a ticket: the partner took longer over a job than somebody had patience for.
    pub(super) async fn ticket(&self) -> String {
        let gate = Gate::new();
        self.world.has_job("REQ-LATE", "Platform engineer");
        self.world.partner_side.fail("GET", "/vacancies/REQ-LATE", Fault::HoldBefore(gate.clone()));
        let answer = self.world.get("/v1/profiles/scoring?job_reference=REQ-LATE&wait=1").await;
        gate.open();
        answer.headers["location"].to_str().unwrap().to_owned()
    }

    async fn pull_is(&self, id: &str, state: &str) {
        self.until(state, async || self.world.pull_state(id).await["state"] == state).await;
    }

    async fn until(&self, what: &str, holds: impl AsyncFn() -> bool) {
        let waiting = async {
            while !holds().await {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let waited = tokio::time::timeout(Duration::from_mins(1), waiting).await;
        assert!(waited.is_ok(), "never came: {what}");
    }

    /// What a program that uses the API is told: the address, a partner's key, an operator's key.
    pub(super) fn arguments(&self) -> [String; 3] {
        [self.world.address.clone(), PARTNER_KEY.to_owned(), OPERATOR_KEY.to_owned()]
    }
}

/// Gives the ATS the profile and the job that the document's examples name, and others beside them.
pub(super) fn fill(world: &World) {
    for (id, headline, skills) in [
        ("CRM-4711", "Platform engineer", ["Kubernetes", "Rust"]),
        ("CRM-9", "Pastry chef", ["Baking", "Chocolate"]),
        ("CRM-17", "Accountant", ["SAP", "Tax law"]),
        ("CRM-18", "Registered nurse", ["Triage", "Wound care"]),
        ("CRM-23", "Electrician", ["Wiring", "Safety"]),
        ("CRM-42", "Backend engineer", ["Java", "SQL"]),
    ] {
        put(
            world,
            Entity::Profile,
            json!({
                "id": id,
                "firstName": "Ada",
                "lastName": format!("Moreau {id}"),
                "contact": {"email": format!("{}@example.org", id.to_lowercase())},
                "address": {"city": "Lyon", "geo": {"latitude": 45.76, "longitude": 4.83}},
            "headline": headline,
                "resumeText": format!("Ada Moreau, {headline}. {}", skills.join(", ")),
                "competencies": skills,
            }),
        );
    }
    for (id, title, skills) in [
        ("REQ-88", "Platform engineer", ["Kubernetes", "Rust"]),
        ("REQ-89", "Pastry chef", ["Baking", "Chocolate"]),
        ("REQ-90", "Accountant", ["SAP", "Tax law"]),
        ("REQ-91", "Registered nurse", ["Triage", "Wound care"]),
        ("REQ-92", "Electrician", ["Wiring", "Safety"]),
    ] {
        put(
            world,
            Entity::Job,
            json!({
                "id": id,
                "title": title,
                "office": {"city": "Lyon", "geo": {"latitude": 45.76, "longitude": 4.83}},
                "description": {"intro": format!("We look for: {title}.")},
                "competencies": {"required": skills},
            }),
        );
    }
}

fn put(world: &World, entity: Entity, object: Value) {
    let Value::Object(object) = object else { unreachable!("every object of the ATS is one") };
    world.ats.put(entity, object).unwrap();
}

/// A file of this repository.
pub(super) fn file(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}
