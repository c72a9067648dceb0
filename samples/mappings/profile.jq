# A candidate of the sample ATS → an HrFlow profile.

def filled: select(. != null and . != "" and . != []);
def sentence(parts): [parts | filled] | join(", ");

# "2019-03" as the number of months since year 0, and as HrFlow wants the dates of experiences: without an offset.
def months: split("-") | (.[0] | tonumber) * 12 + (.[1] | tonumber);
def day: if . == null then null else . + "-01T00:00:00" end;
# "2026-02-26T10:26:48Z" as HrFlow writes it.
def moment: if . == null then null else sub("Z$"; "+0000") end;

# How many years some spans take together, those that go on counted to $today.
def years($today): map(((.to // $today) | months) - (.from | months)) | (add // 0) / 12 * 100 | round / 100;

def language: {en: "English", fr: "French", de: "German", es: "Spanish", it: "Italian", nl: "Dutch", sv: "Swedish", pt: "Portuguese",
  pl: "Polish", ar: "Arabic"}[.] // .;
def skill($type): {name: ., type: $type, value: null};
def trait: {name: ., value: null};

def place: if . == null then {text: null, lat: null, lng: null}
  else {text: (sentence(.city, .country) | if . == "" then null else . end), lat: .geo.latitude, lng: .geo.longitude} end;

# The CV; where the ATS has none, what it knows is told in sentences.
def told: [.headline, .summary,
    (.positions[]? | "\(.title), \(.employer), \(.from) – \(.to // "today"): \(.tasks // [] | join("; "))"),
    (.degrees[]? | "\(.title), \(.school)"),
    (.competencies | filled | "Skills: " + join(", "))]
  | map(filled) | join("\n");

([.firstName, .lastName | filled] | join(" ")) as $name
| ((.modifiedAt // .createdAt)[:7]) as $today
| {
  reference: (.id | tostring),
  created_at: (.createdAt | moment),
  text_language: "en",
  text: ((.resumeText | filled) // (told | filled) // $name),
  info: {
    full_name: $name, first_name: .firstName, last_name: .lastName,
    email: .contact.email, phone: .contact.phone,
    date_birth: (if .birthDate then .birthDate + "T00:00:00+0000" else null end),
    location: (.address | place),
    urls: [.links[]? | {type: .kind, url: .href}],
    picture: null, gender: null, driving_license: null,
    summary: (.summary // .headline)
  },
  experiences_duration: (.positions // [] | years($today)),
  educations_duration: (.degrees // [] | years($today)),
  experiences: [.positions[]? | {
    company: .employer, title, description: (.tasks // [] | join("\n")),
    location: {text: .city, lat: null, lng: null},
    date_start: (.from | day), date_end: (.to | day),
    skills: [], certifications: [], courses: [], tasks: [.tasks[]? | trait], languages: [], interests: []
  }],
  educations: [.degrees[]? | {
    school, title, description: .field, location: {text: null, lat: null, lng: null},
    date_start: (.from | day), date_end: (.to | day),
    skills: [], certifications: [], courses: [], tasks: [], languages: [], interests: []
  }],
  skills: ([.competencies[]? | skill("hard")] + [.strengths[]? | skill("soft")]),
  languages: [.languages[]? | {name: (.code | language), value: .level}],
  certifications: [.certificates[]? | trait],
  courses: [], tasks: [], interests: [],
  tags: [{name: "state", value: .state}, {name: "desired_contract", value: .desiredContract},
    (.address.countryCode | filled | {name: "country", value: .})],
  metadatas: [{name: "origin", value: .origin}],
  labels: []
}
