-- Why a job and a profile match as they do, in HrFlow's words; made once for what both of them are.
CREATE TABLE explanations (
    id                  TEXT   NOT NULL PRIMARY KEY,
    subject             TEXT   NOT NULL UNIQUE, -- SHA-256 of everything that decides what the answer is
    partner             TEXT   NOT NULL,
    job_reference       TEXT   NOT NULL,
    profile_reference   TEXT   NOT NULL,
    ranked              TEXT   NOT NULL,        -- profile | job: which is judged for the other
    lang                TEXT   NOT NULL,        -- en | fr
    job_fingerprint     TEXT,
    profile_fingerprint TEXT,
    state               TEXT   NOT NULL,        -- running | done | failed
    lease               TEXT,                   -- the token of who makes it
    lease_until         BIGINT,
    asked_at            BIGINT NOT NULL,        -- when it was last begun
    ended_at            BIGINT,
    retry_at            BIGINT,                 -- when one that failed is tried again if it is asked for
    told                TEXT,                   -- what HrFlow said: personal data
    problem             TEXT
);

-- All that is explained of a person goes with the person.
CREATE INDEX explanations_of_profiles ON explanations (partner, profile_reference);
CREATE INDEX explanations_by_age ON explanations (asked_at);
