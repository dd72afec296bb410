-- +goose Up
CREATE TABLE untranslated (
    route     TEXT    NOT NULL,
    direction TEXT    NOT NULL,                  -- "to service" or "to legacy"
    pointer   TEXT    NOT NULL,                  -- where, with * for indexes; empty: the message as a whole
    kind      TEXT    NOT NULL,                  -- what is wrong, without values
    count     INTEGER NOT NULL,
    first     INTEGER NOT NULL,                  -- microseconds since 1970
    last      INTEGER NOT NULL,
    example   BLOB,                              -- the last one, packed; NULL: none is kept
    PRIMARY KEY (route, direction, pointer, kind)
) STRICT;
