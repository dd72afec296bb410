package compare

import (
	"math/big"
	"strconv"
)

type tolerance struct {
	by       *big.Rat
	relative bool
}

// newTolerance takes the shortest decimal that is t.By: somebody wrote 0.01 and means 1/100.
func newTolerance(t Tolerance) *tolerance {
	by, _ := new(big.Rat).SetString(strconv.FormatFloat(t.By, 'g', -1, 64))
	return &tolerance{by: by, relative: t.Relative}
}

// Beyond these bounds exact arithmetic would cost more than the answer is worth, and
// numbers are within a tolerance only if they are equal.
const (
	maxRationalText  = 1000
	maxRationalScale = 1000
)

// allows reports whether two JSON numbers are within the tolerance, the bound included.
func (t *tolerance) allows(a, b []byte) bool {
	x, ok1 := rational(a)
	y, ok2 := rational(b)
	if !ok1 || !ok2 {
		return false
	}
	bound := t.by
	if t.relative {
		larger := new(big.Rat).Abs(x)
		if other := new(big.Rat).Abs(y); other.Cmp(larger) > 0 {
			larger = other
		}
		bound = larger.Mul(larger, t.by)
	}
	distance := x.Sub(x, y)
	return distance.Abs(distance).Cmp(bound) <= 0
}

func rational(literal []byte) (*big.Rat, bool) {
	d := parseDecimal(literal)
	if d.zero() {
		return new(big.Rat), true
	}
	if len(literal) > maxRationalText || len(d.vast) > 0 || d.point > maxRationalScale || d.point < -maxRationalScale {
		return nil, false
	}
	return new(big.Rat).SetString(string(literal))
}
