//! `demo`: a local HrFlow, a sample ATS and the connector between them, in one process, wired by real HTTP.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use serde_json::{Value, json};

use super::progress::{self, Ended};
use super::{asked_to_stop, log, read_config};
use crate::demo::{self, Ats};
use crate::error::{Error, Kind, Result};
use crate::flows::pull::{self, By};
use crate::flows::query::{self, Answered, Asked};
use crate::flows::{Context, Partner};
use crate::model::{Clock, Entity, Reference};
use crate::sandbox::{self, Options, ReferenceAfterArchive};
use crate::server::Running;
use crate::store::Mode;

/// The job of the first ranking.
const FIRST_JOB: &str = "V-2025-252";

/// How many of it are shown.
const SHOWN: u64 = 10;

const PARTNER: &str = "acme";
const PARTNER_KEY: &str = "acme-demo-key";
const OPERATOR_KEY: &str = "operator-demo-key";
const ATS_KEY: &str = "ats-demo-token";
const API_KEY: &str = "ask_0123456789abcdef0123456789abcdef";
const SOURCE_KEY: &str = "5000000000000000000000000000000000000001";
const BOARD_KEY: &str = "b000000000000000000000000000000000000001";

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The connector's port; the local HrFlow and the ATS take the next two; 0 takes free ones
    #[arg(long, value_name = "N", default_value_t = 8080)]
    port: u16,
    /// Keep the state in this folder; without it everything is forgotten at the end
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// End after the first ranking
    #[arg(long)]
    once: bool,
}

pub(super) async fn run(arguments: Arguments) -> Result<ExitCode> {
    log("error");
    let temporary =
        tempfile::tempdir().map_err(|cause| unwritable(Path::new("for temporary files"), cause))?;
    let folder = arguments.data_dir.unwrap_or_else(|| temporary.path().to_owned());
    let port = |offset: u16| match arguments.port {
        0 => SocketAddr::from(([127, 0, 0, 1], 0)),
        port => SocketAddr::from(([127, 0, 0, 1], port.saturating_add(offset))),
    };

    let hrflow = sandbox::start(
        Options {
            listen: port(1),
            data_dir: Some(folder.join("hrflow")),
            api_keys: vec![API_KEY.to_owned()],
            sources: vec![SOURCE_KEY.to_owned()],
            boards: vec![BOARD_KEY.to_owned()],
            reference_after_archive: ReferenceAfterArchive::Kept,
        },
        Clock::System,
    )
    .await?;
    let ats = Ats::start(port(2), ATS_KEY, Clock::System)?;
    put_what_examples_name(&ats)?;
    let file = write_configuration(&folder, port(0), hrflow.address, ats.address())?;
    let running = Running::start(&read_config(&file)?, Clock::System).await?;
    println!("the connector  http://{}", running.serving.address);
    println!("a local HrFlow http://{}/v1", hrflow.address);
    println!("a sample ATS   http://{}/api", ats.address());
    println!("configured by  {}\n", file.display());

    let partner = running.context.partner(PARTNER)?.clone();
    import(&running.context, &partner, &ats).await?;
    rank(&running.context, &partner, &ats).await?;
    if !arguments.once {
        println!("{}", what_to_try(running.serving.address, ats.address()));
        asked_to_stop().await;
    }
    running.stop().await;
    hrflow.stop().await?;
    ats.stop().await;
    Ok(ExitCode::SUCCESS)
}

/// Whoever tries the examples of `/docs` finds the profile and the job that they name.
fn put_what_examples_name(ats: &Ats) -> Result<()> {
    let skills = json!(["Kubernetes", "Rust"]);
    let candidate = json!({
        "id": "CRM-4711", "firstName": "Ada", "lastName": "Moreau", "contact": {"email": "ada.moreau@example.org"},
        "headline": "Platform engineer", "resumeText": "Ada Moreau, platform engineer.", "competencies": skills,
    });
    let vacancy = json!({
        "id": "REQ-88", "title": "Platform engineer", "office": {"city": "Lyon"},
        "description": {"intro": "We look for a platform engineer."}, "competencies": {"required": skills},
    });
    for (entity, object) in [(Entity::Profile, candidate), (Entity::Job, vacancy)] {
        if let Value::Object(object) = object {
            ats.put(entity, object)?;
        }
    }
    Ok(())
}

/// Writes what an integrator would write: the demo has no other way in than the configuration.
fn write_configuration(
    folder: &Path,
    listen: SocketAddr,
    hrflow: SocketAddr,
    ats: SocketAddr,
) -> Result<PathBuf> {
    let text = format!(
        r#"listen = "{listen}"
database_url = "sqlite://connector.db"
operator_keys = ["{OPERATOR_KEY}"]

[hrflow]
api_url = "http://{hrflow}/v1"
api_key = "{API_KEY}"
user_email = "demo@example.org"
requests_per_minute = 60000
allow_private_network = true

[[partner]]
name = "{PARTNER}"
keys = ["{PARTNER_KEY}"]
source_key = "{SOURCE_KEY}"
board_key = "{BOARD_KEY}"
algorithm_key = "sandbox-ranker"
grading_algorithm_key = "sandbox-grader"

{}"#,
        demo::service_settings(ats, ATS_KEY, Path::new("mappings"))
    );
    let mappings = folder.join("mappings");
    let file = folder.join("connector.toml");
    std::fs::create_dir_all(&mappings)
        .and_then(|()| std::fs::write(mappings.join("profile.jq"), demo::PROFILE_MAP))
        .and_then(|()| std::fs::write(mappings.join("job.jq"), demo::JOB_MAP))
        .and_then(|()| std::fs::write(&file, text))
        .map_err(|cause| unwritable(folder, cause))?;
    Ok(file)
}

