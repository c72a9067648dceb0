//! What HrFlow lists: the list with all filters, without any, and with each by itself.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, StreamExt, TryStreamExt};

use super::super::Partner;
use super::super::pair::{self, Known, Narrowing, Pair};
use super::super::query::{SURE, known_to_us};
use super::verdict::{Check, Exclusion, Place, Reason, Step, Verdict};
use super::{AT_ONCE, Asked, Filter, Filters, lost};
use crate::error::{Kind, Result};
use crate::hrflow::{Question, Ranked};

/// How many pages are read to see where among its equals an object stands.
const PAGES: usize = 3;

/// What HrFlow lists under some criteria.
pub(super) enum Listed {
    /// The object, with its score.
    Here(f64),
    /// Others, or nothing.
    Elsewhere,
    /// There is no list: HrFlow refuses the question.
    Refused(String),
}

pub(super) async fn seek(
    partner: &Partner,
    asked: &Asked,
    known: &Known,
    checks: &mut Vec<Check>,
) -> Result<Verdict> {
    let Filters { all, each } = &asked.filters;
    let listed = list(partner, &asked.pair, known, &all.narrowing).await?;
    checks.push(check(Step::List, &listed, each.len()));
    if let Listed::Here(score) = listed {
        return inside(partner, asked, score, checks).await;
    }
    let unfiltered = if each.is_empty() {
        listed
    } else {
        let unfiltered = list(partner, &asked.pair, known, &Narrowing::default()).await?;
        checks.push(check(Step::Unfiltered, &unfiltered, 0));
        unfiltered
    };
    match unfiltered {
        Listed::Here(score) => excluded(partner, asked, known, score, checks).await,
        Listed::Elsewhere => lost::find_out(partner, known, asked.pair.ranked, None, checks).await,
        Listed::Refused(refusal) => {
            lost::find_out(partner, known, asked.pair.ranked.other(), Some(refusal), checks).await
        }
    }
}

async fn list(partner: &Partner, pair: &Pair, known: &Known, narrowing: &Narrowing) -> Result<Listed> {
    match pair::find(partner, pair, known.of(pair.ranked), narrowing).await {
        Ok(found) => Ok(found.and_then(|item| item.score).map_or(Listed::Elsewhere, Listed::Here)),
        Err(problem) if matches!(problem.kind(), Kind::Refused | Kind::NotFound) => {
            Ok(Listed::Refused(problem.message().to_owned()))
        }
        Err(problem) => Err(problem),
    }
}

fn check(step: Step, listed: &Listed, filters: usize) -> Check {
    let under = match filters {
        0 => "without filters".to_owned(),
        1 => "with the filter".to_owned(),
        _ => format!("with all {filters} filters"),
    };
    let (passed, detail) = match listed {
        Listed::Here(score) => (true, format!("HrFlow lists it {under}, with a score of {score}")),
        Listed::Elsewhere => (false, format!("HrFlow does not list it {under}")),
        Listed::Refused(refusal) => (false, format!("{refusal}, {under}")),
    };
    Check { step, entity: None, passed, detail }
}

/// It is in HrFlow's list: below the least score, or at a place.
async fn inside(partner: &Partner, asked: &Asked, score: f64, checks: &mut Vec<Check>) -> Result<Verdict> {
    if let Some(low) = below(asked, score, checks) {
        return Ok(Verdict {
            score: Some(score),
            excluded_by: vec![low.clone()],
            ..Verdict::about_the_list(Reason::BelowScoreMin, low.detail)
        });
    }
    let place = place(partner, asked, score).await?;
    let detail = match place {
        Some(Place { rank, page }) => {
            format!("it is in the list: number {rank}, on page {page} with a limit of {}", asked.limit)
        }
        None => "it is in the list, among many of the same score".to_owned(),
    };
    Ok(Verdict { score: Some(score), place, ..Verdict::about_the_list(Reason::InList, detail) })
}

