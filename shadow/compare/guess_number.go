package compare

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"
)

// maxFactor is up to which power of ten one is looked for: nanoseconds against seconds are 9.
const maxFactor = 12

// guessNumbers guesses why two JSON numbers differ.
func guessNumbers(l, s string) string {
	a, b := parseDecimal([]byte(l)), parseDecimal([]byte(s))
	switch {
	case a.equal(&b):
		return "same number, written differently"
	case negated(a, b):
		return "sign"
	}
	if why := guessFactor(a, b); why != "" {
		return why
	}
	return guessRounding(l, s)
}

func negated(a, b decimal) bool {
	b.negative = !b.negative
	return a.equal(&b)
}

// guessFactor finds a power of ten that makes one number the other: cents and euros, seconds and
// milliseconds. A factor of ten is believed where there are two digits to compare: 1 and 10 may
// be anything.
func guessFactor(a, b decimal) string {
	shift := b.point - a.point
	if shift == 0 || shift < -maxFactor || shift > maxFactor || len(a.vast) > 0 || len(b.vast) > 0 {
		return ""
	}
	b.point = a.point
	if !a.equal(&b) || (shift == 1 || shift == -1) && a.end-a.first < 2 {
		return ""
	}
	if shift < 0 {
		return "by a factor of 0." + strings.Repeat("0", int(-shift-1)) + "1"
	}
	return "by a factor of 1" + strings.Repeat("0", int(shift))
}

// maxDecimals bounds the arithmetic; prices have two, floats seventeen.
const maxDecimals = 400

// guessRounding finds out whether one number is the other with fewer decimals, or nothing but the
// float64s that they were read into is the same.
func guessRounding(l, s string) string {
	a, okA := rational([]byte(l))
	b, okB := rational([]byte(s))
	n, m := decimals(l), decimals(s)
	if !okA || !okB || a.Sign()*b.Sign() < 0 || max(n, m) > maxDecimals {
		return ""
	}
	if n > m {
		a, b, n, m = b, a, m, n // a is the one with fewer
	}
	if n < m {
		unit := new(big.Rat).SetFrac(big.NewInt(1), new(big.Int).Exp(big.NewInt(10), big.NewInt(n), nil))
		apart := new(big.Rat).Sub(a, b)
		apart.Abs(apart)
		switch {
		case new(big.Rat).Add(apart, apart).Cmp(unit) <= 0:
			return "rounded to " + places(n)
		case apart.Cmp(unit) < 0 && a.Abs(a).Cmp(b.Abs(b)) < 0:
			return "cut to " + places(n)
		}
	}
	if sameFloat(a, b) {
		return "floating point: the last digits"
	}
	return ""
}

func places(decimals int64) string {
	switch decimals {
	case 0:
		return "a whole number"
	case 1:
		return "1 decimal"
	}
	return strconv.FormatInt(decimals, 10) + " decimals"
}

// sameFloat reports whether two numbers are the same to as many digits as a float64 keeps of any:
// sums that were added up in another order are, and integers over 2^53 that somebody else counts.
func sameFloat(a, b *big.Rat) bool {
	x, _ := a.Float64()
	y, _ := b.Float64()
	fraction := !a.IsInt() || !b.IsInt()
	return x == y || fraction && fmt.Sprintf("%.15g", x) == fmt.Sprintf("%.15g", y)
}

// decimals is how many digits a number is written with behind the point: 12.30 isn't 12.34 rounded.
func decimals(literal string) int64 {
	d := parseDecimal([]byte(literal))
	exponent := d.point - int64(len(d.whole)-d.first)
	return max(0, int64(len(d.fraction))-exponent)
}
