package strangler

import (
	"errors"
	"net/http"
)

// Table says for each request which route it belongs to and which side answers it. It is
// immutable and safe for concurrent use: a change is another table.
type Table struct {
	cfg Config
}

// entry is a route in a table: where it stands and the chain towards each side.
type entry struct {
	route    Route
	position Position
	legacy   http.Handler
	service  http.Handler // nil where the route has none
}

// NewTable makes a table. The error joins all problems there are.
func NewTable(cfg Config) (*Table, error) { return nil, errors.New("to come") }

// With returns the table with other positions for the routes named; the others stay.
func (t *Table) With(positions map[string]Position) (*Table, error) { return nil, errors.New("to come") }

// Routes returns the definitions, in the order of the configuration.
func (t *Table) Routes() []Route { return nil }

// Position returns where a route stands, and whether there is such a route.
func (t *Table) Position(name string) (Position, bool) { return Position{}, false }

// match returns the entry of the route that a request belongs to; nil: the catch-all's.
func (t *Table) match(r *http.Request) *entry { return nil }

// catchAll is the chain of what no route holds: legacy.
func (t *Table) catchAll() http.Handler { return nil }
