package suggest

import "strings"

// notation is how a text writes decimals.
type notation struct{ point, group string }

// notations are those that are tried, the plain one first.
var notations = []notation{{".", ""}, {",", "."}, {",", ""}, {".", ","}, {",", " "}, {".", "'"}}

// decimal is an exact number: its digits times ten to the exp. Zero has no digits.
type decimal struct {
	negative bool
	digits   string // without zeros at either end
	exp      int

	decimals int  // digits behind the point as they were written
	width    int  // all digits as they were written, where there are leading zeros; else 0
	behind   bool // the sign stands behind
}

func (d decimal) zero() bool { return d.digits == "" }

// same reports whether d is e times ten to the scale.
func (d decimal) same(e decimal, scale int) bool {
	return d.digits == e.digits && (d.zero() || d.negative == e.negative && d.exp == e.exp+scale)
}

// parseDecimal reads a number, without an exponent, in a notation.
func parseDecimal(text string, n notation) (d decimal, ok bool) {
	switch {
	case strings.HasPrefix(text, "-"):
		d.negative, text = true, text[1:]
	case strings.HasSuffix(text, "-"):
		d.negative, d.behind, text = true, true, text[:len(text)-1]
	}
	whole, fraction, pointed := strings.Cut(text, n.point)
	if n.group != "" && strings.Contains(whole, n.group) {
		groups := strings.Split(whole, n.group)
		for i, g := range groups {
			if i == 0 && (len(g) == 0 || len(g) > 3) || i > 0 && len(g) != 3 {
				return d, false
			}
		}
		whole = strings.Join(groups, "")
	}
	if whole == "" || pointed && fraction == "" || !isDigits(whole) || !isDigits(fraction) || len(whole)+len(fraction) > 40 {
		return d, false
	}
	if len(whole) > 1 && whole[0] == '0' {
		d.width = len(whole) + len(fraction)
	}
	d.decimals = len(fraction)
	all := strings.TrimLeft(whole+fraction, "0")
	d.digits = strings.TrimRight(all, "0")
	if d.zero() {
		d.negative = false
		return d, true
	}
	d.exp = len(all) - len(d.digits) - len(fraction)
	return d, true
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
