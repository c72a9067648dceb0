DROP INDEX pulls_by_mode;
DROP INDEX records_waiting;
DROP TABLE erasures;
