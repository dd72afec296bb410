package web

import (
	"context"
	"io"
	"iter"

	"github.com/strangler-fig/toolkit/acl/ids"
)

// Registrar keeps the tables of identifiers: which of legacy's is which of the services'. Those of the
// configuration in force, that is. An unknown table is a *NotFoundError.
type Registrar interface {
	// IDTables returns the tables, by name.
	IDTables(context.Context) ([]IDTable, error)
	// FindID returns the pair that has an identifier of side's, and makes none. Errors: *ids.UnknownError,
	// *ids.InvalidError.
	FindID(ctx context.Context, table string, side ids.Side, id string) (ids.Pair, error)
	// ExportIDs yields a table's pairs, in the order of legacy's identifiers. Nothing is held while the
	// caller works; an error is the last that is yielded.
	ExportIDs(ctx context.Context, table string) (iter.Seq2[ids.Pair, error], error)
	// ImportIDs takes over the pairs of a CSV, all or none; they are on disk when it returns. Errors:
	// *ids.LineError, *ids.ConflictError, *ids.FullError, *BusyError, *UnwritableError, and those of csv.
	ImportIDs(ctx context.Context, table string, csv io.Reader) (ids.Imported, error)
}

// IDTable is a table of identifiers.
type IDTable struct {
	Name  string `json:"name"`
	File  string `json:"file"` // which may hold other tables, too
	Pairs int64  `json:"pairs"`
	Max   int64  `json:"max"` // pairs; a full table makes no more
	// How identifiers of either side are made for unknown ones of the other: "uuid", "number", or empty: they
	// aren't, and the unknown ones are refused.
	MakesService string `json:"makes_service,omitempty"`
	MakesLegacy  string `json:"makes_legacy,omitempty"`
	// UsedBy are the translators that look identifiers up in it, and "route NAME" or "facade NAME" where a
	// path's parameters do.
	UsedBy []string `json:"used_by"`
}
