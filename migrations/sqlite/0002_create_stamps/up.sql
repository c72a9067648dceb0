-- The database-wide sequence: SQLite has none, and one writer at a time, so a row serves.
CREATE TABLE stamps (value INTEGER NOT NULL);
INSERT INTO stamps (value) VALUES (0);
