package suggest

import (
	"time"

	"github.com/strangler-fig/toolkit/acl/document"
)

// layout is one way to write a time that is looked for.
type layout struct {
	text   string        // Go's, or a name of lens.Time
	offset bool          // it names an instant
	clock  time.Duration // what it is exact to; 24h: a date
	number bool          // unix or unix_ms
}

const day = 24 * time.Hour

// layouts are those that are looked for. Where two fit a whole column, the other side decides.
var layouts = []layout{
	{"RFC3339", true, time.Second, false}, {"2006-01-02T15:04:05.000Z07:00", true, time.Millisecond, false},
	{"2006-01-02T15:04:05-0700", true, time.Second, false}, {"2006-01-02T15:04:05", false, time.Second, false},
	{"2006-01-02T15:04:05.000", false, time.Millisecond, false}, {"2006-01-02T15:04", false, time.Minute, false},
	{"2006-01-02 15:04:05", false, time.Second, false}, {"2006-01-02 15:04", false, time.Minute, false},
	{"2006-01-02-15.04.05.000000", false, time.Microsecond, false}, {"date", false, day, false},
	{"02.01.2006", false, day, false}, {"2.1.2006", false, day, false}, {"02.01.06", false, day, false},
	{"02.01.2006 15:04", false, time.Minute, false}, {"02.01.2006 15:04:05", false, time.Second, false},
	{"02/01/2006", false, day, false}, {"02/01/2006 15:04", false, time.Minute, false}, {"02/01/2006 15:04:05", false, time.Second, false},
	{"01/02/2006", false, day, false}, {"01/02/2006 15:04", false, time.Minute, false}, {"01/02/2006 15:04:05", false, time.Second, false},
	{"1/2/2006", false, day, false}, {"01/02/2006 03:04 PM", false, time.Minute, false}, {"01/02/06", false, day, false}, {"02/01/06", false, day, false},
	{"2006/01/02", false, day, false}, {"2006/01/02 15:04:05", false, time.Second, false},
	{"02-01-2006", false, day, false}, {"02-01-2006 15:04", false, time.Minute, false}, {"02-01-2006 15:04:05", false, time.Second, false},
	{"20060102", false, day, false}, {"200601021504", false, time.Minute, false}, {"20060102150405", false, time.Second, false},
	{"20060102T150405Z0700", true, time.Second, false}, {"02-Jan-2006", false, day, false}, {"02-Jan-06", false, day, false},
	{"2 Jan 2006", false, day, false}, {"02 Jan 2006", false, day, false}, {"Jan 2, 2006", false, day, false}, {"2 January 2006", false, day, false},
	{"RFC1123", true, time.Second, false}, {"Mon, 02 Jan 2006 15:04:05 -0700", true, time.Second, false},
	{"15:04", false, time.Minute, false}, {"15:04:05", false, time.Second, false}, {"1504", false, time.Minute, false},
	{"unix", true, time.Second, true}, {"unix_ms", true, time.Millisecond, true},
}

// goLayout is a layout as package time knows it.
func (l layout) goLayout() string {
	switch l.text {
	case "RFC3339":
		return time.RFC3339
	case "RFC1123":
		return time.RFC1123
	case "date":
		return time.DateOnly
	}
	return l.text
}

// parse reads a text that the layout would have written just so.
func (l layout) parse(text string) (time.Time, bool) {
	if l.number {
		return parseUnix(text, l.text == "unix_ms")
	}
	if len(text) < 4 || text[0] == ' ' {
		return time.Time{}, false
	}
	t, err := time.Parse(l.goLayout(), text)
	return t, err == nil && t.Format(l.goLayout()) == text
}

// parseUnix reads seconds, or milliseconds, of this age: 1990 to 2100.
func parseUnix(text string, millis bool) (time.Time, bool) {
	digits := 10
	if millis {
		digits = 13
	}
	if len(text) > digits || len(text) < digits-1 || !isDigits(text) {
		return time.Time{}, false
	}
	n := int64(0)
	for _, c := range text {
		n = n*10 + int64(c-'0')
	}
	t := time.Unix(n, 0)
	if millis {
		t = time.UnixMilli(n)
	}
	t = t.UTC()
	return t, t.Year() >= 1990 && t.Year() < 2100
}

// times are a column's values in one layout.
type times struct {
	layout layout
	values []time.Time // zero: no value
}

// timesOf returns the layouts in which all of a column is times; one in ten may be something
// else, such as 00.00.0000 for none.
func timesOf(c *column) (all []times) {
	for _, l := range layouts {
		found := times{l, make([]time.Time, len(c.cells))}
		read, special := 0, 0
		for i, x := range c.cells {
			if x.none() || x.text == "" {
				continue
			}
			if x.kind != document.String && x.kind != document.Number {
				special = len(c.cells)
				break
			}
			t, ok := l.parse(x.text)
			switch {
			case ok:
				found.values[i] = t
				read++
			default:
				special++
			}
			if special > 2 && special*10 > i {
				break
			}
		}
		if read > 0 && special*10 <= read || read > 0 && special == 1 && c.oneOdd(l) {
			all = append(all, found)
		}
	}
	return all
}

// oneOdd reports whether the only value that is no time of the layout is one that stands for none:
// zeros or nines in its place.
func (c *column) oneOdd(l layout) bool {
	for _, text := range c.order {
		if _, ok := l.parse(text); !ok && !special(text) {
			return false
		}
	}
	return true
}

// zones are tried for clocks without an offset, in this order.
var zones = []string{"UTC", "Europe/Berlin", "Europe/London", "America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles",
	"Europe/Helsinki", "Europe/Istanbul", "Europe/Moscow", "Europe/Lisbon", "Asia/Kolkata", "Asia/Shanghai", "Asia/Singapore", "Asia/Tokyo",
	"Asia/Dubai", "Asia/Seoul", "Australia/Sydney", "Australia/Brisbane", "Australia/Perth", "Australia/Adelaide", "America/Sao_Paulo", "America/Toronto", "America/Mexico_City",
	"America/Phoenix", "America/Anchorage", "Pacific/Honolulu", "America/Bogota", "America/Argentina/Buenos_Aires", "Africa/Johannesburg",
	"Africa/Cairo", "Africa/Lagos", "Asia/Jerusalem", "Asia/Karachi", "Asia/Dhaka", "Asia/Jakarta", "Pacific/Auckland"}

// in returns the instant that a clock without an offset shows in a zone.
func in(t time.Time, zone *time.Location) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), zone)
}
