//! Labelled sets: jobs, profiles, and how well they suit each other; and how good a ranking of them is.
//!
//! Most are in the project's data folder, `../shared/data` or where `RANKING_DATA` says; one is made from `samples/` and
//! is always there. Labels are read for measuring alone: no object carries its own.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use serde_json::{Value, json};

/// Grades by the reference that is asked with, then by the reference that is ranked; what is missing is 0.
pub(crate) type Grades = HashMap<String, HashMap<String, u32>>;

/// A labelled set.
pub(crate) struct Set {
    pub(crate) name: &'static str,
    /// By reference, as HrFlow takes them, without reference and board.
    pub(crate) jobs: Vec<(String, Value)>,
    /// By reference, as HrFlow takes them, without reference and source.
    pub(crate) profiles: Vec<(String, Value)>,
    /// For each job the profiles that suit it.
    pub(crate) grades: Grades,
}

impl Set {
    /// For each profile the jobs that suit it.
    pub(crate) fn reversed(&self) -> Grades {
        let mut reversed = Grades::new();
        for (job, profiles) in &self.grades {
            for (profile, grade) in profiles {
                reversed.entry(profile.clone()).or_default().insert(job.clone(), *grade);
            }
        }
        reversed
    }
}

/// Where the sets of the project's data folder are, and whether they are there.
pub(crate) fn folder() -> (PathBuf, bool) {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let folder = std::env::var_os("RANKING_DATA").map_or(beside, PathBuf::from);
    let is_there = folder.join("matching").is_dir();
    (folder, is_there)
}

/// `jd-cv-graded`: job descriptions and the CVs that were written for them, graded 1 and 2.
pub(crate) fn graded(folder: &Path) -> Set {
    let place = folder.join("matching/jd-cv-graded");
    let job = |line: &Value| json!({"name": line["title"], "summary": line["text"]});
    let profile = |line: &Value| json!({"text": line["text"], "info": {"summary": line["text"]}});
    let read = |name: &str, make: &dyn Fn(&Value) -> Value| {
        objects(&place.join(name)).iter().map(|line| (owned(&line["_id"]), make(line))).collect()
    };
    let (jobs, profiles) = (read("queries.jsonl", &job), read("corpus.jsonl", &profile));
    Set { name: "jd-cv-graded", jobs, profiles, grades: grades(&place) }
}

/// `job-cv-silver`: real postings and real CVs, 2 for the same field and 1 for an adjacent one. A profile is represented by
/// its fields: summary, titles, skills, educations.
pub(crate) fn silver(folder: &Path) -> Set {
    let place = folder.join("matching/job-cv-silver");
    let postings = objects(&place.join("queries.jsonl"));
    let job = |line: &Value| {
        let text = owned(&line["text"]);
        let (title, summary) = text.split_once('\n').unwrap_or((&text, ""));
        (owned(&line["_id"]), json!({"name": title, "summary": summary}))
    };
    let profiles = objects(&folder.join("profiles/profiles.jsonl.gz"));
    let profiles = profiles.iter().map(|line| (owned(&line["reference"]), fields(line))).collect();
    Set { name: "job-cv-silver", jobs: postings.iter().map(job).collect(), profiles, grades: grades(&place) }
}

fn fields(profile: &Value) -> Value {
    let names = |list: &str, name: &str, most: usize| -> Vec<String> {
        let items = profile[list].as_array().map_or(&[][..], Vec::as_slice).iter().take(most);
        items.filter_map(|item| item[name].as_str()).map(str::to_owned).collect()
    };
    let each_as = |name: &str, values: &[String]| -> Vec<Value> {
        values.iter().map(|value| json!({ name: value })).collect()
    };
    let summary: String = profile["info"]["summary"].as_str().unwrap_or_default().chars().take(800).collect();
    let (titles, skills) = (names("experiences", "title", 5), names("skills", "name", 40));
    let educations = names("educations", "title", 2);
    let headline = profile["info"]["headline"].as_str().unwrap_or_default();
    let text =
        [headline, &summary, &titles.join("\n"), &skills.join(", "), &educations.join("\n")].join("\n");
    json!({
        "text": text, "info": {"summary": summary}, "experiences": each_as("title", &titles),
        "skills": each_as("name", &skills), "educations": each_as("title", &educations),
    })
}

