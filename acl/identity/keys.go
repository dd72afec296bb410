package identity

import (
	"errors"
	"io/fs"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// keys are the keys of a Bridge over time. Each signs from a moment that is known long before, until the
// next does; the next is made, kept and published when its predecessor begins to sign. So nobody ever waits
// for a key, services know each before they see it in a token, and processes that share a file change
// over at the same moment without asking one another.
type keys struct {
	c       JWT
	log     *slog.Logger
	now     atomic.Pointer[keyRing]
	tending atomic.Bool // ring has somebody look after them
	turn    sync.Mutex  // of who looks after them
	running sync.WaitGroup
}

const keyError = "error" // in log lines

// keyRing is keys in the order in which they sign. It never changes.
type keyRing struct {
	all  []*key
	read time.Time // when it was
	next time.Time // when it has to be looked after; zero: never
}

// lead is how long a key is published before it signs, at least.
func (c JWT) lead() time.Duration { return min(c.Rotate/2, 24*time.Hour) }

// maxAge is how long who fetched the key set may go on with it: less than lead, so that he sees each key
// in time.
func (c JWT) maxAge() time.Duration {
	if c.Key != "" {
		return 5 * time.Minute
	}
	return min(c.lead()/4, time.Hour)
}

// openKeys reads the keys, and makes the first ones.
func openKeys(c JWT, log *slog.Logger) (*keys, error) {
	k := &keys{c: c, log: log}
	if c.Key != "" {
		all, err := readPEM(c.Key)
		if err != nil {
			return nil, err
		}
		if c.Algorithm != "" && all[0].alg != c.Algorithm {
			return nil, errors.New("the first key in " + c.Key + " is one for " + string(all[0].alg) + ", not for " + string(c.Algorithm))
		}
		k.now.Store(&keyRing{all: all})
		return k, nil
	}
	if err := k.tend(); err != nil {
		return nil, err
	}
	return k, nil
}

// ring returns the keys as they are, and has them looked after where that is due.
func (k *keys) ring(now time.Time) *keyRing {
	ring := k.now.Load()
	if !ring.next.IsZero() && !now.Before(ring.next) && k.tending.CompareAndSwap(false, true) {
		k.running.Go(func() {
			defer k.tending.Store(false)
			k.turn.Lock()
			defer k.turn.Unlock()
			if err := k.tend(); err != nil {
				k.failed(err)
			}
		})
	}
	return ring
}

// reread is how old a reading has to be for a key that is not in it to be worth another.
const reread = 10 * time.Second

// find returns the key of that id among those that are published. Where there is none, the file may have
// been written by another process since it was read.
func (k *keys) find(id string, now time.Time) *key {
	for again := false; ; again = true {
		ring := k.now.Load()
		for _, one := range ring.published(k.c, now) {
			if one.id == id {
				return one
			}
		}
		if again || ring.next.IsZero() || now.Sub(ring.read) < reread {
			return nil
		}
		k.turn.Lock()
		if k.now.Load() == ring { // nobody else has meanwhile
			if err := k.tend(); err != nil {
				k.failed(err)
			}
		}
		k.turn.Unlock()
	}
}

// failed puts off what could not be done. Requests go on with the keys that there are, so none is told.
func (k *keys) failed(err error) {
	k.log.Error("signing keys are not looked after; the present ones go on signing", keyError, err)
	now := time.Now()
	k.now.Store(&keyRing{k.now.Load().all, now, now.Add(time.Minute)})
}

// tend brings the file up to date: it is read anew, as another process may have written it, keys that
// nobody needs any more are dropped, and the next one is made. k.turn is held, but by openKeys.
func (k *keys) tend() error {
	for {
		all, err := readStore(k.c.Store)
		if err != nil {
			return err
		}
		now := time.Now()
		planned, changed, err := k.plan(all, now)
		if err != nil {
			return err
		}
		if changed {
			err := writeStore(k.c.Store, planned, len(all) == 0)
			if errors.Is(err, fs.ErrExist) {
				continue // another process was faster: its keys are ours
			} else if err != nil {
				return err
			}
		}
		ring := &keyRing{planned, now, now.Add(k.c.maxAge())} // sees what others write before it signs
		if next := planned[len(planned)-1].from; next.Before(ring.next) {
			ring.next = next
		}
		k.now.Store(ring)
		return nil
	}
}

// plan returns the keys that are to be, from those that are.
func (k *keys) plan(all []*key, now time.Time) (planned []*key, changed bool, err error) {
	before := len(all)
	planned = slices.Clone(all)
	// Those of another algorithm that have yet to begin never do, and old ones end.
	planned = slices.DeleteFunc(planned, func(one *key) bool { return one.from.After(now) && one.alg != k.c.Algorithm })
	for len(planned) > 1 && !now.Before(planned[1].from.Add(k.c.Expires+k.c.Leeway)) {
		planned = planned[1:]
	}
	changed = len(planned) != before
	add := func(from time.Time) error {
		private, err := generate(k.c.Algorithm)
		if err != nil {
			return err
		}
		one, err := newKey(private, from)
		if err != nil {
			return err
		}
		planned, changed = append(planned, one), true
		return nil
	}
	signing := (&keyRing{all: planned}).signing(now)
	if signing == nil || signing.alg != k.c.Algorithm {
		planned = slices.DeleteFunc(planned, func(one *key) bool { return one.from.After(now) })
		if err := add(now.Truncate(time.Second)); err != nil {
			return nil, false, err
		}
		signing = planned[len(planned)-1]
	}
	// Its successor begins when its time is up, but not before everybody can have heard of it.
	from := signing.from.Add(k.c.Rotate).Truncate(time.Second)
	if soonest := now.Add(k.c.lead()).Truncate(time.Second); from.Before(soonest) {
		from = soonest
	}
	switch last := planned[len(planned)-1]; {
	case !last.from.After(now):
		err = add(from)
	case last.from.After(from): // rotate is shorter than it was when that was planned
		moved := *last
		moved.from = from
		planned, changed = append(slices.Clone(planned[:len(planned)-1]), &moved), true
	}
	return planned, changed, err
}

// signing returns the key that signs: the last that has begun, or the first where the clock was set back.
func (r *keyRing) signing(now time.Time) *key {
	if len(r.all) == 0 {
		return nil
	}
	signs := r.all[0]
	if signs.from.IsZero() {
		return signs // of a PEM file
	}
	for _, one := range r.all[1:] {
		if !one.from.After(now) {
			signs = one
		}
	}
	return signs
}

// published returns the keys that services may see in a token, now or soon: all but those whose last
// token has expired.
func (r *keyRing) published(c JWT, now time.Time) []*key {
	all := r.all
	for len(all) > 1 && !all[1].from.IsZero() && !now.Before(all[1].from.Add(c.Expires+c.Leeway)) {
		all = all[1:]
	}
	return all
}
