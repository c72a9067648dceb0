//! Scoring and searching: what may be asked, and what their refusals say.

use super::*;

#[actix_web::test]
async fn a_query_that_cannot_be_read_names_everything_that_is_wrong() {
    let (api, _folder) = api().await;
    let app = app!(api);
    let scoring = "/v1/profiles/scoring?job_reference=J";
    let searching = "/v1/jobs/searching?";
    for (uri, status, named) in [
        (scoring.replace("job_reference=J", ""), 400, vec!["job_reference"]),
        (format!("{scoring}&page=x&limit=1.5&score_min=high"), 400, vec!["page", "limit", "score_min"]),
        (format!("{scoring}&page=0&limit=101&score_min=1.1"), 422, vec!["page", "limit", "score_min"]),
        (format!("{scoring}&page=0&limit=ten"), 400, vec!["page", "limit"]),
        (format!("{scoring}&score_min=NaN"), 400, vec!["score_min"]),
        (format!("{scoring}&page=1&page=2"), 400, vec!["page"]),
        (
            format!("{scoring}&raw_filter=1&raw_filters=1&agent_key=1&use_agent=1"),
            400,
            vec!["raw_filter", "raw_filters", "agent_key", "use_agent"],
        ),
        (
            format!("{scoring}&source_keys=1&algorithm_key=1&job_key=1&score_threshold=1"),
            400,
            vec!["source_keys", "algorithm_key", "job_key", "score_threshold"],
        ),
        (format!("{scoring}&sort_by=fame&names=[]&skill=x"), 400, vec!["sort_by", "names", "skill"]),
        (
            format!("{scoring}&sort_by=location&profile_reference=P"),
            400,
            vec!["profile_reference", "sort_by"],
        ),
        (format!("{scoring}&sort_by=location_education"), 422, vec!["sort_by"]),
        (format!("{scoring}&location_from=job"), 422, vec!["location_from"]),
        (format!("{scoring}&location_from=profile&location_distance=5"), 422, vec!["location_from"]),
        (
            format!(
                "{scoring}&location_from=job&location_distance=5&location_geopoint={{%22lat%22:1,%22lng%22:2}}"
            ),
            422,
            vec!["location_from"],
        ),
        (format!("{scoring}&include=name,fame"), 422, vec!["include[1]"]),
        (format!("{scoring}&include="), 422, vec!["include[0]"]),
        (format!("{searching}include=email"), 422, vec!["include[0]"]),
        (format!("{searching}salary_min=2&salary_max=1&contract=[]"), 422, vec!["contract", "salary_min"]),
        (format!("{searching}salary_min=lots&contract=permanent"), 400, vec!["salary_min", "contract"]),
        (
            format!("{scoring}&updated_at_min=2026-02-01&updated_at_max=2026-01-01"),
            422,
            vec!["updated_at_min"],
        ),
        (format!("{scoring}&updated_at_min=soon"), 400, vec!["updated_at_min"]),
        (format!("{scoring}&skills=Rust&languages=%22en%22"), 400, vec!["skills", "languages"]),
        (
            format!("{scoring}&skills=[%22Rust%22,{{%22name%22:7}},{{%22nam%22:%22x%22}}]"),
            422,
            vec!["skills[0]", "skills[1].name", "skills[2].nam", "skills[2].name"],
        ),
        (
            format!("{scoring}&text_keywords=[]&summary_keywords=[%22%22,1]"),
            422,
            vec!["text_keywords", "summary_keywords[0]", "summary_keywords[1]"],
        ),
        (
            format!("{scoring}&stage=maybe&created_at_min=2026-02-01&created_at_max=2026-01-01"),
            422,
            vec!["stage", "created_at_min"],
        ),
        (format!("{scoring}&created_at_min=soon"), 400, vec!["created_at_min"]),
        (format!("{scoring}&location_distance=10"), 422, vec!["location_distance"]),
        (
            format!("{scoring}&location_geopoint={{%22lat%22:91}}&location_distance=10"),
            422,
            vec!["location_geopoint.lat", "location_geopoint.lng"],
        ),
        (format!("{scoring}&tags_included=[{{%22name%22:%22x%22}}]"), 422, vec!["tags_included[0]"]),
        (
            format!("{scoring}&tags_excluded=[[{{%22name%22:%22x%22}}]]"),
            422,
            vec!["tags_excluded[0][0].value"],
        ),
        (
            format!("{scoring}&experiences_duration_min=5&experiences_duration_max=4"),
            422,
            vec!["experiences_duration_min"],
        ),
        (
            format!("{searching}score_min=0.5&job_reference=J&interests=[]"),
            400,
            vec!["score_min", "job_reference", "interests"],
        ),
        (format!("{searching}sort_by=scoring&order_by=down"), 422, vec!["sort_by", "order_by"]),
        (
            format!("{searching}ranges_float=[{{%22name%22:%22a%22,%22value_min%22:2,%22value_max%22:1}}]"),
            422,
            vec!["ranges_float[0]"],
        ),
        (
            format!(
                "{searching}ranges_date=[{{%22name%22:%22a%22,%22value_min%22:7}},{{%22name%22:%22a%22}}]"
            ),
            422,
            vec!["ranges_date[0].value_min", "ranges_date[1]"],
        ),
        (format!("{searching}name=%00"), 422, vec!["name"]),
        (format!("{searching}name=%ff"), 400, vec!["name"]),
    ] {
        let (answered, _, problem) = send(&app, get(&uri, "acme-key")).await;
        assert_eq!((answered, fields(&problem)), (status, named), "{uri}");
    }
    let (_, _, problem) = send(&app, get(&format!("{scoring}&skils=x"), "acme-key")).await;
    assert_eq!(problem["errors"][0]["detail"], "is not known here; did you mean `skills`?");
    let (_, _, problem) = send(&app, get(&format!("{scoring}&x=1"), OPERATOR)).await;
    assert_eq!(fields(&problem), ["x", "partner"]);
    let many = (0..200).fold(String::new(), |many, index| format!("{many}&x{index}=1"));
    let (status, _, problem) = send(&app, get(&format!("{scoring}{many}"), "acme-key")).await;
    assert_eq!(status, 400);
    assert!(fields(&problem).len() <= 101);
}

