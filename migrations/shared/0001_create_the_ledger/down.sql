DROP TABLE answers;
DROP TABLE cursors;
DROP TABLE pulls;
DROP TABLE deliveries;
DROP TABLE records;
