// Package sqlitedb is how this project opens, migrates, bounds and backs up SQLite, once.
//
// A database has one connection that writes and a few that only read. Pragmas stand in the data
// source name, so that every connection has them: a busy time-out first, write-ahead log,
// foreign keys, transactions that take the write lock when they begin. A file that is not ours
// is refused before SQLite gets to touch it.
package sqlitedb
