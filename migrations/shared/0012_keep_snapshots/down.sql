DROP TABLE snapshot_lines;
DROP TABLE snapshots;
