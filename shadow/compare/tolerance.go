package compare

import (
	"fmt"
	"math/big"
	"regexp"
	"strconv"
	"strings"
)

// ParseTolerance reads a number, such as 0.01, or a percentage, such as 1%.
func ParseTolerance(s string) (Tolerance, error) {
	number, relative := strings.CutSuffix(s, "%")
	by, err := strconv.ParseFloat(number, 64)
	switch {
	case err != nil || !plainNumber.MatchString(number) || by > 1e300:
		return Tolerance{}, fmt.Errorf("%q is no tolerance; write a number such as 0.01, or a percentage such as 1%%", s)
	case by < 0:
		return Tolerance{}, fmt.Errorf("%q is less than 0; a tolerance holds in both directions", s)
	case relative:
		return Tolerance{By: hundredth(by), Relative: true}, nil
	}
	return Tolerance{By: by}, nil
}

var plainNumber = regexp.MustCompile(`^-?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$`)

// hundredth returns the number that is written two decimals lower. A division is not always:
// 0.7/100 is a little less than 0.007.
func hundredth(f float64) float64 {
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(f, 'e', -1, 64), "e")
	n, _ := strconv.Atoi(exponent)
	shifted, _ := strconv.ParseFloat(mantissa+"e"+strconv.Itoa(n-2), 64)
	return shifted
}

// String writes the tolerance as ParseTolerance reads it.
func (t Tolerance) String() string {
	if !t.Relative {
		return strconv.FormatFloat(t.By, 'g', -1, 64)
	}
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(t.By, 'e', -1, 64), "e")
	n, _ := strconv.Atoi(exponent)
	percent, _ := strconv.ParseFloat(mantissa+"e"+strconv.Itoa(n+2), 64)
	return strconv.FormatFloat(percent, 'g', -1, 64) + "%"
}

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
