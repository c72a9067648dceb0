-- How a pull reads, what asked for it, and how much of the partner it covers.
ALTER TABLE pulls ADD COLUMN plan TEXT;                               -- in what order it reads, and how far it came in it
ALTER TABLE pulls ADD COLUMN covered BIGINT NOT NULL DEFAULT 0;       -- objects listed so far, with those of the failed pulls it goes on from
ALTER TABLE pulls ADD COLUMN expected BIGINT;                         -- how many the last whole listing had
ALTER TABLE pulls ADD COLUMN asked_by TEXT NOT NULL DEFAULT 'operator'; -- operator | schedule: nobody but the schedule

-- The last pull of each mode decides when the next is due, and tells how much is known.
DROP INDEX pulls_by_mode;
CREATE INDEX pulls_by_mode ON pulls (partner, entity, mode, created_at, id);
