package ledger

import (
	"context"
	"math/bits"

	"github.com/cespare/xxhash/v2"
	"github.com/strangler-fig/toolkit/shadow"
)

// example keeps both answers of a divergence, in the place of another where there are enough. The
// first quarter stay. Of the others, and of this one, that goes which has the most of its like,
// the oldest of them, so that what is seldom stays: large answers among small ones, a null among
// numbers.
func (b *batchTx) example(ctx context.Context, group string, c shadow.Comparison) error {
	like := likeness(c)
	// More than one goes where Config.Examples was larger before.
	if _, err := b.tx.ExecContext(ctx, `DELETE FROM examples WHERE divergence IN (
			SELECT divergence FROM (
				SELECT divergence, count(*) OVER (PARTITION BY likeness) + (likeness = ?4) AS alike
				FROM examples WHERE grp = ?1 ORDER BY divergence LIMIT -1 OFFSET ?2)
			ORDER BY alike DESC, divergence
			LIMIT max(0, 1 + (SELECT count(*) FROM examples WHERE grp = ?1) - ?3))`,
		group, b.w.cfg.Examples/4, b.w.cfg.Examples, like); err != nil {
		return err
	}
	packed, err := b.w.pack(c)
	if err != nil {
		return err
	}
	_, err = b.tx.ExecContext(ctx, `INSERT OR IGNORE INTO examples (divergence, grp, request, legacy, service, likeness) VALUES (?, ?, ?, ?, ?, ?)`,
		c.ID, group, packed[0], packed[1], packed[2], like)
	return err
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
