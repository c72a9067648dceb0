//! What HrFlow holds, asked past the connector.

use oem_connector::model::Entity;
use serde_json::{Value, json};

use super::{API_KEY, World, answer};

impl World {
    /// What HrFlow holds under a reference, asked directly; nothing when it has none or it is archived.
    pub(crate) async fn in_hrflow(&self, entity: Entity, reference: &str) -> Option<Value> {
        let container = self.acme().settings.container_key(entity).to_owned();
        let request = self
            .client
            .get(format!("{}/v1/{}/indexing", self.hrflow_address, entity.singular()))
            .header("X-API-KEY", API_KEY)
            .query(&[(format!("{}_key", entity.container()), container)])
            .query(&[("reference", reference)]);
        let answer = answer(request).await;
        let data = answer.body.get("data")?.clone();
        data["archived_at"].is_null().then_some(data)
    }

    /// How many objects of a kind HrFlow holds, archived ones included.
    pub(crate) async fn count_in_hrflow(&self, entity: Entity) -> u64 {
        let container = self.acme().settings.container_key(entity);
        let request = self
            .client
            .get(format!("{}/v1/storing/{}", self.hrflow_address, entity.plural()))
            .header("X-API-KEY", API_KEY)
            .query(&[(format!("{}_keys", entity.container()), json!([container]).to_string())]);
        answer(request).await.body["meta"]["total"].as_u64().unwrap()
    }

    /// The headline under which HrFlow shows a profile.
    pub(crate) async fn headline(&self, reference: &str) -> Option<String> {
        let profile = self.in_hrflow(Entity::Profile, reference).await?;
        profile["info"]["summary"].as_str().map(str::to_owned)
    }
}
