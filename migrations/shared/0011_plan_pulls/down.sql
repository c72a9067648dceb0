DROP INDEX pulls_by_mode;
CREATE INDEX pulls_by_mode ON pulls (partner, entity, mode, began_at);
ALTER TABLE pulls DROP COLUMN scheduled;
ALTER TABLE pulls DROP COLUMN expected;
ALTER TABLE pulls DROP COLUMN covered;
ALTER TABLE pulls DROP COLUMN plan;
