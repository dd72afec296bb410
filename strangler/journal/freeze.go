package journal

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// Freeze says that nobody promotes routes by itself for a while. Whether that is heeded is not the
// journal's business.
type Freeze struct {
	Until  time.Time // zero: until it is thawed
	At     time.Time
	Author Author
}

// freezing is the form that a freeze has in its entry.
type freezing struct {
	Until time.Time `json:"until,omitzero"`
}

// Frozen returns the freeze in force; nil: none. One whose time is over is still there.
func (j *Journal) Frozen() *Freeze { return j.now.Load().fold.frozen }

// Freeze freezes, or changes until when; a zero time is until Thaw.
func (j *Journal) Freeze(ctx context.Context, until time.Time, by Author) error {
	_, err := j.change(ctx, by, nil, func(d *draft) error { return d.freeze(until) })
	return err
}

func (d *draft) freeze(until time.Time) error {
	text, err := json.Marshal(freezing{until.UTC()})
	if err != nil {
		return fmt.Errorf("freeze: %w", err)
	}
	return d.add(Entry{Kind: Frozen, Steering: text})
}

// Thaw ends a freeze; where there is none it writes nothing.
func (j *Journal) Thaw(ctx context.Context, by Author) error {
	_, err := j.change(ctx, by, nil, func(d *draft) error {
		if d.fold.frozen == nil {
			return nil
		}
		return d.add(Entry{Kind: Thawed})
	})
	return err
}

// ofAll reports whether an entry is of no route, but of all.
func (e Entry) ofAll() bool { return e.Kind == Frozen || e.Kind == Thawed }

// freeze applies an entry that is of all routes.
func (f *fold) freeze(e Entry) error {
	if e.Before != nil || e.After != nil {
		return fmt.Errorf("entry %d: %s, yet something moves", e.Seq, e.Kind)
	}
	f.frozen = nil
	if e.Kind == Frozen {
		var of freezing
		if err := json.Unmarshal(e.Steering, &of); err != nil {
			return fmt.Errorf("entry %d: read until when it is frozen: %w", e.Seq, err)
		}
		f.frozen = &Freeze{Until: of.Until, At: e.At, Author: e.Author}
	}
	// It counts the entries of no route, as those of a route are counted.
	f.routes[""] = state{Standing: Standing{Version: e.Version}, removed: true}
	f.seq, f.at, f.head = e.Seq, e.At, e.Hash
	return nil
}
