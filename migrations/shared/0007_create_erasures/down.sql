DROP INDEX pulls_by_mode;
DROP INDEX records_waiting;
DROP INDEX deliveries_by_object;
DROP TABLE erasures;