/// `titles-de` or `titles-es`: titles of the same occupation; one side is a job's name, the other a profile's one title.
pub(crate) fn titles(folder: &Path, name: &'static str) -> Set {
    let place = folder.join("matching").join(name);
    let read = |file: &str, make: &dyn Fn(&str) -> Value| {
        let lines = lines(&place.join(file));
        let titles = lines.iter().skip(1).filter_map(|line| line.split_once('\t'));
        titles.map(|(id, title)| (id.to_owned(), make(title))).collect()
    };
    let profile = |title: &str| json!({"text": title, "info": {}, "experiences": [{"title": title}]});
    Set {
        name,
        jobs: read("queries", &|title| json!({"name": title})),
        profiles: read("corpus_elements", &profile),
        grades: grades(&place),
    }
}

/// `samples`: vacancies and candidates of this project, 2 for the same occupation and 1 for the same sector, by what they
/// were made of. Every `step`-th of them.
pub(crate) fn samples(step: usize) -> Set {
    let read = |packed: &[u8]| -> Vec<String> {
        BufReader::new(GzDecoder::new(packed))
            .lines()
            .map(|line| line.expect("the samples can be read"))
            .collect()
    };
    let mut labels: HashMap<(String, String), (String, String)> = HashMap::new();
    for line in read(include_bytes!("../../samples/labels.tsv.gz")) {
        let fields: Vec<String> = line.split('\t').map(str::to_owned).collect();
        let [kind, id, occupation, sector] = fields.try_into().expect("a label has four fields");
        labels.insert((kind, id), (occupation, sector));
    }
    let labelled = |kind: &str, packed: &[u8]| -> Vec<(String, Value, (String, String))> {
        let lines = read(packed).into_iter().map(|line| parsed(&line));
        let objects = lines.filter_map(|object| {
            let id = object["id"].as_str().map_or_else(|| object["id"].to_string(), str::to_owned);
            // Six people of whom only a name is known cannot be scored.
            let is_told = kind == "vacancy" || object["headline"].is_string();
            let label = labels.get(&(kind.to_owned(), id.clone()))?.clone();
            is_told.then_some((id, object, label))
        });
        objects.step_by(step).collect()
    };
    let vacancies = labelled("vacancy", include_bytes!("../../samples/vacancies.jsonl.gz"));
    let candidates = labelled("candidate", include_bytes!("../../samples/candidates.jsonl.gz"));
    let mut grades = Grades::new();
    for (job, _, (occupation, sector)) in &vacancies {
        for (profile, _, other) in &candidates {
            let grade = u32::from(*sector == other.1) + u32::from(*occupation == other.0);
            if grade > 0 {
                grades.entry(job.clone()).or_default().insert(profile.clone(), grade);
            }
        }
    }
    Set {
        name: "samples",
        jobs: vacancies.into_iter().map(|(id, vacancy, _)| (id, job_of(&vacancy))).collect(),
        profiles: candidates.into_iter().map(|(id, person, _)| (id, profile_of(&person))).collect(),
        grades,
    }
}

fn job_of(vacancy: &Value) -> Value {
    let description = &vacancy["description"];
    let named = |names: &Value| -> Vec<Value> {
        names.as_array().into_iter().flatten().map(|name| json!({"name": name})).collect()
    };
    json!({
        "name": vacancy["title"], "summary": description["intro"], "requirements": description["profile"],
        "culture": description["about"], "benefits": description["offer"],
        "skills": named(&vacancy["competencies"]["required"]),
    })
}

