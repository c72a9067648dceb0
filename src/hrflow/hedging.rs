//! Hedging: a question that waits too long for its answer is asked a second time, and the first answer counts
//! (Dean and Barroso, "The tail at scale", 2013). Only questions: what writes is never sent twice by this.

use std::pin::pin;

use futures_util::future::select;
use serde::de::DeserializeOwned;
use tokio::time::sleep;

use super::{About, Client, Urgency, envelope};
use crate::error::Result;
use crate::http::Request;

impl Client {
    /// Asks, and once more when there is no answer after `hedge_after_ms`, if that is configured and the quota has a call
    /// left.
    pub(super) async fn send_hedged<T: DeserializeOwned>(
        &self,
        request: Request,
        about: About,
    ) -> Result<envelope::Read<T>> {
        let ask = |request: Request| self.send(Urgency::Query, request, about);
        let Some(after) = self.hedge_after else { return ask(request).await };
        let mut first = pin!(ask(request.clone()));
        tokio::select! {
            answer = &mut first => return answer,
            () = sleep(after) => {}
        }
        let second = pin!(ask(request));
        let (answer, other) = select(first, second).await.factor_first();
        match answer {
            // It says nothing of the question, so the other one may still have an answer.
            Err(problem) if problem.kind().is_temporary() => other.await,
            answer => answer,
        }
    }
}
