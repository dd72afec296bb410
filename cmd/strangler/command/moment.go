package command

import (
	"strconv"
	"strings"
	"time"
)

// parseMoment reads when something was, for a flag such as at.
func parseMoment(flag, s string, now time.Time) (time.Time, error) {
	if ago, ok := parseDistance(strings.TrimPrefix(s, "-")); ok {
		return now.Add(-ago.Abs()), nil
	}
	if t, ok := parseTime(s); ok {
		return t, nil
	}
	return time.Time{}, usagef("--%s %q: write a time such as 2026-05-01T12:00:00Z or '2026-05-01 12:00', or how long ago, such as 90m or 2d", flag, s)
}

// parseUntil reads until when something shall be, for --until.
func parseUntil(s string, now time.Time) (time.Time, error) {
	t, ok := parseTime(s)
	if ahead, is := parseDistance(s); is {
		t, ok = now.Add(ahead), true
	}
	switch {
	case !ok:
		return t, usagef("--until %q: write a time such as 2026-12-24T09:00:00Z or '2026-12-24 09:00', or for how long, such as 90m or 3d", s)
	case !t.After(now):
		return t, usagef("--until %q: that is past", s)
	}
	return t, nil
}

// parseDistance reads how far something is from now: as time.ParseDuration does, with days of 24
// hours before the rest.
func parseDistance(s string) (time.Duration, bool) {
	number, rest, hasDays := strings.Cut(s, "d")
	if !hasDays {
		number, rest = "0", s
	}
	days, err := strconv.ParseFloat(number, 64)
	if err != nil || !(days >= 0 && days < 36500) || hasDays && strings.HasPrefix(rest, "-") {
		return 0, false
	}
	distance := time.Duration(days * 24 * float64(time.Hour))
	if hasDays && rest == "" {
		return distance, true
	}
	more, err := time.ParseDuration(rest)
	return distance + more, err == nil
}

// parseTime reads a time as people write it: RFC 3339, or a local date with or without a time of day.
func parseTime(s string) (time.Time, bool) {
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t, true
	}
	for _, layout := range []string{"2006-01-02 15:04:05", "2006-01-02 15:04", time.DateOnly} {
		if t, err := time.ParseInLocation(layout, s, time.Local); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}
