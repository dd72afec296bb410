DROP TABLE entries;
ALTER TABLE entries_chained RENAME TO entries;

CREATE INDEX entries_by_route ON entries (route, seq);
CREATE INDEX entries_by_time ON entries (at);

CREATE TRIGGER entries_no_update BEFORE UPDATE ON entries
BEGIN
    SELECT RAISE(ABORT, 'the journal is append-only: entries are never changed');
END;

CREATE TRIGGER entries_no_delete BEFORE DELETE ON entries
BEGIN
    SELECT RAISE(ABORT, 'the journal is append-only: entries are never deleted');
END;

-- INSERT OR REPLACE deletes without asking the trigger above, but only after this one.
CREATE TRIGGER entries_only_append BEFORE INSERT ON entries
BEGIN
    SELECT RAISE(ABORT, 'the journal is append-only: entries follow one another')
    WHERE NEW.seq <= (SELECT max(seq) FROM entries)
       OR NEW.at < (SELECT at FROM entries ORDER BY seq DESC LIMIT 1)
       OR NEW.version <> 1 + (SELECT coalesce(max(version), 0) FROM entries WHERE route = NEW.route);
END;
