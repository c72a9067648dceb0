-- One row per object a partner has: what we know of it, and the mailbox of its changes.
-- Times are Unix microseconds; a partial index keeps the queue's cost independent of the ledger's size.
CREATE TABLE records (
    partner          TEXT    NOT NULL,
    entity           TEXT    NOT NULL, -- profile | job
    reference        TEXT    NOT NULL,
    wanted           TEXT    NOT NULL, -- present | archived
    present_on       BIGINT,           -- the newest accepted create or update, cut to the second
    archived_on      BIGINT,           -- the archive that stands; absent when the object was archived because it was gone
    archived_stamp   BIGINT  NOT NULL, -- the stamp under which the archive was recorded
    version          BIGINT  NOT NULL, -- +1 per accepted change
    settled_version  BIGINT  NOT NULL,
    read_version     BIGINT  NOT NULL, -- the version whose reading has begun
    stamp            BIGINT  NOT NULL, -- the number of the last event or lease
    due_at           BIGINT,           -- when to work on it; while leased, when the lease ends
    waiting_since    BIGINT,           -- since when a change waits to be brought to HrFlow
    lease            TEXT,             -- the token of who works on it
    attempts         INTEGER NOT NULL, -- claims that ended by the record's own fault, or never ended
    failures         INTEGER NOT NULL, -- failures in a row, of any kind: the backoff's exponent
    missing          INTEGER NOT NULL, -- 404s in a row
    missing_since    BIGINT,
    rereads          INTEGER NOT NULL, -- reads that were older than the event they followed
    last_event       TEXT,
    updated_at       BIGINT,           -- as the partner dates the object
    body             TEXT,             -- a mapped object that waits to be sent
    target           TEXT,             -- the API and the source or board the next four belong to
    presence         TEXT    NOT NULL, -- absent | unclear | present | archived
    hrflow_key       TEXT,
    fingerprint      TEXT,
    indexed_at       BIGINT,
    outcome          TEXT,             -- indexed | unchanged | archived | set_aside
    problem          TEXT,
    notes            TEXT,
    pull             TEXT,             -- the pull that made it due last
    PRIMARY KEY (partner, entity, reference)
);

CREATE INDEX records_due ON records (partner, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX records_set_aside ON records (partner, entity, reference) WHERE outcome = 'set_aside';
CREATE INDEX records_pulled ON records (pull) WHERE pull IS NOT NULL;

-- Every webhook that was answered with success, once.
CREATE TABLE deliveries (
    id          TEXT   NOT NULL PRIMARY KEY,
    digest      TEXT   NOT NULL UNIQUE, -- partner, entity, reference, type and raw date in one
    partner     TEXT   NOT NULL,
    entity      TEXT   NOT NULL,
    reference   TEXT   NOT NULL,
    event_type  TEXT   NOT NULL,
    event_date  TEXT   NOT NULL,        -- as it was written
    received_at BIGINT NOT NULL,
    status      TEXT   NOT NULL         -- accepted | stale
);

CREATE TABLE pulls (
    id          TEXT    NOT NULL PRIMARY KEY,
    partner     TEXT    NOT NULL,
    entity      TEXT    NOT NULL,
    mode        TEXT    NOT NULL, -- full | delta
    state       TEXT    NOT NULL, -- queued | running | done | failed
    lease       TEXT,
    lease_until BIGINT,
    position    TEXT,             -- where the next page is; absent before the first
    since       BIGINT,           -- what a delta asks for
    newest      BIGINT,           -- the greatest date the partner gave so far
    began_at    BIGINT,           -- when the first page was asked for, by this pull or by the failed one it goes on from
    pages       BIGINT  NOT NULL,
    seen        BIGINT  NOT NULL,
    changed     BIGINT  NOT NULL,
    unchanged   BIGINT  NOT NULL,
    failed      BIGINT  NOT NULL,
    created_at  BIGINT  NOT NULL,
    started_at  BIGINT,
    finished_at BIGINT,
    problem     TEXT
);

-- A pull never overlaps itself.
CREATE UNIQUE INDEX pulls_active ON pulls (partner, entity) WHERE state IN ('queued', 'running');
CREATE INDEX pulls_by_partner ON pulls (partner, created_at);

-- How far each partner's changes have been read.
CREATE TABLE cursors (
    partner       TEXT   NOT NULL,
    entity        TEXT   NOT NULL,
    changed_until BIGINT NOT NULL,
    PRIMARY KEY (partner, entity)
);

-- When a partner's service last gave an object by its reference: a 404 means something only while others answer.
CREATE TABLE answers (
    partner     TEXT   NOT NULL,
    entity      TEXT   NOT NULL,
    answered_at BIGINT NOT NULL,
    PRIMARY KEY (partner, entity)
);
