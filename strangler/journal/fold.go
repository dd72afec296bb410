package journal

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/strangler-fig/toolkit/strangler"
)

// fold is what the entries up to one of them amount to. Once published it is never written to;
// a change works on a clone.
type fold struct {
	routes map[string]state // also removed ones, for their versions
	seq    int64            // of the last entry
	at     time.Time        // of the last entry
	head   Hash             // of the last entry
	frozen *Freeze          // nil: nothing is
}

// state is what is known of one name.
type state struct {
	Standing
	removed bool
	newest  *step // the move that undo takes back; nil: none
}

// step is one move that undo can take back. The steps of a route are a list from the newest
// to the oldest, shared between the clones of a fold as nobody writes to them.
type step struct {
	change int64
	before strangler.Position
	older  *step
}

func (f *fold) clone() *fold {
	return &fold{maps.Clone(f.routes), f.seq, f.at, f.head, f.frozen}
}

// table returns the routes that exist.
func (f *fold) table() map[string]Standing {
	table := make(map[string]Standing, len(f.routes))
	for name, s := range f.routes {
		if !s.removed {
			table[name] = s.Standing
		}
	}
	return table
}

// route returns the state of a route that exists, or *strangler.UnknownRouteError.
func (f *fold) route(name string) (state, error) {
	s, known := f.routes[name]
	if !known || s.removed {
		return state{}, f.unknown(name)
	}
	return s, nil
}

// apply adds the next entry, which must follow from those before it: the journal is read back
// through here, and one that makes no sense must not become a routing table.
func (f *fold) apply(e Entry) error {
	s, known := f.routes[e.Route]
	exists := known && !s.removed
	switch {
	case e.Seq <= f.seq || e.At.Before(f.at):
		return fmt.Errorf("entry %d doesn't follow entry %d", e.Seq, f.seq)
	case e.Version != s.Version+1:
		return fmt.Errorf("entry %d: version %d of route %q follows version %d", e.Seq, e.Version, e.Route, s.Version)
	case e.ofAll() != (e.Route == ""):
		return fmt.Errorf("entry %d: %s, of route %q", e.Seq, e.Kind, e.Route)
	case e.ofAll():
		return f.freeze(e)
	case (e.Kind == Seen) == exists:
		return fmt.Errorf("entry %d: route %q can't be %s here", e.Seq, e.Route, e.Kind)
	case e.Kind != Seen && (e.Before == nil || *e.Before != s.Position):
		return fmt.Errorf("entry %d: route %q did not stand there before", e.Seq, e.Route)
	case (e.After == nil) != (e.Kind == Removed):
		return fmt.Errorf("entry %d: %s, yet it stands somewhere or nowhere", e.Seq, e.Kind)
	}

	s.Version = e.Version
	switch e.Kind {
	case Seen:
		s = state{Standing: Standing{Route: e.Route, Unit: e.Unit, Version: e.Version, First: e.Seq, Definition: e.Definition}}
		s.stand(e)
	case Changed:
		s.Unit, s.Definition = e.Unit, e.Definition
	case Moved:
		switch {
		case e.Undoes == 0:
			s.newest = &step{e.Change, s.Position, s.newest}
		case s.newest == nil && e.Unit != "":
			// It joined its unit after that change, and comes along: there is nothing of its own to take back.
		default:
			if s.newest == nil || s.newest.change != e.Undoes || s.newest.before != *e.After {
				return fmt.Errorf("entry %d: change %d is not the newest step of route %q", e.Seq, e.Undoes, e.Route)
			}
			s.newest = s.newest.older
		}
		s.stand(e)
	case Ruled:
		if *e.After != s.Position || e.Rules == nil {
			return fmt.Errorf("entry %d: rules of route %q that move it, or none", e.Seq, e.Route)
		}
		s.Rules = e.Rules
	case Steered:
		if *e.After != s.Position || e.Steering == nil {
			return fmt.Errorf("entry %d: a steering of route %q that moves it, or none", e.Seq, e.Route)
		}
		s.Steering = e.Steering
	case Removed:
		s = state{Standing: Standing{Route: e.Route, Version: e.Version}, removed: true}
	default:
		return fmt.Errorf("entry %d: no kind %q", e.Seq, e.Kind)
	}
	f.routes[e.Route] = s
	f.seq, f.at, f.head = e.Seq, e.At, e.Hash
	return nil
}

// stand puts the route where e puts it.
func (s *state) stand(e Entry) {
	s.Position, s.Since = *e.After, e.At
	s.Actor, s.Verified, s.Reason = e.Actor, e.Verified, e.Reason
}

func (f *fold) unknown(name string) error {
	names := slices.Sorted(maps.Keys(f.table()))
	return &strangler.UnknownRouteError{Name: name, Near: strangler.Nearest(name, names)}
}
