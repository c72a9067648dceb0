//! A card: what a recruiter sees of an object in a list, without a second call.

use serde::Serialize;
use utoipa::ToSchema;

/// The fields of an object that were asked for with `include`. One that HrFlow has not is left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct Card {
    /// The person's full name, or the job's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Ada Moreau")]
    pub name: Option<String>,
    /// What sums the object up.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Night nurse with eight years in intensive care")]
    pub summary: Option<String>,
    /// The person's e-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "ada.moreau@example.org")]
    pub email: Option<String>,
    /// Where the job is advertised.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "https://jobs.example.org/REQ-88")]
    pub url: Option<String>,
    /// Where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Place>,
    /// Years of experience.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 8.0)]
    pub experience_years: Option<f64>,
    /// Years of education.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 5.0)]
    pub education_years: Option<f64>,
    /// The title of the first experience in the profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Night nurse")]
    pub title: Option<String>,
    /// The company of the first experience in the profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Example Hospital")]
    pub company: Option<String>,
    /// The names of the skills.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = json!(["intensive care", "triage"]))]
    pub skills: Option<Vec<String>>,
    /// The names of the languages.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = json!(["French", "English"]))]
    pub languages: Option<Vec<String>>,
    /// The tags.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<Tag>>,
    /// The job's ranges of numbers, the salary among them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ranges_float: Option<Vec<FloatRange>>,
    /// When it was created.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "date-time", example = "2026-03-01T14:21:58Z")]
    pub created_at: Option<String>,
    /// When HrFlow last took a change of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "date-time", example = "2026-03-02T09:30:00Z")]
    pub updated_at: Option<String>,
}

/// A place.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct Place {
    /// Its name or address.
    #[schema(example = "Lyon, France")]
    pub text: Option<String>,
    /// Degrees north.
    #[schema(example = 45.764)]
    pub lat: Option<f64>,
    /// Degrees east.
    #[schema(example = 4.8357)]
    pub lng: Option<f64>,
}

/// A tag.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Tag {
    /// Its name.
    #[schema(example = "contract")]
    pub name: String,
    /// Its value as text; null without one.
    #[schema(example = "permanent")]
    pub value: Option<String>,
}

/// A range of numbers.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct FloatRange {
    /// Its name.
    #[schema(example = "salary")]
    pub name: String,
    /// The least; null where it is open.
    #[schema(example = 45000.0)]
    pub value_min: Option<f64>,
    /// The greatest; null where it is open.
    #[schema(example = 60000.0)]
    pub value_max: Option<f64>,
    /// What is counted.
    #[schema(example = "eur")]
    pub unit: Option<String>,
}

impl Card {
    /// The fields that a profile's card can have.
    pub const PROFILE: &[&str] = &[
        "name",
        "summary",
        "email",
        "location",
        "experience_years",
        "education_years",
        "title",
        "company",
        "skills",
        "languages",
        "tags",
        "created_at",
        "updated_at",
    ];

    /// The fields that a job's card can have.
    pub const JOB: &[&str] = &[
        "name",
        "summary",
        "url",
        "location",
        "skills",
        "languages",
        "tags",
        "ranges_float",
        "created_at",
        "updated_at",
    ];

    /// The card with the fields that were asked for and no other.
    #[must_use]
    pub fn only(self, asked: &[String]) -> Self {
        let is_asked = |name: &str| asked.iter().any(|asked| asked == name);
        Self {
            name: self.name.filter(|_| is_asked("name")),
            summary: self.summary.filter(|_| is_asked("summary")),
            email: self.email.filter(|_| is_asked("email")),
            url: self.url.filter(|_| is_asked("url")),
            location: self.location.filter(|_| is_asked("location")),
            experience_years: self.experience_years.filter(|_| is_asked("experience_years")),
            education_years: self.education_years.filter(|_| is_asked("education_years")),
            title: self.title.filter(|_| is_asked("title")),
            company: self.company.filter(|_| is_asked("company")),
            skills: self.skills.filter(|_| is_asked("skills")),
            languages: self.languages.filter(|_| is_asked("languages")),
            tags: self.tags.filter(|_| is_asked("tags")),
            ranges_float: self.ranges_float.filter(|_| is_asked("ranges_float")),
            created_at: self.created_at.filter(|_| is_asked("created_at")),
            updated_at: self.updated_at.filter(|_| is_asked("updated_at")),
        }
    }
}
