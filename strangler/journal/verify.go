package journal

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/strangler-fig/toolkit/internal/sqlitedb"
)

// What may be wrong with an entry.
const (
	EntryChanged  = "changed"  // it, or its hash, isn't what was written
	EntryMissing  = "missing"  // it was written, and isn't there
	EntryInserted = "inserted" // it is there, and the journal never wrote it
	// EntryUnreadable is where the file is damaged: nobody meant it, or knew how.
	EntryUnreadable = "unreadable"
)

// Proof is what Verify found.
type Proof struct {
	// Entries is how many entries follow from one another, from the first on; Head is the hash of
	// the last of them, Seq and At are its others. Zero where there is none.
	Entries int64
	Head    Hash
	Seq     int64
	At      time.Time
	Break   *Break // the first entry that doesn't fit; nil: all do
	Known   int64  // the Seq of the entry that has the hash which was asked for; 0: none of those that follow
}

// Break is an entry that doesn't fit.
type Break struct {
	Seq  int64
	What string // EntryChanged, EntryMissing, EntryInserted or EntryUnreadable, as far as it can be told
	Why  string // in a sentence
}

// Verify computes the chain of hashes anew from what is in the file and compares it with the hashes
// that entries carry, and with the last entry that this process knows of. Where known isn't zero it
// says which entry has that hash: none, where the file was cut before it, or written anew.
//
// The hashes are no signatures: whoever can write the file can write a whole chain anew. What shows
// that is a head that was kept elsewhere.
//
// It reads one entry at a time, and holds up nobody. The error says that the file can't be read now.
func (j *Journal) Verify(ctx context.Context, known Hash) (Proof, error) {
	own := j.now.Load().fold // before the file is read: what comes later isn't wrong
	proof, err := j.verify(ctx, own, known)
	if sqlitedb.Damaged(err) {
		proof.Break = &Break{proof.Seq + 1, EntryUnreadable, fmt.Sprintf("what stands behind entry %d can't be read, the file is damaged: %v; restore it from a backup", proof.Seq, err)}
		return proof, nil
	}
	if err != nil {
		return Proof{}, fmt.Errorf("verify journal: %w", err)
	}
	return proof, nil
}

func (j *Journal) verify(ctx context.Context, own *fold, known Hash) (p Proof, err error) {
	rows, err := j.db.Reader().QueryContext(ctx, "SELECT "+hashed+", hash FROM entries ORDER BY seq")
	if err != nil {
		return p, err
	}
	defer rows.Close()
	for rows.Next() {
		e, err := readLink(rows)
		if err != nil {
			return p, err
		}
		if why := e.misfit(p, own); why != nil {
			p.Break = why
			if why.What == EntryChanged {
				if err := e.classify(why, p.Head, rows); err != nil {
					return p, err
				}
			}
			return p, nil
		}
		p.Entries, p.Head, p.Seq, p.At = p.Entries+1, e.hash, e.seq(), time.UnixMicro(e.at()).UTC()
		if e.hash == known && known != (Hash{}) {
			p.Known = p.Seq
		}
	}
	if p.Seq < own.seq && rows.Err() == nil {
		p.Break = &Break{p.Seq + 1, EntryMissing, fmt.Sprintf("the running proxy wrote %d entries, and the file ends after entry %d", own.seq, p.Seq)}
	}
	return p, rows.Err()
}

// link is an entry as it is in the file.
type link struct {
	values []any // in the order of the chain
	hash   Hash
}

func readLink(rows *sql.Rows) (link, error) {
	values, err := raw(rows, hashedColumns+1)
	if err != nil {
		return link{}, err
	}
	e := link{values: values[:hashedColumns]}
	if text, ok := values[hashedColumns].([]byte); ok {
		copy(e.hash[:], text)
	}
	return e, nil
}

func (e link) seq() int64 { return integer(e.values[0]) }
func (e link) at() int64  { return integer(e.values[2]) }

// misfit says why e doesn't follow what was proven so far; nil: it does.
func (e link) misfit(p Proof, own *fold) *Break {
	seq := e.seq()
	switch {
	case seq > p.Seq+2:
		return &Break{p.Seq + 1, EntryMissing, fmt.Sprintf("entries %d to %d are not there", p.Seq+1, seq-1)}
	case seq == p.Seq+2:
		return &Break{p.Seq + 1, EntryMissing, fmt.Sprintf("entry %d is not there", p.Seq+1)}
	case seq != p.Seq+1: // below 1: seq is the table's key, and sorted by
		return &Break{seq, EntryInserted, fmt.Sprintf("entry %d can't be: they are numbered from 1 on", seq)}
	case p.Head.then(e.values) != e.hash:
		return &Break{seq, EntryChanged, fmt.Sprintf("entry %d, or its hash, isn't what was written; or an entry before it is gone and the rest was numbered anew", seq)}
	case seq == own.seq && e.hash != own.head:
		return &Break{seq, EntryChanged, fmt.Sprintf("entry %d isn't the one that the running proxy wrote: the chain was written anew", seq)}
	}
	return nil
}

// classify says more of an entry whose hash doesn't fit, by the entry behind it.
func (e link) classify(b *Break, before Hash, rows *sql.Rows) error {
	if b.Seq != e.seq() || !rows.Next() {
		return rows.Err()
	}
	next, err := readLink(rows)
	if err != nil {
		return err
	}
	if e.hash.then(next.values) == next.hash {
		b.Why = fmt.Sprintf("entry %d isn't what was written: what stands there has another hash than it carries", b.Seq)
		return nil
	}
	// Would the one behind it fit where this one stands?
	renumbered := slices.Clone(next.values)
	renumbered[0] = next.seq() - 1
	for _, change := range []int64{integer(next.values[1]), integer(next.values[1]) - 1} {
		renumbered[1] = change
		if before.then(renumbered) == next.hash {
			b.What, b.Why = EntryInserted, fmt.Sprintf("entry %d was never written: the one behind it was entry %d", b.Seq, b.Seq)
			return nil
		}
	}
	return nil
}

// raw reads a row as it is, without looking at what it means.
func raw(rows *sql.Rows, n int) ([]any, error) {
	values, into := make([]any, n), make([]any, n)
	for i := range values {
		into[i] = &values[i]
	}
	if err := rows.Scan(into...); err != nil {
		return nil, err
	}
	for i, v := range values {
		if text, ok := v.([]byte); ok && i < hashedColumns { // no column but the hash is a blob
			values[i] = string(bytes.Clone(text))
		}
	}
	return values, nil
}

func integer(v any) int64 {
	n, _ := v.(int64)
	return n
}
