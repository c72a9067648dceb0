//! One kind of object of one partner: what to ask for, and what the answers say.

use chrono::{DateTime, Utc};
use jaq_json::Val;
use url::Url;

use super::address::{Template, under};
use super::asking::{Ask, Questions};
use super::mapping::Filter;
use super::{BadItem, Item, Listed, Position, WHO, json};
use crate::config;
use crate::error::{Error, Kind, Result};
use crate::model::{Entity, Reference, parse_date};

/// A resource, ready to be read.
pub(super) struct Resource {
    entity: Entity,
    list: Url,
    get: Template,
    pub(super) paging: config::Paging,
    questions: Questions,
    items: Filter,
    item: Filter,
    reference: Filter,
    updated_at: Option<Filter>,
    total: Option<Filter>,
    map: Filter,
}

impl Resource {
    /// Compiles the filters and checks the paths; none if `problems` got more, as (key, what is wrong).
    pub(super) fn new(
        entity: Entity,
        base: &Url,
        settings: &config::Resource,
        problems: &mut Vec<(String, String)>,
    ) -> Option<Self> {
        let key = |name: &str| format!("service.{}.{name}", entity.plural());
        let list = under(base, &settings.list);
        if list.is_none() {
            problems.push((key("list"), "must be a path under `base_url`".to_owned()));
        }
        let get = Template::new(base, &settings.get);
        if get.is_none() {
            problems
                .push((key("get"), "must be a path under `base_url` with `{reference}` in it".to_owned()));
        }
        let mut compile = |name: &'static str, code: &str| {
            let told = |problem| problems.push((key(name), problem));
            Filter::compile(name, code).map_err(told).ok()
        };
        let items = compile("items", &settings.items);
        let item = compile("item", &settings.item);
        let reference = compile("reference", &settings.reference);
        let updated_at = settings.updated_at.as_deref().map(|code| compile("updated_at", code));
        let total = settings.total.as_deref().map(|code| compile("total", code));
        let map = compile("map", &settings.map);
        let questions = Questions::compile(&settings.changes, compile);
        let updated_at = match updated_at {
            Some(compiled) => Some(compiled?),
            None => None,
        };
        let total = match total {
            Some(compiled) => Some(compiled?),
            None => None,
        };
        Some(Self {
            entity,
            list: list?,
            get: get?,
            paging: settings.paging.clone(),
            questions: questions?,
            items: items?,
            item: item?,
            reference: reference?,
            updated_at,
            total,
            map: map?,
        })
    }

    /// The address of a page. What the configured path asks for already stays.
    pub(super) fn page_address(&self, position: &Position, ask: &Ask) -> Result<Url> {
        let mut parameters = position.parameters(&self.paging)?;
        self.questions.add(ask, &mut parameters)?;
        let mut url = self.list.clone();
        if !parameters.is_empty() {
            url.query_pairs_mut().extend_pairs(parameters);
        }
        Ok(url)
    }

    /// The address of one object.
    pub(super) fn object_address(&self, reference: &Reference) -> Result<Url> {
        self.get.fill(reference)
    }

    /// The objects of a page, and how many the list has if it tells. No list where one must be is no empty page: it
    /// fails with [`Kind::Upstream`].
    pub(super) fn read_page(&self, body: &[u8]) -> Result<(Vec<Listed>, Option<u64>)> {
        let unreadable = |what: String| {
            Error::new(
                Kind::Upstream,
                format!("the list of {} of {WHO} cannot be read: {what}", self.entity.plural()),
            )
        };
        let body = json::parse(WHO, body)?;
        let total = self.total.as_ref().map(|filter| match filter.one(body.clone()).map_err(unreadable)? {
            Val::Null => Ok(None),
            told => match told.to_string().parse() {
                Ok(total) => Ok(Some(total)),
                Err(_) => {
                    Err(unreadable(format!("`total` gives {} where a count must be", json::kind_of(&told))))
                }
            },
        });
        match self.items.one(body).map_err(unreadable)? {
            Val::Arr(items) => {
                Ok((items.iter().map(|item| self.listed(item)).collect(), total.transpose()?.flatten()))
            }
            other => Err(unreadable(format!("`items` gives {} where a list must be", json::kind_of(&other)))),
        }
    }

    /// The object that was asked for by reference.
    pub(super) fn read_object(&self, body: &[u8], asked: &Reference) -> Result<Item> {
        let object = self.item.one(json::parse(WHO, body)?).map_err(|what| self.unusable(&what))?;
        if matches!(object, Val::Null) {
            return Err(Error::new(Kind::Upstream, format!("{WHO} answered without an object")));
        }
        let item = self.listed(&object).map_err(|bad| bad.problem)?;
        if item.reference != *asked {
            return Err(Error::new(Kind::Refused, format!("{WHO} answered with another object")));
        }
        Ok(item)
    }

    fn listed(&self, object: &Val) -> Listed {
        let reference = self.reference_of(object).map_err(|problem| BadItem { reference: None, problem })?;
        match self.rest_of(object, &reference) {
            Ok(item) => Ok(item),
            Err(problem) => Err(BadItem { reference: Some(reference), problem }),
        }
    }

    fn rest_of(&self, object: &Val, reference: &Reference) -> Result<Item> {
        let updated_at = self.updated_at_of(object)?;
        let mapped = self.map.one(object.clone()).map_err(|what| self.unusable(&what))?;
        let mapped = json::object(&mapped).map_err(|what| self.field(&self.map, what))?;
        Ok(Item { reference: reference.clone(), updated_at, mapped })
    }

    fn reference_of(&self, object: &Val) -> Result<Reference> {
        let output = self.reference.one(object.clone()).map_err(|what| self.unusable(&what))?;
        let text = json::reference(&output).map_err(|what| self.field(&self.reference, what))?;
        Reference::parse(text)
    }

    fn updated_at_of(&self, object: &Val) -> Result<Option<DateTime<Utc>>> {
        let Some(filter) = &self.updated_at else { return Ok(None) };
        let text = match filter.first(object.clone()).map_err(|what| self.unusable(&what))? {
            None | Some(Val::Null) => return Ok(None),
            Some(Val::TStr(bytes)) => String::from_utf8_lossy(&bytes).into_owned(),
            Some(other) => {
                let kind = json::kind_of(&other);
                return Err(self.field(
                    filter,
                    format!("must be a date as text, not {kind} (jq's `todate` makes one of seconds)"),
                ));
            }
        };
        let unreadable = || self.field(filter, "must be a date such as 2022-03-01T14:21:58Z".to_owned());
        parse_date(&text).map(Some).ok_or_else(unreadable)
    }

    fn unusable(&self, what: &str) -> Error {
        Error::new(Kind::Invalid, format!("the partner's {} cannot be used: {what}", self.entity))
    }

    fn field(&self, filter: &Filter, what: String) -> Error {
        Error::new(Kind::Invalid, format!("the partner's {} cannot be used", self.entity))
            .field(filter.name(), what)
    }
}