fn unwritable(folder: &Path, cause: std::io::Error) -> Error {
    Error::new(Kind::Invalid, format!("the folder {} cannot be written", folder.display())).because(cause)
}

async fn import(context: &Arc<Context>, partner: &Partner, ats: &Ats) -> Result<()> {
    let (profiles, jobs) = (ats.count(Entity::Profile), ats.count(Entity::Job));
    println!("initial import: {profiles} profiles and {jobs} jobs");
    let began = Instant::now();
    let mut ids = Vec::new();
    for entity in Entity::ALL {
        ids.push(pull::start(context, partner, entity, Mode::Full, By::Operator).await?.0.id);
    }
    let ended = progress::follow(context, ids).await?;
    let seconds = began.elapsed().as_secs_f64();
    for one in &ended {
        println!("{}", one.sentence());
    }
    let seen: i64 = ended.iter().map(|one| one.pull.seen).sum();
    #[expect(clippy::cast_precision_loss, reason = "a rate for people to read")]
    let rate = seen as f64 / seconds.max(0.001);
    println!("{seen} objects in {seconds:.1} s: {rate:.0} per second\n");
    if ended.iter().any(Ended::failed) {
        return Err(Error::new(Kind::Upstream, "the initial import did not end well"));
    }
    Ok(())
}

async fn rank(context: &Context, partner: &Partner, ats: &Ats) -> Result<()> {
    let job = Reference::parse(FIRST_JOB)?;
    let name = ats.label(Entity::Job, FIRST_JOB).unwrap_or_default();
    let asked = Asked::page(Entity::Profile, Some(job), 1, SHOWN);
    let answered = query::rank(context, partner, &asked).await?;
    println!("the best profiles for {FIRST_JOB} ({name}):");
    println!("{}", table(&answered, ats));
    Ok(())
}

fn table(answered: &Answered, ats: &Ats) -> String {
    let width = answered.items.iter().map(|item| item.reference.chars().count()).max().unwrap_or(0).max(9);
    let mut text = format!("  {:width$}  {:>6}  who\n", "reference", "score");
    for item in &answered.items {
        let who = ats.label(Entity::Profile, &item.reference).unwrap_or_default();
        // Writing to a string does not fail.
        let _ = writeln!(text, "  {:width$}  {:>6.4}  {who}", item.reference, item.score.unwrap_or_default());
    }
    text
}

fn what_to_try(connector: SocketAddr, ats: SocketAddr) -> String {
    format!(
        r#"keys: partner {PARTNER_KEY} · operator {OPERATOR_KEY} · ATS {ATS_KEY}

try, from another terminal:
  # does the webhook work?
  curl -H 'X-API-KEY: {PARTNER_KEY}' http://{connector}/v1/webhooks/{PARTNER}/profile_update/ping

  # change a candidate in the ATS, tell the connector, and see what it made of it
  curl -X PATCH -H 'X-ATS-TOKEN: {ATS_KEY}' -H 'Content-Type: application/json' \
       -d '{{"headline": "Rust engineer"}}' http://{ats}/api/candidates/13478
  curl -H 'X-API-KEY: {PARTNER_KEY}' -H 'Content-Type: application/json' \
       -d "{{\"reference\": \"13478\", \"event_date\": \"$(date -u +%Y-%m-%dT%H:%M:%SZ)\"}}" \
       http://{connector}/v1/webhooks/{PARTNER}/profile_update
  curl -H 'X-API-KEY: {PARTNER_KEY}' http://{connector}/v1/records/profiles/13478

  # the best profiles for a job, and the best jobs for a profile
  curl -H 'X-API-KEY: {PARTNER_KEY}' 'http://{connector}/v1/profiles/scoring?job_reference={FIRST_JOB}&limit=5'
  curl -H 'X-API-KEY: {PARTNER_KEY}' 'http://{connector}/v1/jobs/scoring?profile_reference=13478&limit=5'

  # how well one of them fits, in words; and why another is not among the best
  curl -H 'X-API-KEY: {PARTNER_KEY}' 'http://{connector}/v1/match/explanation?job_reference={FIRST_JOB}&profile_reference=13478'
  curl -H 'X-API-KEY: {PARTNER_KEY}' 'http://{connector}/v1/match/why?job_reference={FIRST_JOB}&profile_reference=13478&score_min=0.5'

  # the three best for every job, as lines
  curl -H 'X-API-KEY: {PARTNER_KEY}' -H 'Content-Type: application/json' -d '{{"ranked": "profiles", "top": 3}}' \
       http://{connector}/v1/exports
  curl -H 'X-API-KEY: {PARTNER_KEY}' http://{connector}/v1/exports     # its id, then /v1/exports/ID/lines

  # profiles by criteria
  curl -G -H 'X-API-KEY: {PARTNER_KEY}' http://{connector}/v1/profiles/searching \
       --data-urlencode 'text_keywords=["nurse"]' --data-urlencode 'limit=5'

  # the API's documentation: open http://{connector}/docs
Ctrl-C ends it."#
    )
}
