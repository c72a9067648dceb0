//! The tables, in the types both databases share.

diesel::table! {
    records (partner, entity, reference) {
        partner -> Text,
        entity -> Text,
        reference -> Text,
        wanted -> Text,
        present_on -> Nullable<BigInt>,
        archived_on -> Nullable<BigInt>,
        archived_stamp -> BigInt,
        version -> BigInt,
        settled_version -> BigInt,
        read_version -> BigInt,
        stamp -> BigInt,
        due_at -> Nullable<BigInt>,
        waiting_since -> Nullable<BigInt>,
        lease -> Nullable<Text>,
        attempts -> Integer,
        failures -> Integer,
        missing -> Integer,
        missing_since -> Nullable<BigInt>,
        rereads -> Integer,
        last_event -> Nullable<Text>,
        updated_at -> Nullable<BigInt>,
        body -> Nullable<Text>,
        target -> Nullable<Text>,
        presence -> Text,
        hrflow_key -> Nullable<Text>,
        fingerprint -> Nullable<Text>,
        indexed_at -> Nullable<BigInt>,
        outcome -> Nullable<Text>,
        problem -> Nullable<Text>,
        notes -> Nullable<Text>,
        pull -> Nullable<Text>,
    }
}

diesel::table! {
    deliveries (id) {
        id -> Text,
        digest -> Text,
        partner -> Text,
        entity -> Text,
        reference -> Text,
        event_type -> Text,
        event_date -> Text,
        received_at -> BigInt,
        status -> Text,
    }
}

diesel::table! {
    erasures (id) {
        id -> Text,
        partner -> Text,
        entity -> Text,
        subject -> Text,
        requested_at -> BigInt,
        requested_by -> Text,
        erased_at -> Nullable<BigInt>,
        proof -> Nullable<Text>,
        problem -> Nullable<Text>,
    }
}

diesel::table! {
    pulls (id) {
        id -> Text,
        partner -> Text,
        entity -> Text,
        mode -> Text,
        state -> Text,
        lease -> Nullable<Text>,
        lease_until -> Nullable<BigInt>,
        position -> Nullable<Text>,
        since -> Nullable<BigInt>,
        newest -> Nullable<BigInt>,
        began_at -> Nullable<BigInt>,
        pages -> BigInt,
        seen -> BigInt,
        changed -> BigInt,
        unchanged -> BigInt,
        failed -> BigInt,
        created_at -> BigInt,
        started_at -> Nullable<BigInt>,
        finished_at -> Nullable<BigInt>,
        problem -> Nullable<Text>,
        total -> Nullable<BigInt>,
        listing -> Nullable<Text>,
        began_stamp -> Nullable<BigInt>,
        doubt -> Nullable<Text>,
        plan -> Nullable<Text>,
        covered -> BigInt,
        expected -> Nullable<BigInt>,
        asked_by -> Text,
    }
}

diesel::table! {
    cursors (partner, entity) {
        partner -> Text,
        entity -> Text,
        changed_until -> BigInt,
    }
}

diesel::table! {
    answers (partner, entity) {
        partner -> Text,
        entity -> Text,
        answered_at -> BigInt,
    }
}

diesel::table! {
    breakers (partner, side, entity) {
        partner -> Text,
        side -> Text,
        entity -> Text,
        state -> Text,
        failures -> Integer,
        code -> Nullable<Text>,
        reason -> Nullable<Text>,
        since -> BigInt,
        probe_at -> Nullable<BigInt>,
        probe -> Nullable<Text>,
    }
}

diesel::table! {
    listings (id) {
        id -> Text,
        partner -> Text,
        entity -> Text,
        pages -> BigInt,
        objects -> BigInt,
        named -> BigInt,
        bytes -> BigInt,
    }
}

diesel::table! {
    changes (seq) {
        seq -> BigInt,
        xid -> BigInt,
        partner -> Text,
        entity -> Text,
        reference -> Text,
        version -> BigInt,
        outcome -> Text,
        received_at -> Nullable<BigInt>,
        fetched_at -> Nullable<BigInt>,
        mapped_at -> Nullable<BigInt>,
        indexed_at -> Nullable<BigInt>,
        searchable_at -> Nullable<BigInt>,
        settled_at -> BigInt,
        attempts -> Integer,
        problem -> Nullable<Text>,
        pull -> Nullable<Text>,
    }
}

diesel::table! {
    listed (listing, reference) {
        listing -> Text,
        reference -> Text,
    }
}

diesel::table! {
    forgotten (partner) {
        partner -> Text,
        xid -> BigInt,
        seq -> BigInt,
    }
}

