//! `[partner.service.profiles]` and `[partner.service.jobs]`: how one kind of object is listed, fetched and mapped.

use std::fs;

use super::changes::{Changes, changes};
use super::check;
use super::section::Section;

/// How one kind of object is listed, fetched and mapped. `[partner.service.profiles]`, `[partner.service.jobs]`.
#[derive(Clone, Debug)]
pub struct Resource {
    /// The path of the list. `list`.
    pub list: String,
    /// The path of one object, with `{reference}`. `get`.
    pub get: String,
    /// jq: where the list is in its answer. `items`, default `.`.
    pub items: String,
    /// jq: unwraps the answer of `get`. `item`, default `.`.
    pub item: String,
    /// jq: the reference in an object; a number becomes its decimal text. `reference`, default `.reference`.
    pub reference: String,
    /// jq: when the object last changed. `updated_at`, default none.
    pub updated_at: Option<String>,
    /// jq: how many objects the list has, in its answer. `total`, default none.
    pub total: Option<String>,
    /// `paging`, default `{ kind = "none" }`.
    pub paging: Paging,
    /// What the list can be asked beside its pages: `since`, `until`, `sort`, `order`, `overlap_minutes`.
    pub changes: Changes,
    /// What becomes of an object that a complete listing lacks: `confirm` asks for it by its reference, `archive` archives
    /// it, `keep` keeps it. `absent`, default `confirm`.
    pub absent: Absent,
    /// jq, the text of the file named by `map`: partner object → HrFlow object. Default `.`.
    pub map: String,
}

/// What becomes of an object that a complete listing lacks. `absent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absent {
    /// It is asked for by its reference: a 404 or 410 archives it, a 200 keeps and indexes it, anything else keeps it.
    Confirm,
    /// It is archived: for services whose list alone decides.
    Archive,
    /// It is kept: only events and 404s archive.
    Keep,
}

/// How a list is read page by page. `paging = { kind = … }`.
///
/// A page shorter than its size is the last where the list's `total` has been reached. Services give shorter pages than
/// they are asked for, so where no `total` is told, a list is read until an empty page.
#[derive(Clone, Debug)]
pub enum Paging {
    /// One answer has it all.
    None,
    /// A page number and a page size.
    Page {
        /// The parameter of the page's number. `page`.
        page: String,
        /// The parameter of the page's size. `size`.
        size: String,
        /// Objects per page. `size_value`, default 100.
        size_value: u64,
        /// The number of the first page. `first`, default 1.
        first: u64,
    },
    /// How many objects to skip and how many to give.
    Offset {
        /// The parameter of the number to skip. `offset`.
        offset: String,
        /// The parameter of the page's size. `limit`.
        limit: String,
        /// Objects per page. `limit_value`, default 100.
        limit_value: u64,
    },
}

pub(super) fn resource(section: Section<'_>) -> Option<Resource> {
    section.need("list");
    section.need("get");
    let list = section.read("list", check::path);
    let get = section.read("get", check::object_path);
    let filter = |name, default: &str| {
        if section.has(name) { section.text(name) } else { Some(default.to_owned()) }
    };
    let items = filter("items", ".");
    let item = filter("item", ".");
    let reference = filter("reference", ".reference");
    let updated_at = present(section.has("updated_at").then(|| section.text("updated_at")));
    let total = present(section.has("total").then(|| section.text("total")));
    let paging =
        if section.has("paging") { section.section("paging").and_then(paging) } else { Some(Paging::None) };
    let changes = changes(&section);
    let absent = if section.has("absent") {
        section.read("absent", |word| match word {
            "confirm" => Ok(Absent::Confirm),
            "archive" => Ok(Absent::Archive),
            "keep" => Ok(Absent::Keep),
            _ => Err("must be confirm, archive or keep".to_owned()),
        })
    } else {
        Some(Absent::Confirm)
    };
    let map = if section.has("map") { map(&section) } else { Some(".".to_owned()) };
    section.finish();
    Some(Resource {
        list: list?,
        get: get?,
        items: items?,
        item: item?,
        reference: reference?,
        updated_at: updated_at?,
        total: total?,
        paging: paging?,
        changes: changes?,
        absent: absent?,
        map: map?,
    })
}

fn paging(section: Section<'_>) -> Option<Paging> {
    section.need("kind");
    let kind = section.text("kind")?;
    let parameter = |name| {
        section.need(name);
        section.read(name, check::parameter)
    };
    let paging = match kind.as_str() {
        "none" => Some(Paging::None),
        "page" => {
            let (page, size) = (parameter("page"), parameter("size"));
            let size_value = section.whole("size_value", 100, 1, 10_000);
            let first = section.whole("first", 1, 0, 1_000_000);
            (|| Some(Paging::Page { page: page?, size: size?, size_value: size_value?, first: first? }))()
        }
        "offset" => {
            let (offset, limit) = (parameter("offset"), parameter("limit"));
            let limit_value = section.whole("limit_value", 100, 1, 10_000);
            (|| Some(Paging::Offset { offset: offset?, limit: limit?, limit_value: limit_value? }))()
        }
        _ => {
            section.tell("kind", "must be none, page or offset");
            return None;
        }
    };
    section.finish();
    paging
}

/// The text of the file that holds the map.
fn map(section: &Section<'_>) -> Option<String> {
    let file = section.reading.folder.join(section.text("map")?);
    let text = fs::read_to_string(&file);
    let reason =
        |error: std::io::Error| format!("the file {} cannot be read: {}", file.display(), error.kind());
    text.map_err(|error| section.tell("map", reason(error))).ok()
}

/// What may be left out: none only when it is there and cannot be used.
#[expect(clippy::option_option, reason = "absent and unusable are two things here")]
pub(super) fn present<T>(read: Option<Option<T>>) -> Option<Option<T>> {
    match read {
        Some(Some(value)) => Some(Some(value)),
        Some(None) => None,
        None => Some(None),
    }
}
