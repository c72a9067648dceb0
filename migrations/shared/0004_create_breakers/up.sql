-- Circuit breakers that have ever been open: one per partner, side and entity. Written on transitions only.
CREATE TABLE breakers (
    partner  TEXT    NOT NULL,
    side     TEXT    NOT NULL, -- service | hrflow
    entity   TEXT    NOT NULL, -- profile | job
    state    TEXT    NOT NULL, -- closed | open | half_open
    failures INTEGER NOT NULL, -- probes in a row that failed: the exponent of the rest
    code     TEXT,             -- what opened it, while it is not closed
    reason   TEXT,
    since    BIGINT  NOT NULL, -- when it opened, or closed
    probe_at BIGINT,           -- when the next probe may be taken; while one is under way, when it counts as lost
    probe    TEXT,             -- the token of who probes
    PRIMARY KEY (partner, side, entity)
);

-- While a breaker holds some due records back, those that need nothing of its side are found without reading the others.
CREATE INDEX records_by_need ON records
    (partner, entity, (CASE WHEN body IS NULL AND wanted = 'present' THEN 1 ELSE 0 END), due_at)
    WHERE due_at IS NOT NULL;
