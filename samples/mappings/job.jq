# A vacancy of the sample ATS → an HrFlow job.

def filled: select(. != null and . != "" and . != []);

# "2026-02-26T10:26:48Z" as HrFlow writes it.
def moment: if . == null then null else sub("Z$"; "+0000") end;
def language: {en: "English", fr: "French", de: "German", es: "Spanish", nl: "Dutch", sv: "Swedish"}[.] // .;
def skill($type): {name: ., type: $type, value: null};
def trait: {name: ., value: null};

{
  reference: .id,
  name: .title,
  url: .link,
  picture: null,
  created_at: (.createdAt | moment),
  summary: .description.intro,
  location: {
    text: ([.office.city, .office.country | filled] | if . == [] then "Remote" else join(", ") end),
    lat: .office.geo.latitude, lng: .office.geo.longitude
  },
  culture: .description.about,
  responsibilities: (.description.duties // [] | join("\n")),
  requirements: .description.profile,
  benefits: .description.offer,
  interviews: .description.process,
  skills: [(.competencies.required[]?, .competencies.tools[]? | skill("hard")), (.competencies.strengths[]? | skill("soft"))],
  languages: [.languages[]? | {name: (.code | language), value: .level}],
  certifications: [.certificates[]? | trait],
  courses: [],
  tasks: [.description.duties[]? | trait],
  tags: [{name: "contract", value: .contract}, {name: "company", value: .employer}, {name: "department", value: .department},
    (.workload | filled | {name: "workload", value: "\(.) %"}), (.office.countryCode | filled | {name: "country", value: .})],
  metadatas: [{name: "status", value: .status}],
  ranges_float: [.pay | filled | {name: "salary", value_min: .min, value_max: .max, unit: (.currency | ascii_downcase)}],
  ranges_date: (if .startDate then [{name: "start", value_min: (.startDate + "T00:00:00.000Z"), value_max: (.startDate + "T00:00:00.000Z")}] else [] end)
}
