-- From where on a route's comparisons count for whoever judges it.
-- +goose Up
CREATE TABLE marks (
    route    TEXT    PRIMARY KEY,
    key      TEXT    NOT NULL,                   -- what the evidence since then is about
    at       INTEGER NOT NULL,                   -- microseconds since 1970
    compared INTEGER NOT NULL,                   -- how many there were, without repeats
    diverged INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

ALTER TABLE groups ADD COLUMN marked INTEGER NOT NULL DEFAULT 0;       -- the count at the route's mark, without repeats
ALTER TABLE groups ADD COLUMN repeats INTEGER NOT NULL DEFAULT 0;      -- of the count
ALTER TABLE totals ADD COLUMN repeats INTEGER NOT NULL DEFAULT 0;      -- likewise

-- Those that are left out of a tally.
CREATE INDEX groups_expected ON groups (route, count, marked) WHERE state = 'expected';

CREATE TABLE evidence (
    route TEXT PRIMARY KEY,
    seen  TEXT NOT NULL                          -- JSON, of whoever judges it
) STRICT, WITHOUT ROWID;
