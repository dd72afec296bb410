-- Every entry carries a hash over the entry before it and itself. The table is made anew, as for
-- rules, and chain_migrate.go fills it in between, since SQLite knows no SHA-256.
CREATE TABLE entries_chained (
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
    undoes        INTEGER REFERENCES entries_chained (seq), -- the change that this move takes back
    rules         TEXT,                          -- canonical JSON, of ruled: all that the route has from then on
    steering      TEXT,                          -- canonical JSON, of steered and frozen
    hash          BLOB    NOT NULL,              -- SHA-256, package doc says over what
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
    CHECK (length(hash) = 32),
    UNIQUE (route, version)
) STRICT;
