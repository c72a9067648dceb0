DROP INDEX pulls_by_mode;
CREATE INDEX pulls_by_mode ON pulls (partner, entity, mode, began_at);
ALTER TABLE pulls DROP COLUMN asked_by;
ALTER TABLE pulls DROP COLUMN expected;
ALTER TABLE pulls DROP COLUMN covered;
ALTER TABLE pulls DROP COLUMN plan;
