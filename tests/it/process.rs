//! The real binary: what it prints, how it ends, and what survives a kill -9.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use oem_connector::demo::{self, Ats};
use oem_connector::model::{Clock, Entity};
use reqwest::Client;
use serde_json::{Value, json};

use crate::support::{
    API_KEY, ATS_KEY, Answer, Backend, Database, Fault, Gate, OPERATOR_KEY, PARTNER_KEY, Proxy, answer,
    backends, binary, client,
};

/// How long a process may take for anything.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// A child that does not outlive its test.
pub(crate) struct Process {
    child: Child,
    pub(crate) address: String,
}

impl Process {
    /// Starts the binary and returns when it says where it listens.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::of(Command::new(binary()).args(arguments))
    }

    /// The same for a command that becomes the binary.
    pub(crate) fn of(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let (told, heard) = mpsc::channel();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                // Nobody listens any more once the address is known.
                let _ = told.send(line);
            }
        });
        let mut process = Self { child, address: String::new() };
        while process.address.is_empty() {
            let line = heard.recv_timeout(PATIENCE).expect("it says where it listens");
            if let Some(address) = line.strip_prefix("listening on ") {
                address.clone_into(&mut process.address);
            }
        }
        process
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// kill -9.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to stop, and returns without waiting for it.
    pub(crate) fn terminate(&self) {
        let asked = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(asked.success());
    }

    pub(crate) async fn exit_code(&mut self) -> Option<i32> {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("it does not end");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs the binary to its end, beside what this test serves to it.
pub(crate) async fn run(arguments: &[&str]) -> Output {
    let mut command = Command::new(binary());
    command.args(arguments).env_remove("RUST_LOG").env_remove("RUST_BACKTRACE");
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

pub(crate) fn printed(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

/// Everything around a connector of its own process.
pub(crate) struct Site {
    ats: Ats,
    pub(crate) partner_side: Proxy,
    pub(crate) hrflow_side: Proxy,
    pub(crate) client: Client,
    config: PathBuf,
    hrflow: Process,
    _folder: tempfile::TempDir,
    pub(crate) database: Database,
}

impl Site {
    pub(crate) fn new(backend: Backend) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = tempfile::tempdir().unwrap();
        let database = Database::new(backend);
        let hrflow = Process::start(&["sandbox", "--listen", "127.0.0.1:0"]);
        let upstream = hrflow.address.strip_prefix("http://").unwrap().strip_suffix("/v1").unwrap();
        let ats = Ats::start_empty("127.0.0.1:0".parse().unwrap(), ATS_KEY, Clock::System).unwrap();
        let partner_side = Proxy::before(ats.address());
        let hrflow_side = Proxy::before(upstream.parse().unwrap());
        std::fs::write(folder.path().join("profile.jq"), demo::PROFILE_MAP).unwrap();
        std::fs::write(folder.path().join("job.jq"), demo::JOB_MAP).unwrap();
        let service = demo::service_settings(partner_side.address, ATS_KEY, folder.path());
        let config = folder.path().join("connector.toml");
        let text = format!(
            r#"listen = "127.0.0.1:0"
database_url = "{}"
operator_keys = ["{OPERATOR_KEY}"]
[limits]
lease_seconds = 6
call_timeout_seconds = 3
[hrflow]
api_url = "http://{}/v1"
api_key = "{API_KEY}"
user_email = "ops@example.org"
requests_per_minute = 600000
allow_private_network = true
[[partner]]
name = "acme"
keys = ["{PARTNER_KEY}"]
source_key = "{}"
board_key = "{}"
algorithm_key = "sandbox-ranker"
{}"#,
            database.url,
            hrflow_side.address,
            "a".repeat(40),
            "b".repeat(40),
            service.replace("size_value = 100", "size_value = 10"),
        );
        std::fs::write(&config, text).unwrap();
        let client = client();
        Self { ats, partner_side, hrflow_side, client, config, hrflow, _folder: folder, database }
    }

    pub(crate) fn config(&self) -> &str {
        self.config.to_str().unwrap()
    }

    pub(crate) fn serve(&self) -> Process {
        Process::start(&["serve", "--config", self.config()])
    }

    /// Changes the configuration of what is started from now on.
    pub(crate) fn configure(&self, from: &str, to: &str) {
        let text = std::fs::read_to_string(&self.config).unwrap();
        assert!(text.contains(from), "{from} is not in the configuration");
        std::fs::write(&self.config, text.replace(from, to)).unwrap();
    }

    /// How many profiles HrFlow holds.
    pub(crate) async fn count_in_hrflow(&self) -> u64 {
        let request = self
            .client
            .get(format!("{}/storing/profiles", self.hrflow.address))
            .header("X-API-KEY", API_KEY)
            .query(&[("source_keys", json!(["a".repeat(40)]).to_string())]);
        answer(request).await.body["meta"]["total"].as_u64().unwrap()
    }

    pub(crate) fn has_profile(&self, id: &str) {
        self.has_profile_called(id, "Nurse");
    }

    /// The partner has this profile now, under this headline.
    pub(crate) fn has_profile_called(&self, id: &str, headline: &str) {
        let object = json!({"id": id, "firstName": "Ada", "lastName": "Moreau", "headline": headline,
            "contact": {"email": "ada@example.org"}, "resumeText": "Ada Moreau", "competencies": ["Rust"]});
        self.ats.put(Entity::Profile, object.as_object().unwrap().clone()).unwrap();
    }

    /// The partner has this profile no longer.
    pub(crate) fn loses_profile(&self, id: &str) {
        self.ats.remove(Entity::Profile, id);
    }

    /// The headline under which HrFlow shows a profile; nothing when it has none or it is archived.
    pub(crate) async fn headline(&self, reference: &str) -> Option<String> {
        let request = self
            .client
            .get(format!("{}/profile/indexing", self.hrflow.address))
            .header("X-API-KEY", API_KEY)
            .query(&[("source_key", "a".repeat(40).as_str()), ("reference", reference)]);
        let profile = answer(request).await.body.get("data")?.clone();
        profile["archived_at"].is_null().then(|| profile["info"]["summary"].as_str().map(str::to_owned))?
    }

    pub(crate) async fn get(&self, serve: &Process, path: &str) -> Answer {
        let request = self.client.get(format!("{}{path}", serve.address));
        answer(request.header("X-API-KEY", OPERATOR_KEY)).await
    }

    pub(crate) async fn announce(&self, serve: &Process, reference: &str) -> Answer {
        let body = json!({"reference": reference, "event_date": "2026-01-01T00:00:00Z"});
        let request =
            self.client.post(format!("{}/v1/webhooks/acme/profile_update", serve.address)).json(&body);
        answer(request.header("X-API-KEY", PARTNER_KEY)).await
    }

    /// Asks for a pull, or for the one that runs.
    pub(crate) async fn ask_for_pull(&self, serve: &Process) -> Answer {
        let request = self.client.post(format!("{}/v1/pulls?partner=acme", serve.address));
        answer(request.header("X-API-KEY", OPERATOR_KEY).json(&json!({"entity": "profiles"}))).await
    }

    pub(crate) async fn start_pull(&self, serve: &Process) -> String {
        let started = self.ask_for_pull(serve).await;
        assert_eq!(started.status, 202, "{}", started.body);
        started.body["id"].as_str().unwrap().to_owned()
    }

    /// Returns when the connector says that all of these are indexed.
    pub(crate) async fn until_indexed(&self, serve: &Process, references: impl Iterator<Item = String>) {
        let began = Instant::now();
        for reference in references {
            loop {
                let record =
                    self.get(serve, &format!("/v1/records/profiles/{reference}?partner=acme")).await.body;
                if record["state"] == "indexed" {
                    break;
                }
                assert!(began.elapsed() < PATIENCE, "{reference}: {record}");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }

    /// The methods of the writes that HrFlow was sent for a reference, in their order.
    pub(crate) fn writes(&self, reference: &str) -> Vec<String> {
        let calls = self.hrflow_side.requests().into_iter().filter(|call| call.method != "GET");
        let about = |body: &str| serde_json::from_str::<Value>(body).unwrap()["reference"] == reference;
        calls.filter(|call| about(&call.body)).map(|call| call.method).collect()
    }
}

pub(crate) fn references(numbers: std::ops::Range<usize>) -> impl Iterator<Item = String> {
    numbers.map(|number| format!("P{number:02}"))
}

#[actix_web::test]
async fn a_pull_goes_on_after_a_kill_and_writes_again_only_what_was_in_flight() {
    for backend in backends() {
        let site = Site::new(backend);
        references(0..55).for_each(|reference| site.has_profile(&reference));
        let (page, write) = (Gate::new(), Gate::new());
        site.partner_side.fail("GET", "page=4", Fault::HoldBefore(page.clone()));
        site.hrflow_side.fail("POST", "/profile/indexing", Fault::HoldAfter(write.clone()));
        let serve = site.serve();
        let id = site.start_pull(&serve).await;
        page.reached().await;
        write.reached().await;
        // What was sent first is held: HrFlow has it and the connector does not know.
        let calls = site.hrflow_side.requests();
        let first: Value = serde_json::from_str(&calls[0].body).unwrap();
        let in_flight = first["reference"].as_str().unwrap().to_owned();
        let settled = references(0..30).filter(|reference| *reference != in_flight);
        site.until_indexed(&serve, settled).await;
        serve.kill();
        page.open();
        write.open();

        let serve = site.serve();
        site.until_indexed(&serve, references(0..55)).await;
        let pull = site.get(&serve, &format!("/v1/pulls/{id}")).await.body;
        assert_eq!((&pull["state"], &pull["pages"], &pull["seen"]), (&json!("done"), &json!(6), &json!(55)));
        for reference in references(0..55) {
            let expected: &[&str] = if reference == in_flight { &["POST", "PUT"] } else { &["POST"] };
            assert_eq!(site.writes(&reference), expected, "{reference}");
        }
        assert_eq!(site.partner_side.count("GET", "page=1&"), 1, "what was recorded is not read again");
    }
}

#[actix_web::test]
async fn no_webhook_that_was_acknowledged_is_lost_by_a_kill() {
    for backend in backends() {
        let site = Site::new(backend);
        references(0..40).for_each(|reference| site.has_profile(&reference));
        site.partner_side.fail_times(usize::MAX, "GET", "/candidates/", Fault::Status(503, None));
        let serve = site.serve();
        let all: Vec<String> = references(0..40).collect();
        let sent = all.iter().map(|reference| site.announce(&serve, reference));
        for answer in futures_util::future::join_all(sent).await {
            assert_eq!(answer.status, 202, "{}", answer.body);
        }
        serve.kill();
        assert_eq!(site.hrflow_side.writes(), 0);
        site.partner_side.heal();
        let serve = site.serve();
        site.until_indexed(&serve, references(0..40)).await;
        for reference in &all {
            assert_eq!(site.writes(reference).last().map(String::as_str), Some("POST"), "{reference}");
        }
    }
}

#[actix_web::test]
async fn a_process_that_is_asked_to_stop_ends_what_it_has_begun() {
    for backend in backends() {
        let site = Site::new(backend);
        site.has_profile("P1");
        let gate = Gate::new();
        site.hrflow_side.fail("POST", "/profile/indexing", Fault::HoldAfter(gate.clone()));
        let mut serve = site.serve();
        assert_eq!(site.announce(&serve, "P1").await.status, 202);
        gate.reached().await;
        serve.terminate();
        gate.open();
        assert_eq!(serve.exit_code().await, Some(0));

        let mut serve = site.serve();
        let record = site.get(&serve, "/v1/records/profiles/P1?partner=acme").await.body;
        assert_eq!(record["state"], "indexed", "it was settled before the end: {record}");
        serve.terminate();
        assert_eq!(serve.exit_code().await, Some(0));
        assert_eq!(site.writes("P1"), ["POST"]);
    }
}

#[actix_web::test]
async fn a_pull_from_the_command_line_works_beside_a_server_and_tells_what_it_did() {
    for backend in backends() {
        let site = Site::new(backend);
        references(0..25).for_each(|reference| site.has_profile(&reference));
        let _serve = site.serve();
        let pull = ["pull", "acme", "profiles", "--config", site.config()];
        let (code, out, err) = printed(&run(&pull).await);
        assert_eq!(code, Some(0), "{out}{err}");
        let counts = "profiles: 25 read, 25 changed, 0 unchanged, 0 unusable, 0 set aside";
        assert_eq!(out.lines().last(), Some(counts));
        assert!(references(0..25).all(|reference| site.writes(&reference) == ["POST"]));

        let object = json!({"id": "bad", "positions": "none"});
        site.ats.put(Entity::Profile, object.as_object().unwrap().clone()).unwrap();
        let (code, out, _) = printed(&run(&[&pull[..], &["--json"]].concat()).await);
        let told: Value = serde_json::from_str(out.lines().last().unwrap()).unwrap();
        assert_eq!((code, &told["failed"], &told["unchanged"]), (Some(1), &json!(1), &json!(25)), "{out}");
        assert!(told["problem"].as_str().unwrap().starts_with("`bad`: "), "{told}");

        let (code, _, err) = printed(&run(&["pull", "nobody", "--config", site.config()]).await);
        let expected = "error: no partner is called `nobody`\n  partner: there are acme\n";
        assert_eq!((code, err.as_str()), (Some(2), expected));
    }
}

#[actix_web::test]
async fn a_database_is_made_by_migrate_and_made_twice_without_harm() {
    for backend in backends() {
        let site = Site::new(backend);
        for _ in 0..2 {
            let (code, out, err) = printed(&run(&["migrate", "--config", site.config()]).await);
            assert_eq!((code, out.as_str()), (Some(0), "the database is up to date\n"), "{err}");
        }
    }
}

#[actix_web::test]
async fn the_openapi_document_is_printed_as_json() {
    let (code, out, err) = printed(&run(&["openapi"]).await);
    assert_eq!(code, Some(0), "{err}");
    let document: Value = serde_json::from_str(&out).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    assert!(document["paths"]["/v1/webhooks/{partner}/{event}"].is_object());
}

#[actix_web::test]
async fn the_demo_imports_ranks_and_ends() {
    let (code, out, err) = printed(&run(&["demo", "--once", "--port", "0"]).await);
    assert_eq!(code, Some(0), "{out}{err}");
    assert!(out.contains("profiles: 2041 read, 2041 changed, 0 unchanged, 0 unusable, 0 set aside"), "{out}");
    assert!(out.contains("jobs: 301 read, 301 changed, 0 unchanged, 0 unusable, 0 set aside"), "{out}");
    assert!(out.contains("the best profiles for V-2025-252"), "{out}");
}

#[actix_web::test]
async fn everything_wrong_with_a_configuration_is_told_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("connector.toml");
    let text = "listen = \"here\"\noperator_kees = []\n[limits]\nlease_seconds = 1\n[[partner]]\nname = \"Acme Inc\"\n";
    std::fs::write(&file, text).unwrap();
    for command in [&["serve"][..], &["migrate"], &["pull", "acme"]] {
        let (code, out, err) =
            printed(&run(&[command, &["--config", file.to_str().unwrap()]].concat()).await);
        assert_eq!((code, out.as_str()), (Some(2), ""), "{err}");
        for key in
            ["listen", "operator_kees", "operator_keys", "lease_seconds", "name", "source_key", "service"]
        {
            assert!(err.contains(key), "{key}: {err}");
        }
    }
    let missing = folder.path().join("nowhere.toml");
    let (code, _, err) = printed(&run(&["serve", "--config", missing.to_str().unwrap()]).await);
    assert_eq!(code, Some(2), "{err}");
    assert_eq!(printed(&run(&["serve"]).await).0, Some(2), "an argument is missing");
}
