//! Uses the generated client against a live connector: client <address> <partner key> <operator key>.

use std::time::{Duration, Instant};

use chrono::Utc;
use reqwest::header::{HeaderMap, HeaderValue};

use generated::types::{
    Entity, Problem, ProblemCode, PullMode, PullRequest, PullState, RecordState, ScoreJobsAnswer, ScoreProfilesAnswer, Webhook, WebhookStatus,
};
use generated::{Client, Error, ResponseValue};

#[allow(warnings, reason = "nobody reads generated code")]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/generated.rs"));
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, partner_key, operator_key] = arguments.as_slice() else { panic!("three arguments") };
    let (partner, operator) = (connect(address, partner_key), connect(address, operator_key));
    import_everything(&partner, &operator).await;
    ping(&partner).await;
    tell_of_a_change(&partner).await;
    score(&partner).await;
    search(&partner).await;
    be_refused(&partner, &connect(address, "nobody's")).await;
}

fn connect(address: &str, key: &str) -> Client {
    let key = HeaderValue::from_str(key).expect("a key is a header");
    let headers = HeaderMap::from_iter([("x-api-key".parse().expect("a name"), key)]);
    let client = reqwest::Client::builder().default_headers(headers).no_proxy().build();
    Client::new_with_client(address, client.expect("a client"))
}

/// What is read, once it is as wanted; a minute is more than enough.
async fn until<T: std::fmt::Debug>(
    mut read: impl AsyncFnMut() -> Result<ResponseValue<T>, Error<Problem>>,
    wanted: impl Fn(&T) -> bool,
) -> T {
    let begun = Instant::now();
    loop {
        let found = read().await.expect("an answer").into_inner();
        if wanted(&found) {
            return found;
        }
        assert!(begun.elapsed() < Duration::from_mins(1), "{found:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn import_everything(partner: &Client, operator: &Client) {
    for entity in [Entity::Jobs, Entity::Profiles] {
        let wanted = PullRequest { entity, mode: PullMode::Full };
        let begun = operator.start_pull().partner("acme").body(wanted).send().await.expect("a pull");
        let pull = until(
            async || operator.get_pull().id(begun.id.as_str()).partner("acme").send().await,
            |pull| matches!(pull.state, PullState::Done | PullState::Failed),
        )
        .await;
        assert!(pull.state == PullState::Done && pull.seen > 0 && pull.complete == Some(true), "{pull:?}");
    }
    until(async || partner.list_partners().send().await, |listed| listed.items[0].pending == 0).await;
}

async fn ping(partner: &Client) {
    let asked = partner.describe_webhook().partner("acme").event("profile_update").send().await;
    let pong = asked.expect("a pong").into_inner();
    assert!(pong.status == WebhookStatus::Ping && pong.partner == "acme" && pong.understood.is_none(), "{pong:?}");
    let sample = pong.sample;
    let tried =
        partner.try_webhook().partner("acme").event("profile_update").body(sample.clone()).send().await;
    let understood = tried.expect("a pong").into_inner().understood.expect("what was understood");
    assert_eq!(understood.reference, *sample.reference);
}

async fn tell_of_a_change(partner: &Client) {
    let news = Webhook::builder().reference("CRM-9").event_date(Utc::now().to_rfc3339());
    let told = partner.receive_webhook().partner("acme").event("profile_archive").body(news).send().await;
    let told = told.expect("an acknowledgement").into_inner();
    assert_eq!(told.status, WebhookStatus::Accepted);
    let record = until(
        async || partner.get_record().entity(Entity::Profiles).reference("CRM-9").send().await,
        |record| record.state == RecordState::Archived,
    )
    .await;
    assert_eq!(record.last_event.map(|event| event.id), told.id);
}

async fn score(partner: &Client) {
    let best = partner.score_profiles().job_reference("REQ-88").limit(5).send().await.expect("profiles").into_inner();
    let ScoreProfilesAnswer::ScoredPage(best) = best else { panic!("without `wait` there is no ticket: {best:?}") };
    assert_eq!((best.items.len(), best.items[0].reference.as_str()), (5, "CRM-4711"));
    assert!(best.items[0].score > 0.0 && best.items[0].score <= 1.0);
    assert!(best.items.is_sorted_by(|one, next| one.score >= next.score), "{best:?}");
    let best = partner.score_jobs().profile_reference("CRM-4711").send().await.expect("jobs").into_inner();
    let ScoreJobsAnswer::ScoredPage(best) = best else { panic!("without `wait` there is no ticket: {best:?}") };
    assert_eq!(best.items[0].reference, "REQ-88");
}

async fn search(partner: &Client) {
    let people = partner.search_profiles().text_keywords(r#"["kubernetes"]"#).send().await.expect("profiles");
    let references: Vec<&str> = people.items.iter().map(|item| item.reference.as_str()).collect();
    assert_eq!(references, ["CRM-4711"]);
    let jobs = partner.search_jobs().page(2).limit(2).send().await.expect("jobs").into_inner();
    assert_eq!((jobs.items.len(), jobs.page.get(), jobs.total), (2, 2, 5));
}

async fn be_refused(partner: &Client, nobody: &Client) {
    let missing = problem(partner.get_record().entity(Entity::Jobs).reference("nobody").send().await);
    assert_eq!((missing.code, missing.status), (ProblemCode::NotFound, 404));
    let wrong = problem(partner.score_profiles().job_reference("REQ-88").limit(101).send().await);
    assert_eq!((wrong.code, wrong.errors[0].field.as_str()), (ProblemCode::Invalid, "limit"));
    let unknown = problem(nobody.get_record().entity(Entity::Jobs).reference("nobody").send().await);
    assert_eq!(unknown.code, ProblemCode::Unauthorized);
}

/// The problem of an answer that is one.
fn problem<T: std::fmt::Debug>(answer: Result<ResponseValue<T>, Error<Problem>>) -> Problem {
    match answer {
        Err(Error::ErrorResponse(problem)) => problem.into_inner(),
        other => panic!("no refusal: {other:?}"),
    }
}
