-- +goose Up
ALTER TABLE groups ADD COLUMN reason   TEXT    NOT NULL DEFAULT '';    -- of the state
ALTER TABLE groups ADD COLUMN actor    TEXT    NOT NULL DEFAULT '';    -- who gave it; empty: nobody yet
ALTER TABLE groups ADD COLUMN verified INTEGER NOT NULL DEFAULT 0;     -- the actor is a token's name
ALTER TABLE groups ADD COLUMN origin   TEXT    NOT NULL DEFAULT '';    -- what gave it, where it wasn't a person
ALTER TABLE groups ADD COLUMN since    INTEGER NOT NULL DEFAULT 0;     -- of the state, microseconds since 1970; 0: from the first on
ALTER TABLE groups ADD COLUMN reopened INTEGER NOT NULL DEFAULT 0;     -- when it was seen again although fixed; 0: it wasn't
ALTER TABLE groups ADD COLUMN guesses  TEXT    NOT NULL DEFAULT '{}';  -- JSON: pointer -> guess -> divergences

CREATE TABLE days (
    grp   TEXT    NOT NULL,
    day   INTEGER NOT NULL,                      -- days since 1970, UTC
    count INTEGER NOT NULL,
    PRIMARY KEY (grp, day)
) STRICT, WITHOUT ROWID;

ALTER TABLE examples ADD COLUMN likeness INTEGER NOT NULL DEFAULT 0;   -- the same of those that show the same

CREATE TABLE learnt (
    route TEXT PRIMARY KEY,
    noise TEXT NOT NULL                          -- JSON: shadow.Learnt
) STRICT, WITHOUT ROWID;
