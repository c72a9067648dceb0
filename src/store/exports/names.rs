//! Who stands in the lines of an export: each has a number there, and a line knows numbers alone. To forget somebody is to
//! delete one row, however many lines list them.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Text};

use super::super::backend::{Db, on};
use super::super::records;
use super::super::retention::BATCH;
use super::super::schema::{export_names, exports};
use super::Export;
use super::lines::Match;
use crate::error::{Error, Kind, Result};
use crate::model::{Entity, Reference};

/// A match in a line: the number of a name, the score, and the rank.
pub(super) type Encoded = (i64, f64, u64);

/// The matches of a line as they are stored. Who is not live any more is left out, and gets no name.
pub(super) fn encode(db: &mut Db<'_>, export: &mut Export, matches: &[Match]) -> Result<String> {
    let mut numbers = known(db, &export.id, matches)?;
    let mut unnamed: Vec<Reference> = matches
        .iter()
        .filter(|found| !numbers.contains_key(&found.reference))
        .map(|found| Reference::parse(found.reference.clone()))
        .collect::<Result<_>>()?;
    if !unnamed.is_empty() {
        let entity = Entity::parse(&export.ranked).unwrap_or(Entity::Profile);
        // Held until the name is written: an erasure comes either before, and there is no name, or after, and deletes it.
        let live = records::hold_live(db, &export.partner, entity, &unnamed.iter().collect::<Vec<_>>())?;
        unnamed.retain(|reference| live.contains(reference.as_str()));
        name(db, export, unnamed, &mut numbers)?;
    }
    let encoded = matches.iter().filter_map(|found| {
        numbers.get(&found.reference).map(|number| -> Encoded { (*number, found.score, found.rank) })
    });
    let encoded: Vec<Encoded> = encoded.collect();
    serde_json::to_string(&encoded)
        .map_err(|cause| Error::new(Kind::Internal, "a line could not be written").because(cause))
}

fn known(db: &mut Db<'_>, export: &str, matches: &[Match]) -> Result<HashMap<String, i64>> {
    let of_export = export_names::table.filter(export_names::export.eq(export));
    match db {
        Db::Postgres(c) => {
            let references: Vec<&str> = matches.iter().map(|found| found.reference.as_str()).collect();
            let query = of_export
                .filter(export_names::reference.eq_any(references))
                .select((export_names::reference, export_names::number));
            Ok(query.load::<(String, i64)>(*c)?.into_iter().collect())
        }
        // One by one: the statement stays prepared, whatever their number.
        Db::Sqlite(c) => {
            let mut numbers = HashMap::with_capacity(matches.len());
            for Match { reference, .. } in matches {
                let query = of_export.filter(export_names::reference.eq(reference));
                let number: Option<i64> = query.select(export_names::number).get_result(*c).optional()?;
                numbers.extend(number.map(|number| (reference.clone(), number)));
            }
            Ok(numbers)
        }
    }
}

/// Gives these names numbers of their own.
fn name(
    db: &mut Db<'_>,
    export: &mut Export,
    unnamed: Vec<Reference>,
    numbers: &mut HashMap<String, i64>,
) -> Result<()> {
    let given: Vec<i64> = (export.names + 1..).take(unnamed.len()).collect();
    let references: Vec<String> = unnamed.into_iter().map(String::from).collect();
    match db {
        Db::Postgres(c) => {
            let query = "INSERT INTO export_names (export, number, reference) \
                SELECT $1, number, reference FROM unnest($2, $3) AS named (number, reference)";
            diesel::sql_query(query)
                .bind::<Text, _>(&export.id)
                .bind::<Array<BigInt>, _>(&given)
                .bind::<Array<Text>, _>(&references)
                .execute(*c)?;
        }
        Db::Sqlite(c) => {
            for (number, reference) in given.iter().zip(&references) {
                let row = (
                    export_names::export.eq(&export.id),
                    export_names::number.eq(number),
                    export_names::reference.eq(reference),
                );
                diesel::insert_into(export_names::table).values(row).execute(*c)?;
            }
        }
    }
    export.names = given.last().copied().unwrap_or(export.names);
    numbers.extend(references.into_iter().zip(given));
    Ok(())
}

/// The matches of several lines with their names; those whose names are forgotten are left out.
pub(super) fn decode(
    db: &mut Db<'_>,
    export: &str,
    lines: Vec<Option<Vec<Encoded>>>,
) -> Result<Vec<Option<Vec<Match>>>> {
    let mut wanted: Vec<i64> = lines.iter().flatten().flatten().map(|(number, ..)| *number).collect();
    wanted.sort_unstable();
    wanted.dedup();
    let of_export = export_names::table.filter(export_names::export.eq(export));
    let names: HashMap<i64, String> = match db {
        Db::Postgres(c) => {
            let query = of_export
                .filter(export_names::number.eq_any(wanted))
                .select((export_names::number, export_names::reference));
            query.load::<(i64, String)>(*c)?.into_iter().collect()
        }
        Db::Sqlite(c) => {
            let mut names = HashMap::with_capacity(wanted.len());
            for number in wanted {
                let query = export_names::table.find((export, number)).select(export_names::reference);
                let name: Option<String> = query.get_result(*c).optional()?;
                names.extend(name.map(|name| (number, name)));
            }
            names
        }
    };
    let decoded = |(number, score, rank): Encoded| {
        let reference = names.get(&number)?.clone();
        Some(Match { reference, score, rank })
    };
    Ok(lines
        .into_iter()
        .map(|line| line.map(|items| items.into_iter().filter_map(decoded).collect()))
        .collect())
}

/// Forgets an object: its name in the lines that list it.
pub(in crate::store) fn forget(
    db: &mut Db<'_>,
    partner: &str,
    entity: Entity,
    reference: &str,
) -> Result<()> {
    let ours = exports::table
        .filter(exports::partner.eq(partner))
        .filter(exports::ranked.eq(entity.singular()))
        .select(exports::id);
    let names = export_names::table
        .filter(export_names::export.eq_any(ours))
        .filter(export_names::reference.eq(reference));
    on!(db, |c| diesel::delete(names).execute(*c))?;
    Ok(())
}

/// Deletes some names of an export. Returns how many it were.
pub(super) fn delete_batch(db: &mut Db<'_>, export: &str) -> Result<usize> {
    let query = diesel::sql_query(format!(
        "DELETE FROM export_names WHERE export = $1 AND number IN \
         (SELECT number FROM export_names WHERE export = $1 ORDER BY number LIMIT {BATCH})"
    ));
    let query = query.bind::<Text, _>(export);
    Ok(on!(db, |c| query.execute(*c))?)
}
