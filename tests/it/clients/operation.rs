//! An operation as the document describes it, and the requests that its examples make.

use reqwest::StatusCode;
use serde_json::Value;

/// Parameters that say something only beside another one.
const COMPANIONS: [(&str, &str); 8] = [
    ("location_distance", "location_geopoint"),
    ("experience_location_distance", "experience_location_geopoint"),
    ("education_location_distance", "education_location_geopoint"),
    ("location_geopoint", "location_distance"),
    ("experience_location_geopoint", "experience_location_distance"),
    ("education_location_geopoint", "education_location_distance"),
    ("location_from", "location_distance"),
    ("reference", "entity"),
];

/// What is done first, since a new pull takes the place of one that waits, and once, since it is done then.
const FIRST: [&str; 2] = ["approve", "reject"];

/// What is done last, and in this order: afterwards the object is not what it was.
const LAST: [&str; 2] = ["cancel", "erase"];

/// An operation of the document.
pub(super) struct Operation {
    pub(super) path: String,
    pub(super) method: String,
    pub(super) described: Value,
}

pub(super) fn operations(document: &Value) -> Vec<Operation> {
    let paths = document["paths"].as_object().unwrap();
    let of = |(path, item): (&String, &Value)| {
        let made = |(method, described): (&String, &Value)| Operation {
            path: path.clone(),
            method: method.clone(),
            described: described.clone(),
        };
        item.as_object().unwrap().iter().map(made).collect::<Vec<_>>()
    };
    paths.iter().flat_map(of).collect()
}

impl Operation {
    pub(super) fn name(&self) -> &str {
        self.described["operationId"].as_str().unwrap()
    }

    /// What makes something comes before what shows it, and what takes it away comes last.
    pub(super) fn rank(&self) -> usize {
        let last = LAST.iter().position(|verb| self.name().contains(verb));
        match last {
            _ if self.is_done_once() => 0,
            Some(place) => 3 + place,
            None => 1 + usize::from(self.method == "get"),
        }
    }

    fn is_done_once(&self) -> bool {
        FIRST.iter().any(|verb| self.name().contains(verb))
    }

    /// What its description says of it, on one line.
    pub(super) fn help(&self) -> String {
        let help = self.described["description"].as_str().unwrap_or_default();
        help.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    pub(super) fn samples(&self) -> impl Iterator<Item = Sample<'_>> {
        self.described["parameters"].as_array().into_iter().flatten().map(Sample::of)
    }

    /// The parameters of its query string and its headers that may be left out, alone and with what they need.
    pub(super) fn choices(&self) -> Vec<Vec<Sample<'_>>> {
        // A cursor is what an answer gave, and means something to nobody else.
        let sent = |sample: &Sample| sample.place != "path" && sample.name != "cursor" && !sample.is_needed();
        if self.is_done_once() {
            return vec![self.samples().filter(sent).collect()];
        }
        let alone = self.samples().filter(sent).map(|sample| {
            let companion = COMPANIONS.iter().find(|(one, _)| *one == sample.name).map(|(_, other)| *other);
            let companion = self.samples().find(|other| Some(other.name) == companion && !other.is_required);
            let condition = sample.condition().and_then(|(name, value)| {
                let known = self.samples().find(|other| other.name == name)?;
                Some(Sample { example: value.to_owned(), ..known })
            });
            [Some(sample), companion, condition].into_iter().flatten().collect()
        });
        [Vec::new()].into_iter().chain(alone).collect()
    }

    /// Where the schema of this answer stands in the document, if it is of this kind of JSON.
    pub(super) fn place(&self, status: StatusCode, media_type: &str) -> Option<String> {
        let content = &self.described["responses"][status.as_str()]["content"];
        content.get(media_type)?;
        let [path, kind] = [&self.path, media_type].map(|name| name.replace('~', "~0").replace('/', "~1"));
        Some(format!("/paths/{path}/{}/responses/{}/content/{kind}/schema", self.method, status.as_str()))
    }
}

/// A parameter with its example.
#[derive(Clone, Debug)]
pub(super) struct Sample<'a> {
    pub(super) place: &'a str,
    pub(super) name: &'a str,
    help: &'a str,
    pub(super) is_required: bool,
    pub(super) example: String,
}

impl<'a> Sample<'a> {
    fn of(parameter: &'a Value) -> Self {
        let example = parameter.get("example").or(parameter["schema"].get("example"));
        let example = example.unwrap_or(&parameter["schema"]["examples"][0]);
        let word = |name: &str| parameter[name].as_str().unwrap();
        Self {
            place: word("in"),
            name: word("name"),
            help: word("description"),
            is_required: parameter["required"] == true,
            example: listed(example),
        }
    }

    /// Whether a request must have it, alone or as the one of two that a request of ours takes.
    pub(super) fn is_needed(&self) -> bool {
        self.is_required || self.help.contains("or both, must be given")
    }

    /// The value of another parameter without which this one is not known, as its description says.
    fn condition(&self) -> Option<(&'a str, &'a str)> {
        let (_, condition) = self.help.split_once("Only where `")?;
        let (name, value) = condition.split_once("` is `")?;
        Some((name, value.split_once('`')?.0))
    }
}

/// A list stands in a query string with commas between its items.
fn listed(example: &Value) -> String {
    let items = example.as_array().map(|items| items.iter().map(listed).collect::<Vec<_>>().join(","));
    items.or_else(|| example.as_str().map(str::to_owned)).unwrap_or_else(|| example.to_string())
}
