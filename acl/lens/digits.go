package lens

import (
	"strings"
	"time"
)

// digits is a layout in which everything is a number of a fixed width, as most legacy layouts are.
// It is read and written without package time, which takes a multiple of the time, and strictly: what
// is read is what would be written.
type digits []digitsPart

// digitsPart is a literal, or a number of the moment.
type digitsPart struct {
	literal string
	unit    unit
	width   int
}

type unit int

const (
	unitLiteral unit = iota
	unitYear
	unitMonth
	unitDay
	unitHour
	unitMinute
	unitSecond
)

var units = []struct {
	text string
	unit
}{{"2006", unitYear}, {"01", unitMonth}, {"02", unitDay}, {"15", unitHour}, {"04", unitMinute}, {"05", unitSecond}}

// parseDigits returns the parts of a layout of Go's; nil if there are others in it.
func parseDigits(layout string) digits {
	var d digits
	var seen [unitSecond + 1]bool
	for rest := layout; rest != ""; {
		if strings.ContainsRune("-/.: ", rune(rest[0])) {
			d = append(d, digitsPart{literal: rest[:1]})
			rest = rest[1:]
			continue
		}
		found := false
		for _, u := range units {
			if strings.HasPrefix(rest, u.text) && !seen[u.unit] {
				seen[u.unit] = true
				d = append(d, digitsPart{unit: u.unit, width: len(u.text)})
				rest, found = rest[len(u.text):], true
				break
			}
		}
		if !found {
			return nil
		}
	}
	// Package time has the last word about what a layout means.
	for _, t := range []time.Time{time.Date(2011, 3, 4, 5, 6, 7, 8, time.UTC), time.Date(1999, 12, 31, 23, 59, 58, 999999999, time.UTC)} {
		if string(d.append(nil, t)) != t.Format(layout) {
			return nil
		}
	}
	return d
}

// parse reads a moment as UTC and reports whether it is one.
func (d digits) parse(text []byte) (time.Time, bool) {
	at := [...]int{unitMonth: 1, unitDay: 1, unitSecond: 0}
	for _, p := range d {
		if p.unit == unitLiteral {
			if len(text) == 0 || text[0] != p.literal[0] {
				return time.Time{}, false
			}
			text = text[1:]
			continue
		}
		if len(text) < p.width {
			return time.Time{}, false
		}
		n := 0
		for _, c := range text[:p.width] {
			if c < '0' || c > '9' {
				return time.Time{}, false
			}
			n = n*10 + int(c-'0')
		}
		at[p.unit], text = n, text[p.width:]
	}
	if len(text) > 0 || at[unitHour] > 23 || at[unitMinute] > 59 || at[unitSecond] > 59 || at[unitMonth] > 12 {
		return time.Time{}, false
	}
	t := time.Date(at[unitYear], time.Month(at[unitMonth]), at[unitDay], at[unitHour], at[unitMinute], at[unitSecond], 0, time.UTC)
	return t, t.Day() == at[unitDay] && t.Month() == time.Month(at[unitMonth])
}

// append writes a moment, whose year is 0 to 9999.
func (d digits) append(dst []byte, t time.Time) []byte {
	var at [unitSecond + 1]int
	var month time.Month
	at[unitYear], month, at[unitDay] = t.Date()
	at[unitMonth] = int(month)
	at[unitHour], at[unitMinute], at[unitSecond] = t.Clock()
	for _, p := range d {
		if p.unit == unitLiteral {
			dst = append(dst, p.literal[0])
			continue
		}
		n := at[p.unit]
		if p.width == 4 {
			dst = append(dst, byte('0'+n/1000%10), byte('0'+n/100%10))
		}
		dst = append(dst, byte('0'+n/10%10), byte('0'+n%10))
	}
	return dst
}
