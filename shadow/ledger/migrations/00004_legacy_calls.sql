-- +goose Up
CREATE TABLE watched (
    route TEXT    PRIMARY KEY,
    match TEXT    NOT NULL,                      -- which requests are the route's; with others the watch begins anew
    since INTEGER NOT NULL                       -- calls to legacy are on record from then on, microseconds since 1970
) STRICT, WITHOUT ROWID;

CREATE TABLE legacy_calls (
    route TEXT    NOT NULL,
    why   TEXT    NOT NULL,                      -- why legacy was asked: see LegacyCall
    addr  TEXT    NOT NULL,                      -- who called; empty with an empty agent: not told
    agent TEXT    NOT NULL,
    first INTEGER NOT NULL,                      -- microseconds since 1970
    last  INTEGER NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (route, why, addr, agent)
) STRICT, WITHOUT ROWID;
