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

// notated is the parts of a JSON number (RFC 8259, section 6).
type notated struct {
	negative        bool
	whole, fraction []byte // digits
	exponent        []byte // with its sign; nil: none
}

// readNumber reads a JSON number of any size and reports whether text is one.
func readNumber(text []byte) (l notated, ok bool) {
	if len(text) > 0 && text[0] == '-' {
		l.negative, text = true, text[1:]
	}
	n := digitsOf(text)
	if n == 0 || n > 1 && text[0] == '0' {
		return l, false
	}
	l.whole, text = text[:n], text[n:]
	if len(text) > 0 && text[0] == '.' {
		if n = digitsOf(text[1:]); n == 0 {
			return l, false
		}
		l.fraction, text = text[1:1+n], text[1+n:]
	}
	if len(text) > 0 && (text[0] == 'e' || text[0] == 'E') {
		l.exponent = text[1:]
		if text = text[1:]; len(text) > 0 && (text[0] == '-' || text[0] == '+') {
			text = text[1:]
		}
		if n = digitsOf(text); n == 0 {
			return l, false
		}
		text = text[n:]
	}
	return l, len(text) == 0
}

// isNumber reports whether text is a JSON number, of any size.
func isNumber(text []byte) bool {
	_, ok := readNumber(text)
	return ok
}

// parse reads a JSON number. It reuses d's memory.
func (d *decimal) parse(text []byte) error {
	l, ok := readNumber(text)
	if !ok {
		return errNotNumber
	}
	d.negative, d.digits, d.exp = l.negative, append(append(d.digits[:0], l.whole...), l.fraction...), -len(l.fraction)
	if l.exponent != nil {
		exp, err := exponent(l.exponent)
		if err != nil {
			return err
		}
		d.exp += exp
	}
	d.trim()
	return nil
}

// exponent reads an exponent, of which it is known that it is one.
func exponent(text []byte) (int, error) {
	minus := text[0] == '-'
	if minus || text[0] == '+' {
		text = text[1:]
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
