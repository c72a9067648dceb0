-- Tickets: scoring calls whose object was not ready when the caller's patience ended. Times are Unix microseconds.
CREATE TABLE tickets (
    id         TEXT   NOT NULL PRIMARY KEY,
    partner    TEXT   NOT NULL,
    entity     TEXT   NOT NULL, -- profile | job: what is waited for; the other kind is ranked
    reference  TEXT   NOT NULL,
    version    BIGINT NOT NULL, -- the change that must have reached HrFlow
    question   TEXT   NOT NULL, -- the page and the criteria
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX tickets_of_object ON tickets (partner, entity, reference);
CREATE INDEX tickets_by_age ON tickets (partner, expires_at);

-- Records that nobody but a scoring call has ever spoken of: there are few, or somebody asks for what does not exist.
CREATE INDEX records_asked_for ON records (partner)
    WHERE due_at IS NOT NULL AND last_event IS NULL AND pull IS NULL AND presence = 'absent' AND wanted = 'present';
