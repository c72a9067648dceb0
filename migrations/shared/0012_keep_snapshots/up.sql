-- Rankings that somebody pages through: what HrFlow answered at one moment, as references alone. Times are Unix
-- microseconds.
CREATE TABLE snapshots (
    id         TEXT   NOT NULL PRIMARY KEY,
    partner    TEXT   NOT NULL,
    query      TEXT   NOT NULL, -- a digest of what was asked
    lines      BIGINT NOT NULL, -- the place of the last one
    total      BIGINT NOT NULL, -- how many objects HrFlow found
    unread     BIGINT NOT NULL, -- how many of them lie beyond what was read
    version    BIGINT,          -- in scoring: which version of the object that was asked about had reached HrFlow
    freshness  TEXT   NOT NULL, -- how far HrFlow was behind when it was asked, as JSON
    asked_at   BIGINT NOT NULL, -- when HrFlow was asked
    kept_until BIGINT NOT NULL
);
CREATE INDEX snapshots_by_age ON snapshots (partner, kept_until);

-- What is left to be served of each, in order.
CREATE TABLE snapshot_lines (
    snapshot  TEXT   NOT NULL,
    place     BIGINT NOT NULL, -- from 1
    partner   TEXT   NOT NULL,
    entity    TEXT   NOT NULL,
    reference TEXT   NOT NULL,
    score     TEXT,            -- written out, so that every database gives back the same number
    rank      BIGINT NOT NULL, -- its place in the whole ranking
    PRIMARY KEY (snapshot, place)
);
-- An erasure deletes by it.
CREATE INDEX snapshot_lines_of_object ON snapshot_lines (partner, entity, reference);
