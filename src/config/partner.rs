//! `[[partner]]`: one ATS installation, its keys, and where its objects are in HrFlow.

use toml::Table;

use super::check;
use super::hrflow::{self, Draft, HrFlow};
use super::read::keys;
use super::reading::Reading;
use super::schedule::{self, Schedules};
use super::section::Section;
use super::service::{self, Service};
use super::webhooks::{self, Webhooks};
use crate::model::{Entity, Secret};

/// One ATS installation. `[[partner]]`.
#[derive(Clone, Debug)]
pub struct Partner {
    /// Its name in addresses and rows: lower-case letters, digits, `-` and `_`. `name`.
    pub name: String,
    /// What it sends us as `X-API-KEY`. `keys`.
    pub keys: Vec<Secret>,
    /// How it proves its webhooks.
    pub webhooks: Webhooks,
    /// Its profiles in HrFlow, 40 hex characters. `source_key`.
    pub source_key: String,
    /// Its jobs in HrFlow, 40 hex characters. `board_key`.
    pub board_key: String,
    /// What ranks, 40 hex characters or a slug. `algorithm_key`.
    pub algorithm_key: String,
    /// What grades a single pair, for explanations: 40 hex characters or a slug. `grading_algorithm_key`, default none, and
    /// then explanations have no grade.
    pub grading_algorithm_key: Option<String>,
    /// What `profile_archive` asks for: `archive` or `erase`. `on_archive`, default `archive`.
    pub on_archive: OnArchive,
    /// `[hrflow]` with the overrides of `[partner.hrflow]`.
    pub hrflow: HrFlow,
    /// How much of its objects may be archived within an hour because they are gone, without a person's approval; twenty
    /// always may. `max_archive_share`, default 0.05, from 0 to below 1.
    pub max_archive_share: f64,
    /// Its web services. `[partner.service]`.
    pub service: Service,
    /// Which pulls start by themselves. `[partner.schedule]`, default none.
    pub schedule: Schedules,
}

impl Partner {
    /// The source for profiles, the board for jobs.
    pub fn container_key(&self, entity: Entity) -> &str {
        match entity {
            Entity::Profile => &self.source_key,
            Entity::Job => &self.board_key,
        }
    }
}

/// What `profile_archive` asks for. It is sent when a candidate is put away, and when a person asks for deletion; which of
/// the two a partner means, it must say. A profile that is merely gone is archived either way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnArchive {
    /// HrFlow shows the profile no longer.
    #[default]
    Archive,
    /// HrFlow and we hold nothing of it any more, for good.
    Erase,
}

pub(super) fn partner(reading: &Reading, index: usize, table: Table, shared: &Draft) -> Option<Partner> {
    // Until the name is read, the partner goes by its place.
    let unnamed = Section::at(reading, format!("partner[{index}]"), String::new(), table.clone());
    if !unnamed.has("name") {
        unnamed.tell("name", "is missing");
    }
    let name = unnamed.read("name", check::partner_name);
    let key = name.as_ref().map_or_else(|| format!("partner[{index}]"), |name| format!("partner.{name}"));
    // A partner without a name cannot be meant by any variable: none holds a `[`.
    let named = name.as_deref().unwrap_or("[").to_uppercase().replace('-', "_");
    let section = Section::at(reading, key, format!("OEM_CONNECTOR__PARTNER__{named}"), table);
    section.has("name");
    for name in ["keys", "source_key", "board_key", "algorithm_key", "service"] {
        section.need(name);
    }
    let keys = keys(&section, "keys");
    if keys.is_empty() && section.has("keys") {
        section.tell("keys", "must have at least one key");
    }
    let webhooks = webhooks::webhooks(&section);
    let source_key = section.read("source_key", check::container_key);
    let board_key = section.read("board_key", check::container_key);
    let algorithm_key = section.read("algorithm_key", check::algorithm_key);
    let grading_algorithm_key = section.read("grading_algorithm_key", check::algorithm_key);
    let on_archive = if section.has("on_archive") {
        section.read("on_archive", check::on_archive)
    } else {
        Some(OnArchive::default())
    };
    let own = section.section("hrflow").map(hrflow::draft).unwrap_or_default();
    let hrflow = hrflow::merged(&section, own, shared);
    let max_archive_share =
        if section.has("max_archive_share") { section.share("max_archive_share") } else { Some(0.05) };
    let service = section.section("service").and_then(service::service);
    let schedule = schedule::schedules(section.section("schedule"));
    section.finish();
    Some(Partner {
        name: name?,
        keys,
        webhooks: webhooks?,
        source_key: source_key?,
        board_key: board_key?,
        algorithm_key: algorithm_key?,
        grading_algorithm_key,
        on_archive: on_archive?,
        hrflow: hrflow?,
        max_archive_share: max_archive_share?,
        service: service?,
        schedule: schedule?,
    })
}
