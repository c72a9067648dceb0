-- What came of each piece of work, for timelines and for those who poll. Times are Unix microseconds.
CREATE TABLE changes (
    seq           INTEGER PRIMARY KEY AUTOINCREMENT, -- no number is ever given twice, whatever was deleted
    xid           BIGINT  NOT NULL DEFAULT 0,        -- PostgreSQL's transaction; here commits keep the order of `seq`
    partner       TEXT    NOT NULL,
    entity        TEXT    NOT NULL,
    reference     TEXT    NOT NULL,
    version       BIGINT  NOT NULL, -- the version that was worked on
    outcome       TEXT    NOT NULL, -- indexed | unchanged | archived | erased | set_aside
    received_at   BIGINT,           -- since when the change waited
    fetched_at    BIGINT,           -- absent where a page had brought the object
    mapped_at     BIGINT,
    indexed_at    BIGINT,           -- when HrFlow acknowledged
    searchable_at BIGINT,           -- the same, if the object can be found
    settled_at    BIGINT  NOT NULL,
    attempts      INTEGER NOT NULL,
    problem       TEXT,             -- the code of what set it aside
    pull          TEXT              -- the pull that made it due
);

CREATE INDEX changes_of_object ON changes (partner, entity, reference, seq);
CREATE INDEX changes_by_age ON changes (partner, settled_at);
-- The feed: what changed nothing is not in it.
CREATE INDEX changes_feed ON changes (partner, xid, seq) WHERE outcome <> 'unchanged';

-- How far each partner's feed has been deleted: whoever has not read up to there has missed something.
CREATE TABLE forgotten (
    partner TEXT   NOT NULL PRIMARY KEY,
    xid     BIGINT NOT NULL,
    seq     BIGINT NOT NULL
);

CREATE INDEX deliveries_by_time ON deliveries (partner, received_at);
-- A timeline reads by it, and an erasure deletes.
CREATE INDEX deliveries_of_object ON deliveries (partner, entity, reference, received_at);
