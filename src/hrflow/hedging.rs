//! Hedging: a question that waits too long for its answer is asked a second time, and the first answer counts
//! (Dean and Barroso, "The tail at scale", 2013). Only questions: what writes is never sent twice by this.

use std::pin::pin;

use futures_util::future::{Either, select};
use serde::de::DeserializeOwned;
use tokio::time::sleep;

use super::{About, Client, Urgency, envelope};
use crate::error::Result;
use crate::http::Request;

impl Client {
    /// Asks, and once more when there is no answer `hedge_after_ms` after the call was sent, if that is configured and the
    /// quota has a call left. What waits for our own quota or slots says nothing of HrFlow, and where nobody waits for the
    /// answer a second call is only spent.
    pub(super) async fn send_hedged<T: DeserializeOwned>(
        &self,
        request: Request,
        about: About,
    ) -> Result<envelope::Read<T>> {
        self.hedged(request, about).await.map_err(envelope::of_a_question)
    }

    async fn hedged<T: DeserializeOwned>(&self, request: Request, about: About) -> Result<envelope::Read<T>> {
        let Some(after) = self.hedge_after.filter(|_| !self.in_turn) else {
            return self.send(Urgency::Query, request, about).await;
        };
        let held = self.enter(Urgency::Query).await?;
        let mut first = pin!(self.exchange(held, request.clone(), about));
        tokio::select! {
            answer = &mut first => return answer,
            () = sleep(after) => {}
        }
        let second = pin!(self.send(Urgency::Query, request, about));
        match select(first, second).await {
            // It says nothing of the question, so the other one may still have an answer.
            Either::Left((Err(problem), second)) if problem.kind().is_temporary() => second.await,
            Either::Right((Err(problem), first)) if problem.kind().is_temporary() => first.await,
            Either::Left((answer, _)) | Either::Right((answer, _)) => answer,
        }
    }
}
