DROP INDEX records_by_need;
DROP TABLE breakers;
