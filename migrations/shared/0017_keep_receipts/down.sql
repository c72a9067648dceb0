DROP TABLE receipt_subjects;
DROP TABLE receipt_chains;
DROP TABLE receipts;
