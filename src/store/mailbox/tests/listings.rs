//! What the pages of a pull do to a record that has other news.

use super::*;

#[test]
fn a_page_asked_for_before_the_last_news_only_makes_the_record_due() {
    let mut record = settled("a");
    let stamp = record.stamp;
    assert_eq!(list(&mut record, listing(stamp - 1, "b", Some(1)), at(9)), Listed::Changed);
    assert_eq!((record.body.clone(), record.due_at), (None, Some(micros(9))));
}

#[test]
fn a_page_asked_for_before_a_lease_is_older_than_what_the_lease_reads() {
    let mut record = settled("a");
    let page = record.stamp + 1;
    receive(&mut record, &event(Action::Update, 5), page - 1, at(5));
    claim(&mut record, "t", TARGET, page + 1, micros(30), at(5));
    end(&mut record, "t", Settlement::Indexed(indexed("c", Some(5))), page + 2, at(6));
    list(&mut record, listing(page, "b", Some(3)), at(9));
    assert_eq!((record.body.clone(), record.due_at), (None, Some(micros(9))), "it is fetched, not believed");
}

#[test]
fn a_page_that_shows_what_hrflow_shows_changes_nothing() {
    let mut record = settled("a");
    let before = record.clone();
    assert_eq!(list(&mut record, listing(99, "a", Some(1)), at(9)), Listed::Unchanged);
    assert_eq!(record, before);
}

#[test]
fn a_listing_brings_an_archived_object_back_only_when_it_is_later_than_the_archive_in_both_ways() {
    let mut archived = settled("a");
    receive(&mut archived, &event(Action::Archive, 50), 100, at(60));
    for (stamp, updated, back) in [
        (101, Some(51), true),
        (101, Some(50), false),
        (101, None, false),
        (100, Some(51), false),
        (99, Some(55), false),
    ] {
        let mut record = archived.clone();
        list(&mut record, listing(stamp, "a", updated), at(70));
        assert_eq!(record.wanted == Wanted::Present, back, "page {stamp}, updated {updated:?}");
    }
}

#[test]
fn an_archive_told_again_after_a_listing_brought_the_object_back_is_stale() {
    let mut record = settled("a");
    let archive = event(Action::Archive, 40);
    receive(&mut record, &archive, 100, at(41));
    list(&mut record, listing(101, "b", Some(51)), at(60));
    claim(&mut record, "t", TARGET, 102, micros(85), at(60));
    end(&mut record, "t", Settlement::Indexed(indexed("b", Some(51))), 103, at(61));
    repeat(&mut record, &archive, 104, at(62));
    assert_eq!(record.wanted, Wanted::Present);
}

#[test]
fn a_duplicate_after_the_page_that_was_read_for_its_change_counts_again() {
    let mut record = settled("a");
    let update = event(Action::Update, 10);
    receive(&mut record, &update, 10, at(10));
    list(&mut record, listing(11, "b", Some(10)), at(11));
    repeat(&mut record, &update, 12, at(11));
    assert_eq!(record.body, None, "the second change of that second may not be in the page");
}

#[test]
fn a_listing_brings_back_what_was_archived_because_it_was_gone() {
    let mut record = settled("a");
    receive(&mut record, &event(Action::Update, 5), 5, at(5));
    claim(&mut record, "t", TARGET, 6, micros(30), at(5));
    end(&mut record, "t", Settlement::Gone, 7, at(6));
    assert_eq!(record.wanted, Wanted::Archived);
    list(&mut record, listing(8, "a", None), at(8));
    assert_eq!(record.wanted, Wanted::Present);
}
