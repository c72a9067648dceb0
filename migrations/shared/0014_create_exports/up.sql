-- Exports: the best matches of many objects, worked off one object after another. Times are Unix microseconds.
CREATE TABLE exports (
    id          TEXT   NOT NULL PRIMARY KEY,
    partner     TEXT   NOT NULL,
    ranked      TEXT   NOT NULL, -- profile | job: what the lines list; each line is of an object of the other kind
    state       TEXT   NOT NULL, -- waiting | running | done | cancelled | failed
    top         BIGINT NOT NULL, -- how many matches a line has at most
    question    TEXT   NOT NULL, -- the least score and the criteria
    idempotency TEXT,            -- the caller's key for this export, as a digest
    fingerprint TEXT   NOT NULL, -- what was asked for, as a digest
    lease       TEXT,
    lease_until BIGINT,
    due_at      BIGINT NOT NULL, -- when to work on it
    walked      TEXT,            -- how far the ledger was walked for lines; absent when every line is planned
    planned     BIGINT NOT NULL, -- the number of the line that was planned last
    total       BIGINT NOT NULL, -- how many lines there will be
    lines       BIGINT NOT NULL, -- how many are written: the position of the last
    failed      BIGINT NOT NULL, -- those of them that tell a problem
    names       BIGINT NOT NULL, -- the number of the name that was given last
    problem     TEXT,
    created_at  BIGINT NOT NULL,
    started_at  BIGINT,
    finished_at BIGINT
);
CREATE UNIQUE INDEX exports_idempotent ON exports (partner, idempotency);
CREATE INDEX exports_by_partner ON exports (partner, created_at, id);
CREATE INDEX exports_open ON exports (partner, due_at) WHERE state IN ('waiting', 'running');

-- One row per object: planned first, and a line once it has a position. Positions are given in the order of the commits, so
-- that whoever has read up to one has missed none.
CREATE TABLE export_lines (
    export    TEXT    NOT NULL,
    number    BIGINT  NOT NULL, -- the order in which they are worked on
    reference TEXT    NOT NULL,
    due_at    BIGINT  NOT NULL,
    attempts  INTEGER NOT NULL,
    position  BIGINT,
    scored_at BIGINT,
    items     TEXT,             -- the matches, the best first, each the number of a name and a score
    problem   TEXT,
    PRIMARY KEY (export, number)
);
CREATE UNIQUE INDEX export_lines_of_object ON export_lines (export, reference);
CREATE UNIQUE INDEX export_lines_written ON export_lines (export, position) WHERE position IS NOT NULL;
CREATE INDEX export_lines_waiting ON export_lines (export, due_at, number) WHERE position IS NULL;

-- Who stands in the lines. A line knows numbers alone, so that to forget somebody is to delete one row.
CREATE TABLE export_names (
    export    TEXT   NOT NULL,
    number    BIGINT NOT NULL,
    reference TEXT   NOT NULL,
    PRIMARY KEY (export, number)
);
CREATE UNIQUE INDEX export_names_of_object ON export_names (export, reference);

-- Every object that HrFlow shows, in the order in which lines are planned, past all that was archived.
CREATE INDEX records_shown ON records (partner, entity, reference) WHERE wanted = 'present' AND presence = 'present';
