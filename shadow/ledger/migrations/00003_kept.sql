-- +goose Up
CREATE TABLE kept (
    id       TEXT    PRIMARY KEY,                -- sorts by time
    route    TEXT    NOT NULL,
    at       INTEGER NOT NULL,                   -- microseconds since 1970
    method   TEXT    NOT NULL,
    path     TEXT    NOT NULL,                   -- with the query
    host     TEXT    NOT NULL,
    header   TEXT    NOT NULL,                   -- JSON, of the request
    served   TEXT    NOT NULL,
    request  BLOB    NOT NULL,                   -- its body, packed as both answers are: see codec.go
    legacy   BLOB,                               -- null: that side gave none
    service  BLOB,
    likeness INTEGER NOT NULL,                   -- the same of those that show the same
    imported INTEGER NOT NULL DEFAULT 0          -- somebody else recorded it
) STRICT;

CREATE INDEX kept_by_route ON kept (route, imported, id);
