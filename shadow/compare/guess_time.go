package compare

import (
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// layouts are the forms of a timestamp that are recognised. time.Parse takes fractions of a second
// where a layout has none.
var layouts = []string{
	time.RFC3339,
	"2006-01-02T15:04:05",
	"2006-01-02T15:04",
	"2006-01-02T15:04:05Z0700",
	"2006-01-02 15:04:05Z07:00",
	"2006-01-02 15:04:05Z0700",
	"2006-01-02 15:04:05 Z0700",
	"2006-01-02 15:04:05",
	"2006-01-02 15:04",
	"20060102T150405Z0700",
	time.DateOnly,
	http.TimeFormat,
	time.RFC1123Z,
	time.RFC850,
	time.ANSIC,
}

func parseTime(s string) (time.Time, bool) {
	if len(s) < len(time.DateOnly) || len(s) > 40 {
		return time.Time{}, false
	}
	for _, layout := range layouts {
		if at, err := time.Parse(layout, s); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}

// Time zones are whole quarters of an hour from UTC (Nepal, the Chatham Islands), up to 14 h
// (Kiribati).
const (
	zoneStep = 15 * time.Minute
	zoneMost = 14 * time.Hour
)

// guessTimes guesses why two timestamps differ. One without a zone is taken for UTC.
func guessTimes(l, s string) string {
	a, okA := parseTime(l)
	b, okB := parseTime(s)
	if !okA || !okB {
		return ""
	}
	apart := b.Sub(a).Abs()
	switch {
	case apart == 0:
		return "same instant, written differently"
	case coarse(a, apart) || coarse(b, apart):
		return "fraction of a second"
	case apart%zoneStep == 0 && apart <= zoneMost:
		return hours(apart) + " apart: a time zone?"
	}
	return ""
}

// coarse reports whether an instant is in whole seconds, milliseconds or microseconds, and another
// is so near that it may be the same in finer ones.
func coarse(at time.Time, apart time.Duration) bool {
	for unit := time.Second; unit >= time.Microsecond; unit /= 1000 {
		if at.Nanosecond()%int(unit) == 0 {
			return apart < unit
		}
	}
	return false
}

func hours(d time.Duration) string {
	h, m := int(d/time.Hour), int(d%time.Hour/time.Minute)
	switch {
	case h == 0:
		return fmt.Sprintf("%d min", m)
	case m == 0:
		return fmt.Sprintf("%d h", h)
	}
	return fmt.Sprintf("%d h %d min", h, m)
}

// guessUnixTime finds out whether a number is the seconds or milliseconds since 1970 of the
// instant that a string is.
func guessUnixTime(literal, s string) string {
	at, ok := parseTime(s)
	n, err := strconv.ParseInt(literal, 10, 64)
	if ok && err == nil && (n == at.Unix() || n == at.UnixMilli()) {
		return "same instant, written differently"
	}
	return ""
}