#[actix_web::test]
async fn an_object_that_cannot_be_scored_says_why() {
    let (api, _folder) = api().await;
    let app = app!(api);
    let scoring = |profile: &str| get(&format!("/v1/jobs/scoring?profile_reference={profile}"), "acme-key");
    assert_eq!(send(&app, scoring("CRM-5")).await.0, 404);
    send(&app, post(WEBHOOK, "acme-key", event("CRM-5"))).await;
    let (status, headers, problem) = send(&app, scoring("CRM-5")).await;
    assert_eq!((status, &problem["code"]), (409, &json!("not_ready")));
    assert!(headers.contains_key("retry-after"));
    send(&app, post(&WEBHOOK.replace("update", "archive"), "acme-key", event("CRM-5"))).await;
    let (status, _, problem) = send(&app, scoring("CRM-5")).await;
    assert_eq!((status, &problem["code"]), (410, &json!("archived")));
}

#[actix_web::test]
async fn hrflow_being_away_is_a_503_and_a_spent_quota_a_429_that_states_it() {
    let (api, _folder) = api().await;
    let app = app!(api);
    let search = || get("/v1/jobs/searching?text_keywords=%5B%22rust%22%5D&sort_by=updated_at", "acme-key");
    let (status, _, problem) = send(&app, search()).await;
    assert_eq!((status, &problem["code"]), (503, &json!("upstream_unreachable")));
    let (mut status, mut headers) = (status, HeaderMap::new());
    for _ in 0..20 {
        if status == 429 {
            break;
        }
        (status, headers, _) = send(&app, search()).await;
    }
    assert_eq!(status, 429);
    let header = |name| headers.get(name).unwrap().to_str().unwrap();
    assert_eq!(header("ratelimit-policy"), r#""queries";q=3;w=60"#);
    assert_eq!(header("ratelimit"), format!(r#""queries";r=0;t={}"#, header("retry-after")));
}
