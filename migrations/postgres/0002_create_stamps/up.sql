-- The database-wide sequence: a row would make all writers wait for one another.
CREATE SEQUENCE stamps;