fn below(asked: &Asked, score: f64, checks: &mut Vec<Check>) -> Option<Exclusion> {
    let least = asked.score_min?;
    let passed = score >= least;
    let than = if passed { "not below" } else { "below" };
    let detail = format!("its score of {score} is {than} the least of {least}");
    checks.push(Check { step: Step::ScoreMin, entity: None, passed, detail: detail.clone() });
    (!passed).then(|| Exclusion { parameter: "score_min".to_owned(), detail })
}

/// As many have at least its score as its place, if no other has the same: that part of the list is read to be sure, in
/// pages of a size that HrFlow gives, or the places on them would be those of others.
async fn place(partner: &Partner, asked: &Asked, score: f64) -> Result<Option<Place>> {
    let page = |page, limit, least| {
        let narrowing = &asked.filters.all.narrowing;
        let question =
            Question { score_min: least, ..pair::question(partner, &asked.pair, narrowing, (page, limit)) };
        async move { partner.hrflow.rank(&question).await.map_err(known_to_us) }
    };
    let as_good = page(1, 1, Some(score)).await?.total;
    let size = asked.limit.min(SURE);
    let mut number = as_good.div_ceil(size).max(1);
    for _ in 0..PAGES {
        let read = page(number, size, None).await?;
        if let Some(found) = read.items.iter().find(|item| is_meant(item, &asked.pair)) {
            return Ok(Some(Place { rank: found.rank, page: found.rank.div_ceil(asked.limit) }));
        }
        let last = read.items.last().and_then(|item| item.score);
        if last.is_some_and(|last| last > score) && number < read.max_page {
            number += 1;
        } else if number > 1 {
            number -= 1;
        } else {
            break;
        }
    }
    Ok(None)
}

fn is_meant(item: &Ranked, pair: &Pair) -> bool {
    item.reference.as_deref() == Some(pair.reference(pair.ranked).as_str())
}

/// Some filter keeps it out: each is tried by itself.
async fn excluded(
    partner: &Partner,
    asked: &Asked,
    known: &Known,
    score: f64,
    checks: &mut Vec<Check>,
) -> Result<Verdict> {
    let each = &asked.filters.each;
    let probes = each.iter().map(|(_, filter)| list(partner, &asked.pair, known, &filter.narrowing));
    // Boxed: the compiler cannot tell that a future which borrows from an iterator may go to another thread.
    let probes: Vec<BoxFuture<'_, Result<Listed>>> = probes.map(FutureExt::boxed).collect();
    let answers: Vec<Listed> = stream::iter(probes).buffered(AT_ONCE).try_collect().await?;
    let mut excluded_by = Vec::new();
    for ((parameter, _), listed) in each.iter().zip(answers) {
        let (passed, detail) = match listed {
            Listed::Here(_) => (true, format!("HrFlow lists it with `{parameter}` alone")),
            Listed::Elsewhere => (false, format!("HrFlow lists it without `{parameter}` and not with it")),
            Listed::Refused(refusal) => (false, format!("{refusal}, when it is asked with `{parameter}`")),
        };
        if !passed {
            excluded_by.push(Exclusion { parameter: parameter.clone(), detail: detail.clone() });
        }
        checks.push(Check { step: Step::Filter, entity: None, passed, detail });
    }
    if excluded_by.is_empty() {
        let together = |(parameter, _): &(String, Filter)| Exclusion {
            parameter: parameter.clone(),
            detail: "no filter keeps it out by itself; together they do".to_owned(),
        };
        excluded_by = each.iter().map(together).collect();
    }
    excluded_by.extend(below(asked, score, checks));
    let names: Vec<String> =
        excluded_by.iter().map(|exclusion| format!("`{}`", exclusion.parameter)).collect();
    let detail = format!("it is kept out by {}", names.join(", "));
    Ok(Verdict { score: Some(score), excluded_by, ..Verdict::about_the_list(Reason::Excluded, detail) })
}
