-- +goose Up
CREATE TABLE tables (
    id           INTEGER PRIMARY KEY,
    name         TEXT    NOT NULL UNIQUE CHECK (name <> ''),
    pairs        INTEGER NOT NULL DEFAULT 0, -- how many there are: counting millions takes too long
    next_legacy  INTEGER NOT NULL DEFAULT 0, -- no number below it is minted any more
    next_service INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE pairs (
    tbl     INTEGER NOT NULL REFERENCES tables (id),
    legacy  TEXT    NOT NULL CHECK (legacy <> ''),
    service TEXT    NOT NULL CHECK (service <> ''),
    PRIMARY KEY (tbl, legacy)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX pairs_by_service ON pairs (tbl, service);

-- +goose StatementBegin
CREATE TRIGGER pairs_counted AFTER INSERT ON pairs BEGIN
    UPDATE tables SET pairs = pairs + 1 WHERE id = NEW.tbl;
END;
-- +goose StatementEnd

-- INSERT OR REPLACE would delete without the trigger on deletes.
-- +goose StatementBegin
CREATE TRIGGER pairs_stay BEFORE INSERT ON pairs
WHEN EXISTS (SELECT 1 FROM pairs WHERE tbl = NEW.tbl AND (legacy = NEW.legacy OR service = NEW.service))
BEGIN
    SELECT RAISE(ABORT, 'one of the two has a counterpart already');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER pairs_not_changed BEFORE UPDATE ON pairs BEGIN
    SELECT RAISE(ABORT, 'a pair is for ever');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER pairs_not_deleted BEFORE DELETE ON pairs BEGIN
    SELECT RAISE(ABORT, 'a pair is for ever');
END;
-- +goose StatementEnd
