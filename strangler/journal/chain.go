package journal

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"strconv"
)

// Hash is an entry's: over itself and the hash of the entry before it, so that it stands for all
// entries up to there. The zero value is the one before the first entry.
type Hash [sha256.Size]byte

// String returns it in 64 hexadecimal digits.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// ParseHash reads what String writes, in small or capital letters.
func ParseHash(text string) (h Hash, err error) {
	if len(text) != hex.EncodedLen(len(h)) {
		return Hash{}, fmt.Errorf("read hash of an entry: it has %d characters, and 64 hexadecimal digits are wanted", len(text))
	}
	if _, err := hex.Decode(h[:], []byte(text)); err != nil {
		return Hash{}, fmt.Errorf("read hash of an entry: %w", err)
	}
	return h, nil
}

// hashed are the columns that an entry's hash is over, in their order.
const (
	hashed = `seq, change, at, kind, how, route, unit, version,
	before_phase, before_weight, after_phase, after_weight,
	actor, verified, reason, definition, undoes, rules, steering`
	hashedColumns = 19
)

// then returns the hash of the entry with these columns, which follows the one that h is of.
func (h Hash) then(columns []any) (next Hash) {
	sum := sha256.New()
	sum.Write(h[:])
	for _, value := range columns {
		column(sum, value)
	}
	sum.Sum(next[:0])
	return next
}

// column writes a column's value in the form that package doc tells. It has to stay as it is, or
// every chain there is would be broken.
func column(sum hash.Hash, value any) {
	var text string
	switch v := value.(type) {
	case nil:
		text = "-"
	case int64:
		text = "i" + strconv.FormatInt(v, 10)
	case bool: // SQLite has none
		text = "i0"
		if v {
			text = "i1"
		}
	case string:
		text = "t" + strconv.Itoa(len(v)) + ":" + v
	default: // of no column; it must not pass for one that is
		text = fmt.Sprintf("?%T", v)
	}
	sum.Write([]byte(text + ";"))
}
