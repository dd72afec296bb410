package ledger

import (
	"context"
	"math/bits"
	"slices"
	"strings"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/strangler-fig/toolkit/shadow"
)

// turnover is how long an example is kept at least, where there are many more: who looks at one has time to
// take the link to it, or to go on to the next.
const turnover = 10 * time.Minute

// examples keeps both answers of a group's latest divergences, in the place of others where there are enough (see
// displace). One that is no rarer than what would go comes only when that has stayed for turnover. Those that are
// pinned stay, and are none of that number.
func (b *batchTx) examples(ctx context.Context, group string, latest []shadow.Comparison) error {
	kept, err := b.kept(ctx, `SELECT e.divergence, e.likeness, d.at FROM examples e JOIN divergences d ON d.id = e.divergence
		WHERE e.grp = ? AND e.pinned = 0 ORDER BY e.divergence`, group)
	if err != nil {
		return err
	}
	most := b.w.cfg.Examples
	fresh := map[string]shadow.Comparison{}
	for _, c := range latest {
		one := specimen{c.ID, likeness(c), c.At.UnixMicro()}
		left, gone := displace(kept, one, most)
		if len(kept) == most && !due(kept, one, gone[0], most) {
			continue
		}
		kept = left
		for _, s := range gone {
			if _, unwritten := fresh[s.id]; unwritten {
				delete(fresh, s.id)
			} else if err := b.exec(ctx, `DELETE FROM examples WHERE divergence = ?`, s.id); err != nil {
				return err
			}
		}
		fresh[c.ID] = c
	}
	for _, c := range fresh {
		packed, err := b.w.pack(c)
		if err != nil {
			return err
		}
		if err := b.exec(ctx, `INSERT OR IGNORE INTO examples (divergence, grp, request, legacy, service, likeness) VALUES (?, ?, ?, ?, ?, ?)`,
			c.ID, group, packed[0], packed[1], packed[2], likeness(c)); err != nil {
			return err
		}
	}
	return nil
}

// specimen is an exchange of which both answers are kept.
type specimen struct {
	id   string // sorts by time
	like int64  // its likeness
	at   int64  // microseconds since 1970
}

// due reports whether one may come for another: it is rarer, or the other has stayed long enough, and they don't all
// go at once that came at once.
func due(kept []specimen, one, goes specimen, most int) bool {
	alike, newest := likes(kept), int64(0)
	for _, s := range kept {
		newest = max(newest, s.at)
	}
	if alike[goes.like] > alike[one.like]+1 {
		return true
	}
	apart := turnover / time.Duration(most-most/4)
	return one.at >= goes.at+turnover.Microseconds() && one.at >= newest+apart.Microseconds()
}

// likes is how many there are of each likeness.
func likes(kept []specimen) map[int64]int {
	alike := map[int64]int{}
	for _, s := range kept {
		alike[s.like]++
	}
	return alike
}

// kept returns what a query with those three columns finds.
func (b *batchTx) kept(ctx context.Context, query string, args ...any) (all []specimen, err error) {
	rows, err := b.tx.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var s specimen
		if err := rows.Scan(&s.id, &s.like, &s.at); err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, rows.Err()
}

// displace adds one to those that are kept, the oldest first, and returns also which of them go for it so that there
// are at most so many. The first quarter stay. Of the others, and of the new one, that goes which has the most of its
// like, the oldest of them, so that what is seldom stays: large answers among small ones, a null among
// numbers. More than one goes where more were kept before, or some are no longer pinned.
func displace(kept []specimen, fresh specimen, most int) (left, gone []specimen) {
	alike := likes(kept)
	alike[fresh.like]++
	first := min(most/4, len(kept))
	candidates := slices.Clone(kept[first:])
	slices.SortStableFunc(candidates, func(a, b specimen) int { return alike[b.like] - alike[a.like] })
	gone = candidates[:min(max(0, len(kept)+1-most), len(candidates))]
	left = slices.DeleteFunc(slices.Clone(kept), func(s specimen) bool { return slices.Contains(gone, s) })
	at, _ := slices.BinarySearchFunc(left, fresh.id, func(s specimen, id string) int { return strings.Compare(s.id, id) })
	return slices.Insert(left, at, fresh), gone
}

// likeness is the same of divergences that show the same: of the same method, about the same
// sizes, and first values of the same type and about the same length.
func likeness(c shadow.Comparison) int64 {
	features := []byte(c.Request.Method)
	for _, a := range []*shadow.Answer{c.Legacy, c.Service} {
		size := int64(0)
		if a != nil {
			size = a.Size
		}
		features = append(features, 0, byte(bits.Len64(uint64(size))))
	}
	for _, d := range c.Differences[:min(1, len(c.Differences))] {
		for _, value := range [][]byte{d.Legacy, d.Service} {
			features = append(features, typeOf(value), byte(len(value)))
		}
	}
	return int64(xxhash.Sum64(features))
}

// typeOf returns a byte that values of one JSON type share.
func typeOf(value []byte) byte {
	if len(value) == 0 {
		return 0
	}
	switch first := value[0]; {
	case first == '-', '0' <= first && first <= '9':
		return '0'
	case first == 'f':
		return 't'
	default:
		return first
	}
}

// packed returns an answer as examples keep it; nil for none.
func (l *Ledger) packed(a *shadow.Answer) ([]byte, error) {
	if a == nil {
		return nil, nil
	}
	head := *a
	head.Body = nil
	return l.codec.encode(head, a.Body)
}
