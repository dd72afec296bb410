-- What walks a route through its steps is steered, and all of it is frozen: the latter is of no
-- route. The table is made anew, as for rules.
-- +goose Up
CREATE TABLE entries_with_steering (
    seq           INTEGER PRIMARY KEY,
    change        INTEGER NOT NULL,              -- the seq of its first entry; one transaction's entries share it
    at            INTEGER NOT NULL,              -- microseconds since 1970, UTC; never less than the entry's before
    kind          TEXT    NOT NULL CHECK (kind IN ('seen', 'changed', 'moved', 'ruled', 'steered', 'removed', 'frozen', 'thawed')),
    how           TEXT    NOT NULL,              -- how a move came about; else empty
    route         TEXT    NOT NULL,              -- empty: of all
    unit          TEXT    NOT NULL,              -- at that time; empty: none
    version       INTEGER NOT NULL,              -- of the route: 1, 2, 3 …
    before_phase  TEXT,                          -- null: seen, and of all
    before_weight INTEGER,                       -- hundredths of a percent
    after_phase   TEXT,                          -- null: removed, and of all
    after_weight  INTEGER,
    actor         TEXT    NOT NULL CHECK (actor <> ''),
    verified      INTEGER NOT NULL CHECK (verified IN (0, 1)),
    reason        TEXT    NOT NULL,
    definition    TEXT,                          -- canonical JSON, of seen and changed
    undoes        INTEGER REFERENCES entries_with_steering (seq), -- the change that this move takes back
    rules         TEXT,                          -- canonical JSON, of ruled: all that the route has from then on
    steering      TEXT,                          -- canonical JSON, of steered and frozen
    CHECK ((kind IN ('frozen', 'thawed')) = (route = '')),
    CHECK ((kind IN ('seen', 'changed')) = (definition IS NOT NULL)),
    CHECK ((kind IN ('seen', 'frozen', 'thawed')) = (before_phase IS NULL)),
    CHECK ((kind IN ('removed', 'frozen', 'thawed')) = (after_phase IS NULL)),
    CHECK ((before_phase IS NULL) = (before_weight IS NULL)),
    CHECK ((after_phase IS NULL) = (after_weight IS NULL)),
    CHECK ((kind = 'moved') = (how <> '')),
    CHECK ((kind = 'ruled') = (rules IS NOT NULL)),
    CHECK ((kind IN ('steered', 'frozen')) = (steering IS NOT NULL)),
    CHECK (change <= seq),
    UNIQUE (route, version)
) STRICT;

INSERT INTO entries_with_steering SELECT *, NULL FROM entries;
DROP TABLE entries;
ALTER TABLE entries_with_steering RENAME TO entries;

CREATE INDEX entries_by_route ON entries (route, seq);
CREATE INDEX entries_by_time ON entries (at);

-- +goose StatementBegin
CREATE TRIGGER entries_no_update BEFORE UPDATE ON entries
BEGIN
    SELECT RAISE(ABORT, 'the journal is append-only: entries are never changed');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER entries_no_delete BEFORE DELETE ON entries
BEGIN
    SELECT RAISE(ABORT, 'the journal is append-only: entries are never deleted');
END;
-- +goose StatementEnd

-- INSERT OR REPLACE deletes without asking the trigger above, but only after this one.
-- +goose StatementBegin
CREATE TRIGGER entries_only_append BEFORE INSERT ON entries
BEGIN
    SELECT RAISE(ABORT, 'the journal is append-only: entries follow one another')
    WHERE NEW.seq <= (SELECT max(seq) FROM entries)
       OR NEW.at < (SELECT at FROM entries ORDER BY seq DESC LIMIT 1)
       OR NEW.version <> 1 + (SELECT coalesce(max(version), 0) FROM entries WHERE route = NEW.route);
END;
-- +goose StatementEnd
