DROP INDEX records_shown;
DROP TABLE export_names;
DROP TABLE export_lines;
DROP TABLE exports;
