-- What proves a listing complete, and what is decided about the objects that it lacks.

-- What was read of a listing that still counts; the pull that began it gives the id.
CREATE TABLE listings (
    id      TEXT   NOT NULL PRIMARY KEY,
    partner TEXT   NOT NULL,
    entity  TEXT   NOT NULL,
    pages   BIGINT NOT NULL,
    objects BIGINT NOT NULL, -- as they came
    named   BIGINT NOT NULL, -- different references among them; only a full listing counts them
    bytes   BIGINT NOT NULL
);
CREATE INDEX listings_by_partner ON listings (partner, entity);

-- The references of a full listing: what is not here was not listed.
CREATE TABLE listed (
    listing   TEXT NOT NULL,
    reference TEXT NOT NULL,
    PRIMARY KEY (listing, reference)
);

-- What each page listed, as a digest: a page that comes again is a list that goes in a circle.
CREATE TABLE listed_pages (
    listing TEXT NOT NULL,
    digest  TEXT NOT NULL,
    PRIMARY KEY (listing, digest)
);

-- Objects that a complete listing lacked, or that the service answered 404 or 410 for after the fuse had blown.
CREATE TABLE absences (
    pull       TEXT   NOT NULL,
    reference  TEXT   NOT NULL,
    verdict    TEXT   NOT NULL, -- unchecked | gone | here | unclear | touched | archived
    stamp      BIGINT NOT NULL, -- a record with a later one was touched since
    checked_at BIGINT,
    PRIMARY KEY (pull, reference)
);
CREATE INDEX absences_by_verdict ON absences (pull, verdict, reference);

-- What was archived because it was gone, as long as the fuse counts it.
CREATE TABLE archivals (
    partner     TEXT   NOT NULL,
    entity      TEXT   NOT NULL,
    archived_at BIGINT NOT NULL,
    reference   TEXT   NOT NULL,
    PRIMARY KEY (partner, entity, archived_at, reference)
);

-- Who decided about a pull that waited.
CREATE TABLE decisions (
    pull       TEXT   NOT NULL PRIMARY KEY,
    verdict    TEXT   NOT NULL, -- approved | rejected
    decided_at BIGINT NOT NULL,
    decided_by TEXT   NOT NULL  -- which of the operators' keys
);

-- A pull never overlaps itself, and asking for what was not listed is a part of it.
DROP INDEX pulls_active;
CREATE UNIQUE INDEX pulls_active ON pulls (partner, entity) WHERE state IN ('queued', 'running', 'checking');

-- What individual 404s would archive waits in one place.
CREATE UNIQUE INDEX pulls_missing ON pulls (partner, entity)
    WHERE mode = 'missing' AND state = 'waiting_for_approval';
