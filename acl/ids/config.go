package ids

import (
	"fmt"
	"math"
	"unicode/utf8"
)

// Bounds and defaults.
const (
	MaxLength    = 1 << 10    // of an identifier, in bytes
	MaxName      = 128        // of a table's name, in bytes
	DefaultMax   = 10_000_000 // pairs of a table
	DefaultCache = 10_000     // pairs of a table kept in memory, for each direction
)

// Kind says how a side's identifiers are minted.
type Kind string

// The kinds.
const (
	None   Kind = ""       // not at all: unknown ones are refused
	UUID   Kind = "uuid"   // version 7, ordered by time (RFC 9562 section 5.7)
	Number Kind = "number" // the next number, in decimal digits
)

// Mint says how a side's identifiers are made. The zero value makes none.
type Mint struct {
	Kind Kind
	// From is the first Number, 0 to 2^63-1. Numbers grow; one that is taken, by an import or since
	// somebody asked for it, is passed over, and none is used twice. There may be gaps. Raised later,
	// they go on from there; lowered, it changes nothing.
	From int64
}

// Config describes a table. Only the name is needed.
type Config struct {
	Name    string // in the file: another name is another table
	Service Mint   // how the services' identifiers are made for unknown ones of legacy's
	Legacy  Mint   // how legacy's are made for unknown ones of the services'
	Max     int64  // pairs; a full table mints no more. 0: DefaultMax
	Cache   int    // pairs kept in memory, for each direction; 0: DefaultCache
}

func (c Config) validate() error {
	if c.Name == "" || len(c.Name) > MaxName || !utf8.ValidString(c.Name) {
		return fmt.Errorf("a table's name is 1 to %d bytes of UTF-8, not %s", MaxName, quote(c.Name))
	}
	for side, m := range map[Side]Mint{Service: c.Service, Legacy: c.Legacy} {
		switch m.Kind {
		case None, UUID:
			if m.From != 0 {
				return fmt.Errorf("table %q: only numbers are made from one on, not those of %s", c.Name, side)
			}
		case Number:
			if m.From < 0 {
				return fmt.Errorf("table %q: numbers of %s can't begin at %d, but at 0 or above", c.Name, side, m.From)
			}
		default:
			return fmt.Errorf("table %q: identifiers of %s can't be made as %q, but as %q or %q", c.Name, side, m.Kind, UUID, Number)
		}
	}
	if c.Max < 0 || c.Cache < 0 {
		return fmt.Errorf("table %q: max %d and cache %d can't be below 0", c.Name, c.Max, c.Cache)
	}
	if c.Cache > math.MaxInt32 {
		return fmt.Errorf("table %q: a cache of %d pairs is more than %d", c.Name, c.Cache, math.MaxInt32)
	}
	return nil
}

// Side says whose identifier one is.
type Side string

// The sides.
const (
	Service Side = "the service"
	Legacy  Side = "legacy"
)

// column returns the side's column in the file; other the other's.
func (s Side) column() string {
	if s == Legacy {
		return "legacy"
	}
	return "service"
}

func (s Side) other() Side {
	if s == Legacy {
		return Service
	}
	return Legacy
}
