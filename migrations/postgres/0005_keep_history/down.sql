DROP INDEX deliveries_of_object;
DROP INDEX deliveries_by_time;
DROP TABLE forgotten;
DROP TABLE changes;
