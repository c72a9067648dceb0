//! The work of the connector, done when the test says so: to its end, or beside the test.

use oem_connector::flows::{Context, index, lease, pull};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use super::{Answer, OPERATOR_KEY, World, answer};

impl World {
    /// Asks for a pull as an operator does.
    pub(crate) async fn ask_for_pull(&self, entity: &str, mode: &str) -> Answer {
        let body = json!({"entity": entity, "mode": mode});
        let request = self.client.post(format!("{}/v1/pulls?partner=acme", self.address)).json(&body);
        answer(request.header("X-API-KEY", OPERATOR_KEY)).await
    }

    /// Starts a pull, which must be new, and returns its id.
    pub(crate) async fn start_pull(&self, entity: &str, mode: &str) -> String {
        let answer = self.ask_for_pull(entity, mode).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.body);
        answer.body["id"].as_str().unwrap().to_owned()
    }

    /// Pulls to the end and indexes it all.
    pub(crate) async fn pull(&self, entity: &str, mode: &str) -> Value {
        let id = self.start_pull(entity, mode).await;
        self.settle().await;
        self.pull_state(&id).await
    }

    pub(crate) async fn pull_state(&self, id: &str) -> Value {
        let request = self.client.get(format!("{}/v1/pulls/{id}", self.address));
        answer(request.header("X-API-KEY", OPERATOR_KEY)).await.body
    }

    /// Works off what is due now.
    pub(crate) async fn settle(&self) {
        drain(&self.context).await;
    }

    /// Reads the one pull that is due beside the test.
    pub(crate) async fn begin_pull(&self) -> JoinHandle<()> {
        let (context, partner) = (self.context.clone(), self.acme().clone());
        let claimed = pull::claim(&context, &partner).await.unwrap().unwrap();
        tokio::spawn(async move { pull::run(&context, &partner, claimed).await.unwrap() })
    }

    /// Leases the record that is due first and works on it beside the test.
    pub(crate) async fn begin_work(&self) -> JoinHandle<()> {
        let (context, partner) = (self.context.clone(), self.acme().clone());
        let leased = lease::claim(&context, &partner, 1).await.unwrap().pop().unwrap();
        tokio::spawn(async move { index::work(&context, &partner, leased).await.unwrap() })
    }
}

/// Works off everything that is due now, pulls first, and returns when nothing is.
pub(crate) async fn drain(context: &Context) {
    for partner in &context.partners {
        loop {
            let mut idle = true;
            while let Some(claimed) = pull::claim(context, partner).await.unwrap() {
                idle = false;
                pull::run(context, partner, claimed).await.unwrap();
            }
            for leased in lease::claim(context, partner, 8).await.unwrap() {
                idle = false;
                index::work(context, partner, leased).await.unwrap();
            }
            if idle {
                break;
            }
        }
    }
}
