-- +goose Up
ALTER TABLE examples ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0;     -- when somebody took the link to it, microseconds since 1970; 0: nobody did
