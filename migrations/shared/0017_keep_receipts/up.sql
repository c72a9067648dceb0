-- What rankings were made of, a chain for each partner: rows are added at its end and deleted from its beginning.
CREATE TABLE receipts (
    partner  TEXT   NOT NULL,
    seq      BIGINT NOT NULL,        -- from 1, without gaps
    id       TEXT   NOT NULL UNIQUE,
    kept_at  BIGINT NOT NULL,
    previous TEXT   NOT NULL,        -- the hash of the receipt before
    hash     TEXT   NOT NULL,        -- SHA-256 of `previous` and `entry`
    entry    TEXT   NOT NULL,        -- JSON as RFC 8785 spells it; no personal data
    PRIMARY KEY (partner, seq)
);
CREATE INDEX receipts_by_age ON receipts (partner, kept_at, seq);

-- Where each chain ends, and after which receipt what is left of it begins. Whoever adds or deletes holds the row.
CREATE TABLE receipt_chains (
    partner     TEXT   NOT NULL PRIMARY KEY,
    seq         BIGINT NOT NULL,     -- of the last receipt; 0: none yet
    hash        TEXT   NOT NULL,
    anchor_seq  BIGINT NOT NULL,     -- of the last receipt that was deleted; 0: none yet
    anchor_hash TEXT   NOT NULL
);

-- In which receipts an object stands: made from the entries, to find them by it.
CREATE TABLE receipt_subjects (
    partner TEXT   NOT NULL,
    seq     BIGINT NOT NULL,
    subject TEXT   NOT NULL,         -- SHA-256 of partner, entity and reference
    PRIMARY KEY (partner, seq, subject)
);
CREATE INDEX receipt_subjects_by_name ON receipt_subjects (partner, subject, seq);
