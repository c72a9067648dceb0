DROP TABLE export_names;
DROP TABLE export_lines;
DROP TABLE exports;
