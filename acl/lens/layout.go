package lens

import (
	"strconv"
	"strings"
	"time"
	"unicode"
)

// The layouts that have a name.
const (
	layoutUnix      = "unix"
	layoutUnixMilli = "unix_ms"

	httpDate   = "Mon, 02 Jan 2006 15:04:05 GMT" // RFC 9110, section 5.6.7
	httpDate85 = "Monday, 02-Jan-06 15:04:05 GMT"
)

// layout is how one side writes times.
type layout struct {
	name  string // as the definition calls it
	text  string // Go's; empty: unix or unix_ms
	read  string // what is read, where it is less than what is written
	milli bool   // unix_ms
	// strict says that what is read has to be what would be written, and so comes back. Layouts
	// with letters in them aren't: names of months and days are read in capitals too.
	strict bool
	// lower says that a lower-case t and z are read too, as RFC 3339, section 5.6, has it.
	lower  bool
	digits digits // the same layout, if it is one of these
	zone   *time.Location
	typ    Type
	holds  holds
}

// holds says what a layout has a place for.
type holds struct {
	year, century, month, day, hour, minute, second, milli, nano bool
	half                                                         bool // tells morning from afternoon
	offset                                                       bool // says how far it is from UTC
	offsetMinute, offsetSecond                                   bool // how exactly, beyond hours
	abbreviation                                                 bool // only names the zone
}

// offsetUnit is what the offsets are multiples of that there is a place for, in seconds.
func (h holds) offsetUnit() int {
	switch {
	case h.offsetSecond:
		return 1
	case h.offsetMinute:
		return 60
	}
	return 3600
}

func (h holds) date() bool   { return h.year && h.month && h.day }
func (h holds) noDate() bool { return !h.year && !h.month && !h.day }
func (h holds) clock() bool  { return h.hour || h.minute || h.second }

var everything = holds{year: true, century: true, month: true, day: true, hour: true, minute: true, second: true, half: true, offset: true}

// resolveLayout returns the layout of a name, of a side that has a zone or not.
func resolveLayout(name string, zoned bool) layout {
	switch name {
	case "", "RFC3339":
		return layout{text: time.RFC3339Nano, read: time.RFC3339, lower: true}
	case "RFC1123":
		if !zoned {
			return layout{text: httpDate}
		}
		return layout{text: time.RFC1123}
	case "RFC850":
		if !zoned {
			return layout{text: httpDate85}
		}
		return layout{text: time.RFC850}
	case "date":
		return layout{text: time.DateOnly}
	case layoutUnix:
		return layout{holds: everything}
	case layoutUnixMilli:
		l := layout{milli: true, holds: everything}
		l.holds.milli = true
		return l
	}
	return layout{text: name}
}

// probe finds out what a Go layout holds, by writing times that differ in one thing.
func probe(text string) holds {
	base := time.Date(2011, 3, 4, 5, 6, 7, 0, time.UTC)
	differs := func(t time.Time) bool { return t.Format(text) != base.Format(text) }
	east := time.FixedZone("UTC", 3600)
	h := holds{
		year:    differs(base.AddDate(28, 0, 0)), // the same day of the week
		month:   differs(base.AddDate(0, 5, 0)),
		hour:    differs(base.Add(time.Hour)),
		minute:  differs(base.Add(time.Minute)),
		second:  differs(base.Add(time.Second)),
		milli:   differs(base.Add(time.Millisecond)),
		nano:    differs(base.Add(time.Nanosecond)),
		half:    differs(base.Add(12 * time.Hour)),
		offset:  differs(time.Date(2011, 3, 4, 5, 6, 7, 0, east)),
		century: differs(base.AddDate(2800, 0, 0)),
	}
	// A day that falls on the same day of the week, so that a layout which only has that is found out.
	h.day = differs(base.AddDate(0, 0, 7))
	// Not from UTC itself, for which some layouts have a letter.
	beyond := func(seconds int) bool {
		in := func(offset int) string {
			return time.Date(2011, 3, 4, 5, 6, 7, 0, time.FixedZone("UTC", offset)).Format(text)
		}
		return h.offset && in(3600) != in(3600+seconds)
	}
	h.offsetMinute, h.offsetSecond = beyond(60), beyond(1)
	h.abbreviation = !h.offset && differs(time.Date(2011, 3, 4, 5, 6, 7, 0, time.FixedZone("XYZ", 0)))
	return h
}

// check reports what is wrong with a layout.
func (l *layout) check(option string, a about) {
	name := l.name
	if l.text == "" {
		if l.typ == "" {
			l.typ = TypeNumber
		}
		if l.typ != TypeNumber && l.typ != TypeText {
			a.problem(option, "%s is a number or a text, not %q", name, l.typ)
		}
		return
	}
	l.holds = probe(l.text)
	if l.read == "" {
		l.read = l.text
	}
	h := l.holds
	switch {
	case h == holds{}:
		a.problem(option, "%q has no meaning as a layout; it is Go's, of the moment 2006-01-02 15:04:05, or one of RFC3339, RFC1123, RFC850, date, unix, unix_ms", name)
		return
	case h.hour && !h.half:
		a.problem(option, "%q doesn't tell morning from afternoon: 15 is the hour of 24, and 03 wants a PM", name)
	case h.abbreviation && h.year && h.hour && name != "RFC1123" && name != "RFC850":
		a.problem(option, "%q only has the zone's abbreviation, which doesn't say what time it is; -0700 would", name)
	}
	if !h.hour && (h.minute || h.second) && h.date() {
		a.problem(option, "%q has minutes or seconds but no hours", name)
	}
	sample := time.Date(2011, 3, 4, 0, 0, 0, 0, time.UTC).Format(l.text)
	if _, err := time.Parse(l.read, sample); err != nil {
		a.problem(option, "%q can't be read again: of what is written as %q it can't be told what is what", name, sample)
	}
	l.digits = parseDigits(l.text)
	l.strict = !h.offset && !strings.ContainsFunc(sample, unicode.IsLetter)
	switch l.typ {
	case "":
		l.typ = TypeText
	case TypeText:
	case TypeNumber:
		if _, err := strconv.Atoi(sample); err != nil || strings.HasPrefix(sample, "0") {
			a.problem(option, "%q doesn't make a number: it is written as %s", name, sample)
		}
	default:
		a.problem(option, "a time is a text or a number, not %q", l.typ)
	}
}
