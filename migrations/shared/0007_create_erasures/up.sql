-- What is kept of an erasure: that it was asked for, carried out and verified, and nothing of whom it was about.
CREATE TABLE erasures (
    id           TEXT   NOT NULL PRIMARY KEY,
    partner      TEXT   NOT NULL,
    entity       TEXT   NOT NULL,
    subject      TEXT   NOT NULL UNIQUE, -- SHA-256 of partner, entity and reference; the reference is the tombstone's key alone
    requested_at BIGINT NOT NULL,
    requested_by TEXT   NOT NULL,        -- `key` and the beginning of its SHA-256, or `event` and its id
    erased_at    BIGINT,
    proof        TEXT,                   -- what was verified, and how
    problem      TEXT                    -- the last failure
);

-- Freshness reads it for every match answer: it holds only what waits.
CREATE INDEX records_waiting ON records (partner, waiting_since) WHERE waiting_since IS NOT NULL;
-- The newest full pull, among any number of deltas.
CREATE INDEX pulls_by_mode ON pulls (partner, entity, mode, began_at);
