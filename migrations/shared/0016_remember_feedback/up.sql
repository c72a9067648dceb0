-- Feedback that was sent under an Idempotency-Key, for a day: neither the key nor what was said can be told from it.
CREATE TABLE feedback_keys (
    partner     TEXT   NOT NULL,
    kind        TEXT   NOT NULL, -- rating | tracking
    key_digest  TEXT   NOT NULL, -- SHA-256 of the key
    body_digest TEXT   NOT NULL, -- SHA-256 of the key and of what was said
    state       TEXT   NOT NULL, -- under_way | unclear: it may have been recorded | recorded
    id          TEXT   NOT NULL, -- told in the answer
    said_at     BIGINT NOT NULL, -- the date that HrFlow is told, the same at every attempt
    begun_at    BIGINT NOT NULL, -- the first attempt; a day later the key is forgotten
    rests_until BIGINT NOT NULL, -- no other attempt begins before
    attempt     TEXT   NOT NULL, -- who may settle it
    PRIMARY KEY (partner, kind, key_digest)
);
CREATE INDEX feedback_keys_by_age ON feedback_keys (begun_at);
