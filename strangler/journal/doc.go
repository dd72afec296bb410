// Package journal keeps the history of routes, append-only in SQLite; what stands now and what
// stood then are both folds of it.
package journal
