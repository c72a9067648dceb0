DROP INDEX pulls_by_mode;
ALTER TABLE pulls DROP COLUMN scheduled;
ALTER TABLE pulls DROP COLUMN expected;
ALTER TABLE pulls DROP COLUMN covered;
ALTER TABLE pulls DROP COLUMN plan;
