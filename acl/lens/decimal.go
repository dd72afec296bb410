package lens

import (
	"bytes"
	"errors"
	"fmt"
)

// maxExponent bounds how far an exponent moves the point, and so how many zeros a number that is
// written without one can have.
const maxExponent = 1000

// decimal is an exact decimal number: digits × 10^exp, with a minus if negative.
type decimal struct {
	negative bool
	digits   []byte // without zeros in front; none: 0
	exp      int
}

var errNotNumber = errors.New("not a number as JSON writes it")

// parse reads a JSON number (RFC 8259, section 6). It reuses d's memory.
func (d *decimal) parse(text []byte) error {
	d.negative, d.digits, d.exp = false, d.digits[:0], 0
	rest := text
	if len(rest) > 0 && rest[0] == '-' {
		d.negative, rest = true, rest[1:]
	}
	whole := digitsOf(rest)
	if whole == 0 || whole > 1 && rest[0] == '0' {
		return errNotNumber
	}
	d.digits, rest = append(d.digits, rest[:whole]...), rest[whole:]
	if len(rest) > 0 && rest[0] == '.' {
		n := digitsOf(rest[1:])
		if n == 0 {
			return errNotNumber
		}
		d.digits, rest = append(d.digits, rest[1:1+n]...), rest[1+n:]
		d.exp = -n
	}
	if len(rest) > 0 && (rest[0] == 'e' || rest[0] == 'E') {
		exp, err := exponent(rest[1:])
		if err != nil {
			return err
		}
		d.exp += exp
		rest = nil
	}
	if len(rest) > 0 {
		return errNotNumber
	}
	d.trim()
	return nil
}

func exponent(text []byte) (int, error) {
	minus := false
	if len(text) > 0 && (text[0] == '-' || text[0] == '+') {
		minus, text = text[0] == '-', text[1:]
	}
	if len(text) == 0 || digitsOf(text) != len(text) {
		return 0, errNotNumber
	}
	e := 0
	for _, c := range text {
		if e = e*10 + int(c-'0'); e > maxExponent {
			return 0, fmt.Errorf("an exponent beyond %d", maxExponent)
		}
	}
	if minus {
		e = -e
	}
	return e, nil
}

// digitsOf returns how many digits text begins with.
func digitsOf(text []byte) int {
	n := 0
	for n < len(text) && text[n] >= '0' && text[n] <= '9' {
		n++
	}
	return n
}

// trim takes off what says nothing: zeros in front and behind, the minus of a zero.
func (d *decimal) trim() {
	d.digits = bytes.TrimLeft(d.digits, "0")
	if n := len(bytes.TrimRight(d.digits, "0")); n < len(d.digits) {
		d.exp += len(d.digits) - n
		d.digits = d.digits[:n]
	}
	if len(d.digits) == 0 {
		d.negative, d.exp = false, 0
	}
}

// places returns how many digits the number has behind its point.
func (d *decimal) places() int { return max(0, -d.exp) }

// round takes off digits so that not more than places stand behind the point, and reports whether
// it could: with no mode only where there are none to take off.
func (d *decimal) round(places int, mode string) bool {
	off := d.places() - places
	if off <= 0 {
		return true
	}
	if mode == "" {
		return false
	}
	var first byte // of those that are taken off
	rest := false  // something stands behind it
	keep := len(d.digits) - off
	if keep >= 0 {
		first = d.digits[keep] - '0'
		rest = len(bytes.TrimLeft(d.digits[keep+1:], "0")) > 0
	}
	d.digits = d.digits[:max(0, keep)]
	d.exp = -places
	up := false
	switch mode {
	case RoundHalfUp:
		up = first >= 5
	case RoundHalfEven:
		odd := len(d.digits) > 0 && (d.digits[len(d.digits)-1]-'0')%2 == 1
		up = first > 5 || first == 5 && (rest || odd)
	}
	if up {
		d.increment()
	}
	d.trim()
	return true
}

func (d *decimal) increment() {
	for i := len(d.digits) - 1; i >= 0; i-- {
		if d.digits[i] < '9' {
			d.digits[i]++
			return
		}
		d.digits[i] = '0'
	}
	d.digits = append(d.digits, 0)
	copy(d.digits[1:], d.digits)
	d.digits[0] = '1'
}

// append writes the number without an exponent, as JSON does.
func (d *decimal) append(dst []byte) []byte { return d.appendPlaces(dst, d.places()) }

// appendPlaces is append with at least that many digits behind the point.
func (d *decimal) appendPlaces(dst []byte, places int) []byte {
	if d.negative {
		dst = append(dst, '-')
	}
	dst = d.appendWhole(dst)
	if places = max(places, d.places()); places > 0 {
		dst = append(dst, '.')
		dst = d.appendFraction(dst, places)
	}
	return dst
}

// appendWhole writes the digits before the point, at least one.
func (d *decimal) appendWhole(dst []byte) []byte {
	n := len(d.digits) + d.exp
	if n <= 0 {
		return append(dst, '0')
	}
	dst = append(dst, d.digits[:min(n, len(d.digits))]...)
	for range n - len(d.digits) {
		dst = append(dst, '0')
	}
	return dst
}

// appendFraction writes the digits behind the point, filled up with zeros.
func (d *decimal) appendFraction(dst []byte, places int) []byte {
	have := d.places()
	for range have - len(d.digits) {
		dst = append(dst, '0')
	}
	dst = append(dst, d.digits[len(d.digits)-min(have, len(d.digits)):]...)
	for range places - have {
		dst = append(dst, '0')
	}
	return dst
}