diesel::table! {
    listed_pages (listing, digest) {
        listing -> Text,
        digest -> Text,
    }
}

diesel::table! {
    absences (pull, reference) {
        pull -> Text,
        reference -> Text,
        verdict -> Text,
        stamp -> BigInt,
        checked_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    archivals (partner, entity, archived_at, reference) {
        partner -> Text,
        entity -> Text,
        archived_at -> BigInt,
        reference -> Text,
    }
}

diesel::table! {
    decisions (pull) {
        pull -> Text,
        verdict -> Text,
        decided_at -> BigInt,
        decided_by -> Text,
    }
}

diesel::table! {
    feedback_keys (partner, kind, key_digest) {
        partner -> Text,
        kind -> Text,
        key_digest -> Text,
        body_digest -> Text,
        state -> Text,
        id -> Text,
        said_at -> BigInt,
        begun_at -> BigInt,
        rests_until -> BigInt,
        attempt -> Text,
    }
}

diesel::table! {
    receipts (partner, seq) {
        partner -> Text,
        seq -> BigInt,
        id -> Text,
        kept_at -> BigInt,
        previous -> Text,
        hash -> Text,
        entry -> Text,
    }
}

diesel::table! {
    receipt_chains (partner) {
        partner -> Text,
        seq -> BigInt,
        hash -> Text,
        anchor_seq -> BigInt,
        anchor_hash -> Text,
    }
}

diesel::table! {
    receipt_subjects (partner, seq, subject) {
        partner -> Text,
        seq -> BigInt,
        subject -> Text,
    }
}

diesel::table! {
    snapshots (id) {
        id -> Text,
        partner -> Text,
        query -> Text,
        lines -> BigInt,
        total -> BigInt,
        unread -> BigInt,
        version -> Nullable<BigInt>,
        freshness -> Text,
        asked_at -> BigInt,
        kept_until -> BigInt,
    }
}

diesel::table! {
    exports (id) {
        id -> Text,
        partner -> Text,
        ranked -> Text,
        state -> Text,
        top -> BigInt,
        question -> Text,
        idempotency -> Nullable<Text>,
        fingerprint -> Text,
        lease -> Nullable<Text>,
        lease_until -> Nullable<BigInt>,
        due_at -> BigInt,
        walked -> Nullable<Text>,
        planned -> BigInt,
        total -> BigInt,
        lines -> BigInt,
        failed -> BigInt,
        names -> BigInt,
        problem -> Nullable<Text>,
        created_at -> BigInt,
        started_at -> Nullable<BigInt>,
        finished_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    snapshot_lines (snapshot, place) {
        snapshot -> Text,
        place -> BigInt,
        partner -> Text,
        entity -> Text,
        reference -> Text,
        score -> Nullable<Text>,
        rank -> BigInt,
    }
}

diesel::table! {
    explanations (id) {
        id -> Text,
        subject -> Text,
        partner -> Text,
        job_reference -> Text,
        profile_reference -> Text,
        ranked -> Text,
        lang -> Text,
        job_fingerprint -> Nullable<Text>,
        profile_fingerprint -> Nullable<Text>,
        state -> Text,
        lease -> Nullable<Text>,
        lease_until -> Nullable<BigInt>,
        asked_at -> BigInt,
        ended_at -> Nullable<BigInt>,
        retry_at -> Nullable<BigInt>,
        told -> Nullable<Text>,
        problem -> Nullable<Text>,
    }
}

diesel::table! {
    export_lines (export, number) {
        export -> Text,
        number -> BigInt,
        reference -> Text,
        due_at -> BigInt,
        attempts -> Integer,
        position -> Nullable<BigInt>,
        scored_at -> Nullable<BigInt>,
        items -> Nullable<Text>,
        problem -> Nullable<Text>,
    }
}

diesel::table! {
    export_names (export, number) {
        export -> Text,
        number -> BigInt,
        reference -> Text,
    }
}

diesel::table! {
    tickets (id) {
        id -> Text,
        partner -> Text,
        entity -> Text,
        reference -> Text,
        version -> BigInt,
        question -> Text,
        created_at -> BigInt,
        expires_at -> BigInt,
    }
}

diesel::allow_tables_to_appear_in_same_query!(records, listed);
diesel::allow_tables_to_appear_in_same_query!(pulls, absences);
diesel::allow_tables_to_appear_in_same_query!(pulls, listed);
diesel::allow_tables_to_appear_in_same_query!(receipts, receipt_chains);
diesel::allow_tables_to_appear_in_same_query!(exports, export_lines);
diesel::allow_tables_to_appear_in_same_query!(exports, export_names);
