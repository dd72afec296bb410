-- +goose Up
CREATE TABLE totals (
    route   TEXT    NOT NULL,
    verdict TEXT    NOT NULL,
    reason  TEXT    NOT NULL,                    -- of skipped and failed; else empty
    count   INTEGER NOT NULL,
    PRIMARY KEY (route, verdict, reason)
) STRICT, WITHOUT ROWID;

CREATE TABLE groups (
    id             TEXT    PRIMARY KEY,
    route          TEXT    NOT NULL,
    state          TEXT    NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'expected', 'fixed')),
    legacy_status  INTEGER NOT NULL,
    service_status INTEGER NOT NULL,
    causes         TEXT    NOT NULL,             -- JSON: [{"pointer", "kind"}], sorted
    count          INTEGER NOT NULL,             -- exact, for ever
    first          INTEGER NOT NULL,             -- microseconds since 1970
    last           INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX groups_by_route ON groups (route);

CREATE TABLE divergences (
    id          TEXT    PRIMARY KEY,             -- sorts by time
    grp         TEXT    NOT NULL,
    route       TEXT    NOT NULL,
    at          INTEGER NOT NULL,                -- microseconds since 1970
    method      TEXT    NOT NULL,
    path        TEXT    NOT NULL,                -- with the query
    host        TEXT    NOT NULL,
    header      TEXT    NOT NULL,                -- JSON, of the request
    served      TEXT    NOT NULL,
    differences TEXT    NOT NULL,                -- JSON, bounded
    more        INTEGER NOT NULL                 -- differences beyond those
) STRICT, WITHOUT ROWID;

CREATE INDEX divergences_by_route ON divergences (route, id);
CREATE INDEX divergences_by_group ON divergences (grp, id);

CREATE TABLE examples (
    divergence TEXT PRIMARY KEY REFERENCES divergences (id) ON DELETE CASCADE,
    grp        TEXT NOT NULL,
    request    BLOB NOT NULL,                    -- the request's body, packed as both answers are: see codec.go
    legacy     BLOB,                             -- null: that side gave none
    service    BLOB
) STRICT;

CREATE INDEX examples_by_group ON examples (grp, divergence);
