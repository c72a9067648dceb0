DROP INDEX records_asked_for;
DROP TABLE tickets;
