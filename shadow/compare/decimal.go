package compare

import (
	"bytes"
	"hash/maphash"
	"strconv"
)

// decimal is a JSON number, exactly, without converting it: 0.DIGITS × 10^point, where the
// digits are those of whole and fraction from the first to the last that isn't 0. Whatever the
// exponent, it costs no memory.
type decimal struct {
	negative        bool
	whole, fraction []byte
	first, end      int // of the significant digits; equal: the number is zero
	point           int64
	vast            []byte // the exponent, if it has over 18 digits; then it isn't part of point
	vastNegative    bool
}

// parseDecimal takes a valid JSON number apart.
func parseDecimal(literal []byte) decimal {
	var d decimal
	if literal[0] == '-' {
		d.negative, literal = true, literal[1:]
	}
	if i := bytes.IndexAny(literal, "eE"); i >= 0 {
		d.setExponent(literal[i+1:])
		literal = literal[:i]
	}
	d.whole = literal
	if i := bytes.IndexByte(literal, '.'); i >= 0 {
		d.whole, d.fraction = literal[:i], literal[i+1:]
	}
	d.end = len(d.whole) + len(d.fraction)
	for d.first < d.end && d.digit(d.first) == '0' {
		d.first++
	}
	for d.end > d.first && d.digit(d.end-1) == '0' {
		d.end--
	}
	d.point += int64(len(d.whole) - d.first)
	return d
}

func (d *decimal) setExponent(text []byte) {
	negative := text[0] == '-'
	if text[0] == '-' || text[0] == '+' {
		text = text[1:]
	}
	text = bytes.TrimLeft(text, "0")
	if len(text) > 18 {
		d.vast, d.vastNegative = text, negative
		return
	}
	for _, c := range text {
		d.point = d.point*10 + int64(c-'0')
	}
	if negative {
		d.point = -d.point
	}
}

func (d *decimal) digit(i int) byte {
	if i < len(d.whole) {
		return d.whole[i]
	}
	return d.fraction[i-len(d.whole)]
}

func (d *decimal) zero() bool { return d.first == d.end }

// equal reports whether two numbers are the same; -0 is 0. Exponents of over 18 digits are the
// same only if they are written alike.
func (d *decimal) equal(o *decimal) bool {
	if d.zero() || o.zero() {
		return d.zero() && o.zero()
	}
	if d.negative != o.negative || d.point != o.point || d.end-d.first != o.end-o.first ||
		d.vastNegative != o.vastNegative || !bytes.Equal(d.vast, o.vast) {
		return false
	}
	for i := range d.end - d.first {
		if d.digit(d.first+i) != o.digit(o.first+i) {
			return false
		}
	}
	return true
}

// sum hashes a number so that equal ones have equal sums.
func (d *decimal) sum(h *maphash.Hash) {
	if d.zero() {
		h.WriteByte('0')
		return
	}
	if d.negative {
		h.WriteByte('-')
	}
	if d.first < len(d.whole) {
		h.Write(d.whole[d.first:min(d.end, len(d.whole))])
	}
	if d.end > len(d.whole) {
		h.Write(d.fraction[max(0, d.first-len(d.whole)) : d.end-len(d.whole)])
	}
	var buf [24]byte
	h.Write(strconv.AppendInt(append(buf[:0], 'e'), d.point, 10))
	if len(d.vast) > 0 {
		h.WriteByte('e')
		if d.vastNegative {
			h.WriteByte('-')
		}
		h.Write(d.vast)
	}
}
