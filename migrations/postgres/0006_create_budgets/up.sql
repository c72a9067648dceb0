-- How many calls all nodes together may make: a row per budget, by the generic cell rate algorithm.
-- Not logged, since a budget that is forgotten in a crash is only whole again: no call waits for the disk.
-- SQLite serves one machine, and each process keeps its own budgets there.
CREATE UNLOGGED TABLE budgets (
    name     TEXT   NOT NULL PRIMARY KEY, -- names no secret: an HrFlow key stands in it as part of a hash
    whole_at BIGINT NOT NULL              -- when all of the budget will be there again, Unix microseconds
);
