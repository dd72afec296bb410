package lens

import (
	"context"
	"slices"
	"time"

	"github.com/strangler-fig/toolkit/acl/document"
)

// Table translates identifiers. It is safe for concurrent use.
type Table interface {
	// ToService returns the service's identifier for one of legacy's, and ToLegacy the other way
	// round; either may make one. An unknown one that isn't made is an error.
	ToService(ctx context.Context, id string) (string, error)
	ToLegacy(ctx context.Context, id string) (string, error)
}

// Set is what a definition may refer to. The zero value has nothing in it.
type Set struct {
	Lenses map[string]Definition // for Field.Each and Field.With; a lens may refer to itself
	Tables map[string]Table
	// Texts says of which sides the format has nothing but texts, so that a condition takes what is written
	// there for one, as it does when that is read (see document.Document.Repeats).
	Texts Sides[bool]
	Now   func() time.Time // nil: time.Now
}

// Lens is a compiled definition. It is safe for concurrent use.
type Lens struct {
	programs [2]program // by the side that is read
	now      func() time.Time
	texts    Sides[bool]
	losses   []Loss
	stock    []byte // of the lens that New returns: its own and that of those it refers to
}

// New compiles a definition and those of set that it refers to. An error is a Problems with all
// that is wrong with them.
func New(d Definition, set Set) (*Lens, error) {
	now := set.Now
	if now == nil {
		now = time.Now
	}
	c := &compiler{set: set, lenses: map[string]*Lens{}, bare: map[string][2][]string{}}
	l := c.compile("", d)
	c.circles()
	if len(c.problems) > 0 {
		return nil, c.problems
	}
	l.now, l.texts = now, set.Texts
	l.losses = c.losses
	l.stock = c.stock.text
	return l, nil
}

// ToService returns the service's document for legacy's. An error is a *document.Error, whose
// pointer is into the document that is read.
//
// A null becomes a null. Where in is missing there is nothing but what the definition writes on
// its own. In and the document that is returned are independent of one another.
func (l *Lens) ToService(ctx context.Context, in document.Value) (*document.Document, error) {
	return l.translate(ctx, legacy, in)
}

// ToLegacy is ToService the other way round.
func (l *Lens) ToLegacy(ctx context.Context, in document.Value) (*document.Document, error) {
	return l.translate(ctx, service, in)
}

// Losses returns what the definition, and those that it refers to, lose.
func (l *Lens) Losses() []Loss { return slices.Clone(l.losses) }
