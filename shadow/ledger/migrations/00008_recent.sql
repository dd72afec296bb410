-- +goose Up
CREATE TABLE recent (
    grp   TEXT    NOT NULL,
    ten   INTEGER NOT NULL,                      -- tens of minutes since 1970
    count INTEGER NOT NULL,
    PRIMARY KEY (grp, ten)
) STRICT, WITHOUT ROWID;
