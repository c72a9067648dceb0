-- How far a move from another database into this one has come; without a row it never was the target of one.
CREATE TABLE moves (
    source      TEXT   NOT NULL PRIMARY KEY, -- the file
    at_table    TEXT,                        -- tables are copied in the order of their names
    after_key   TEXT,                        -- the key of the last row that was copied, as JSON
    finished_at BIGINT                       -- when all was found equal
);
