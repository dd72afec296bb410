-- +goose Up
CREATE TABLE series (
    step  INTEGER NOT NULL,                      -- seconds that a cell stands for: 60, 3600 or 86400
    route TEXT    NOT NULL,                      -- empty: what no route takes
    at    INTEGER NOT NULL,                      -- the cell's begin, seconds since 1970
    cell  BLOB    NOT NULL,                      -- see series_cell.go
    PRIMARY KEY (step, route, at)
) STRICT, WITHOUT ROWID;

-- What the cells of each step take, so that nobody has to look at all of them.
CREATE TABLE series_size (
    step  INTEGER PRIMARY KEY,
    bytes INTEGER NOT NULL
) STRICT;