fn profile_of(person: &Value) -> Value {
    let list = |name: &str| person[name].as_array().cloned().unwrap_or_default();
    let experience = |position: &Value| {
        let tasks: Vec<&str> =
            position["tasks"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        json!({"title": position["title"], "description": tasks.join("\n")})
    };
    let text = person["resumeText"].as_str().or(person["headline"].as_str()).unwrap_or("-");
    json!({
        "text": text, "text_language": "en", "info": {"summary": person["summary"]},
        "experiences": list("positions").iter().map(experience).collect::<Vec<_>>(),
        "skills": list("competencies").iter().map(|name| json!({"name": name})).collect::<Vec<_>>(),
    })
}

/// How good rankings are, by `trec_eval`'s conventions: the mean over all that ask; the gain is the grade.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Quality {
    pub(crate) ndcg: f64,
    pub(crate) map: f64,
    pub(crate) precision: f64,
    pub(crate) reciprocal: f64,
}

impl Quality {
    /// Of one whole ranking.
    #[expect(clippy::cast_precision_loss, reason = "nobody ranks 2^52 objects")]
    pub(crate) fn of(ranking: &[String], grades: &HashMap<String, u32>) -> Self {
        let gains: Vec<f64> =
            ranking.iter().map(|name| f64::from(grades.get(name).copied().unwrap_or(0))).collect();
        let mut ideal: Vec<f64> = grades.values().map(|&grade| f64::from(grade)).collect();
        ideal.sort_by(|one, other| other.total_cmp(one));
        let discounted = |gains: &[f64]| -> f64 {
            gains.iter().take(10).enumerate().map(|(place, gain)| gain / ((place + 2) as f64).log2()).sum()
        };
        let places: Vec<usize> =
            (1..).zip(&gains).filter(|(_, gain)| **gain > 0.0).map(|(place, _)| place).collect();
        let precisions = (1..).zip(&places).map(|(found, &place)| f64::from(found) / place as f64);
        let relevant = grades.values().filter(|&&grade| grade > 0).count().max(1);
        Self {
            ndcg: discounted(&gains) / discounted(&ideal).max(f64::MIN_POSITIVE),
            map: precisions.sum::<f64>() / relevant as f64,
            precision: places.iter().filter(|&&place| place <= 10).count() as f64 / 10.0,
            reciprocal: places.first().map_or(0.0, |&place| 1.0 / place as f64),
        }
    }

    /// The mean of some.
    #[expect(clippy::cast_precision_loss, reason = "nobody asks 2^52 times")]
    pub(crate) fn mean(all: &[Self]) -> Self {
        let mean = |part: fn(&Self) -> f64| all.iter().map(part).sum::<f64>() / all.len().max(1) as f64;
        Self {
            ndcg: mean(|one| one.ndcg),
            map: mean(|one| one.map),
            precision: mean(|one| one.precision),
            reciprocal: mean(|one| one.reciprocal),
        }
    }
}

fn grades(place: &Path) -> Grades {
    let mut grades = Grades::new();
    for line in lines(&place.join("qrels.tsv")) {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [asked, _, ranked, grade] = fields[..] else { panic!("`{line}` is no judgement") };
        let grade = grade.parse().expect("a grade is a number");
        grades.entry(asked.to_owned()).or_default().insert(ranked.to_owned(), grade);
    }
    grades
}

fn objects(file: &Path) -> Vec<Value> {
    lines(file).iter().map(|line| parsed(line)).collect()
}

fn lines(file: &Path) -> Vec<String> {
    let open = std::fs::File::open(file).unwrap_or_else(|problem| panic!("{}: {problem}", file.display()));
    let is_packed = file.extension().is_some_and(|extension| extension == "gz");
    let reader: Box<dyn Read> = if is_packed { Box::new(GzDecoder::new(open)) } else { Box::new(open) };
    BufReader::new(reader).lines().map(|line| line.expect("a set is text")).collect()
}

fn parsed(line: &str) -> Value {
    serde_json::from_str(line).expect("a set is JSON lines")
}

fn owned(value: &Value) -> String {
    value.as_str().expect("an id and a text are strings").to_owned()
}
