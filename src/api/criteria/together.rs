//! What parameters say together: no range is empty, a distance has a point and a point a distance, and a point or a page is given once.

use crate::api::parameters::Given;
use crate::api::shape::{Fault, Wrong};
use crate::model::parse_date;

/// Notes what does not go together.
pub(in crate::api) fn check_together(given: &Given, wrong: &mut Vec<(String, Wrong)>) {
    let misread: Vec<String> = wrong.iter().map(|(field, _)| field.clone()).collect();
    let there =
        |name: &str| given.value(name).is_some() || misread.iter().any(|field| field.starts_with(name));
    let mut refuse = |name: &str, detail: String| {
        wrong.push((name.to_owned(), Wrong { fault: Fault::Unacceptable, detail }));
    };
    let dated = |name| given.text(name).and_then(parse_date);
    for (least, most) in [("created_at_min", "created_at_max"), ("updated_at_min", "updated_at_max")] {
        if dated(least).zip(dated(most)).is_some_and(|(early, late)| early > late) {
            refuse(least, format!("must not be later than `{most}`"));
        }
    }
    for (least, most) in [
        ("experiences_duration_min", "experiences_duration_max"),
        ("educations_duration_min", "educations_duration_max"),
        ("salary_min", "salary_max"),
    ] {
        if given.number(least).zip(given.number(most)).is_some_and(|(low, high)| low > high) {
            refuse(least, format!("must not be greater than `{most}`"));
        }
    }
    if given.value("cursor").is_some() && given.value("page").is_some() {
        refuse("cursor", "cannot be given with `page`".to_owned());
    }
    let from = given.value("location_from").is_some();
    let sorted_by = given.text("sort_by").unwrap_or_default();
    for (distance, point, sort) in [
        ("location_distance", "location_geopoint", "location"),
        ("experience_location_distance", "experience_location_geopoint", "location_experience"),
        ("education_location_distance", "education_location_geopoint", "location_education"),
    ] {
        let stands_for_it = point == "location_geopoint" && there("location_from");
        // Alone, HrFlow takes it and it narrows nothing.
        let says_nothing = !there(distance) && !stands_for_it && sorted_by != sort;
        if given.value(distance).is_some() && !there(point) && !stands_for_it {
            refuse(distance, format!("needs `{point}`"));
        } else if given.value(point).is_some() && says_nothing {
            refuse(point, format!("needs `{distance}`"));
        }
    }
    if from && given.value("location_geopoint").is_some() {
        refuse("location_from", "must not stand beside `location_geopoint`".to_owned());
    } else if from && !there("location_distance") && sorted_by != "location" {
        refuse("location_from", "needs `location_distance`".to_owned());
    }
    let point = match sorted_by {
        "location" if !there("location_from") => "location_geopoint",
        "location_experience" => "experience_location_geopoint",
        "location_education" => "education_location_geopoint",
        _ => return,
    };
    if !there(point) {
        refuse("sort_by", format!("needs `{point}` to sort by `{sorted_by}`"));
    }
}
