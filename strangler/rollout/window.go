package rollout

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/strangler-fig/toolkit/strangler"
)

// Window is when promotions are made: on some days of the week, between two times of day in one
// zone. The times are what a clock on the wall shows there: on the day on which clocks go forward
// a window in the hour that is missing doesn't open, and on the day on which they go back one in the
// hour that comes twice opens twice. The zero value never opens.
type Window struct {
	Days     [7]bool        // by time.Weekday
	From, To time.Duration  // since midnight; To is past From, or on the day after where it isn't
	Zone     *time.Location // nil: UTC
}

// weekdays are their names, in the order in which they are written.
var weekdays = []string{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"}

// weekday is the day of an index into weekdays.
func weekday(i int) time.Weekday { return time.Weekday((i + 1) % 7) }

const windowForm = "it is days, times and a zone, such as Mon-Fri 09:00-16:00 Europe/Berlin"

// ParseWindow reads a window as a person writes it: days, two times of day and a zone.
//
//	Mon-Fri 09:00-16:00 Europe/Berlin
//	Mon,Wed 22:00-04:00 UTC    the hours beyond midnight are those of Tuesday and Thursday
//	Fri-Mon,Wed 06:00-24:00    ranges may go beyond Sunday
//	daily 09:00-16:00
//
// The zone is a name of the IANA time zone database. Without one it is UTC, and never the machine's
// own, so that a file means the same wherever it is read.
func ParseWindow(s string) (Window, error) {
	var w Window
	wrong := func(format string, args ...any) (Window, error) {
		return Window{}, fmt.Errorf("read window %q: %s", s, fmt.Sprintf(format, args...))
	}
	s = strings.TrimSpace(s)
	fields := strings.Fields(strings.NewReplacer(" – ", "-", "–", "-", " - ", "-", ", ", ",").Replace(s))
	times := slices.IndexFunc(fields, func(f string) bool { return strings.Contains(f, ":") })
	switch {
	case times < 0:
		return wrong("there are no times of day in it; %s", windowForm)
	case times == 0 && (s[0] < '0' || s[0] > '9'):
		return wrong("a space has to stand between days and times; %s", windowForm)
	case times == 0:
		return wrong("it doesn't say on which days; write daily %s, or such as Mon-Fri %s", s, s)
	case len(fields) > times+2:
		return wrong("nothing is known after the zone %s; %s", fields[times+1], windowForm)
	}
	var err error
	if w.Days, err = parseDays(strings.Join(fields[:times], " ")); err != nil {
		return wrong("%v", err)
	}
	from, to, both := strings.Cut(fields[times], "-")
	if !both {
		return wrong("%q is one time of day; write from when to when, such as 09:00-16:00", fields[times])
	}
	if w.From, err = parseClock(from); err == nil {
		w.To, err = parseClock(to)
	}
	switch {
	case err != nil:
		return wrong("%v", err)
	case w.From == 24*time.Hour:
		return wrong("a day that begins at 24:00 is the next one; write 00:00, and the day after")
	case w.From == w.To:
		return wrong("it closes when it opens; for a whole day write 00:00-24:00")
	case w.To == 0:
		w.To = 24 * time.Hour
	}
	w.Zone = time.UTC
	if len(fields) > times+1 {
		if w.Zone, err = parseZone(fields[times+1]); err != nil {
			return wrong("%v", err)
		}
	}
	return w, nil
}

// parseDays reads daily, or days and ranges of days.
func parseDays(s string) (days [7]bool, err error) {
	if strings.EqualFold(s, "daily") {
		return [7]bool{true, true, true, true, true, true, true}, nil
	}
	for part := range strings.SplitSeq(s, ",") {
		first, last, ranged := strings.Cut(part, "-")
		if !ranged {
			last = first
		}
		from, err := parseDay(first)
		if err != nil {
			return days, err
		}
		to, err := parseDay(last)
		if err != nil {
			return days, err
		}
		if ranged && from == to {
			return days, fmt.Errorf("%s begins and ends on the same day; write %s, or daily", part, weekdays[from])
		}
		for i := from; ; i = (i + 1) % 7 {
			if days[weekday(i)] {
				return days, fmt.Errorf("%s stands in it twice", weekdays[i])
			}
			days[weekday(i)] = true
			if i == to {
				break
			}
		}
	}
	return days, nil
}

// parseDay returns a day's index in weekdays.
func parseDay(s string) (int, error) {
	s = strings.TrimSpace(s)
	for i, name := range weekdays {
		if strings.EqualFold(s, name) {
			return i, nil
		}
	}
	hint := fmt.Sprintf("; it is one of %s, or daily", strings.Join(weekdays, ", "))
	for _, name := range weekdays {
		if len(s) > 3 && strings.EqualFold(s[:3], name) {
			hint = fmt.Sprintf("; did you mean %s?", name)
		}
	}
	switch near := strangler.Nearest(s, append(weekdays[:7:7], "daily")); {
	case strings.Contains(s, " "):
		hint = "; days are written Mon,Wed or Mon-Fri"
	case near != "":
		hint = fmt.Sprintf("; did you mean %s?", near)
	}
	return 0, fmt.Errorf("no day is called %q%s", s, hint)
}

// parseClock reads a time of day, 00:00 to 24:00.
func parseClock(s string) (time.Duration, error) {
	h, m, _ := strings.Cut(s, ":")
	digits := strings.Trim(h+m, "0123456789") == ""
	if !digits || len(h) < 1 || len(h) > 2 || len(m) != 2 {
		return 0, fmt.Errorf("%q is no time of day; write one such as 09:00", s)
	}
	var hour, minute time.Duration
	for _, c := range h {
		hour = 10*hour + time.Duration(c-'0')
	}
	for _, c := range m {
		minute = 10*minute + time.Duration(c-'0')
	}
	if minute > 59 || hour > 24 || hour == 24 && minute > 0 {
		return 0, fmt.Errorf("%q is no time of day; they are 00:00 to 23:59, and 24:00 where a day ends", s)
	}
	return hour*time.Hour + minute*time.Minute, nil
}

// parseZone returns the zone of a name of the IANA database.
func parseZone(s string) (*time.Location, error) {
	if strings.EqualFold(s, "local") {
		return nil, fmt.Errorf("%s is another zone on another machine; name it, such as Europe/Berlin", s)
	}
	zone, err := time.LoadLocation(s)
	if err == nil {
		return zone, nil
	}
	for _, other := range []string{strings.ToUpper(s), titled(s)} {
		if _, err := time.LoadLocation(other); err == nil {
			return nil, fmt.Errorf("no time zone is called %q; did you mean %s?", s, other)
		}
	}
	return nil, fmt.Errorf("no time zone is called %q; write UTC, or a name of the IANA database such as Europe/Berlin", s)
}

// titled writes a zone's name as most are: america/new_york is America/New_York.
func titled(s string) string {
	b := []byte(strings.ToLower(s))
	for i, c := range b {
		if 'a' <= c && c <= 'z' && (i == 0 || strings.IndexByte("/_-", b[i-1]) >= 0) {
			b[i] -= 'a' - 'A'
		}
	}
	return string(b)
}

// Contains reports whether the window is open at a time.
func (w Window) Contains(t time.Time) bool {
	t = t.In(w.zone())
	hour, minute, second := t.Clock()
	now := time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute + time.Duration(second)*time.Second + time.Duration(t.Nanosecond())
	today, yesterday := w.Days[t.Weekday()], w.Days[(t.Weekday()+6)%7]
	if w.From < w.To {
		return today && w.From <= now && now < w.To
	}
	return today && w.From <= now || yesterday && now < w.To
}

// Next returns when the window is open next: t itself where it is open then, else when it opens.
// It is the zero time where the window never opens.
func (w Window) Next(t time.Time) time.Time {
	if w.Days == [7]bool{} {
		return time.Time{}
	}
	// Between two changes of its clocks a zone is as far from UTC all the time, and to look for an
	// opening is arithmetic. What is open right after a change needn't have begun at From. In a year
	// there is one such stretch at least that is longer than a week, where it is found.
	for range 100 {
		if w.Contains(t) {
			return t
		}
		_, end := t.In(w.zone()).ZoneBounds()
		if next := w.opens(t); !next.IsZero() && (end.IsZero() || next.Before(end)) {
			return next.In(t.Location())
		} else if end.IsZero() {
			break
		}
		t = end.In(t.Location())
	}
	return time.Time{}
}

// opens returns when it opens after t, were the zone's clocks never changed.
func (w Window) opens(t time.Time) time.Time {
	name, offset := t.In(w.zone()).Zone()
	local := t.In(time.FixedZone(name, offset))
	for i := range 8 {
		day := time.Date(local.Year(), local.Month(), local.Day()+i, 0, 0, 0, 0, local.Location())
		if at := day.Add(w.From); w.Days[day.Weekday()] && at.After(t) {
			return at
		}
	}
	return time.Time{}
}

func (w Window) zone() *time.Location {
	if w.Zone == nil {
		return time.UTC
	}
	return w.Zone
}

// Equal reports whether two windows are written alike.
func (w Window) Equal(other Window) bool { return w.String() == other.String() }

// String returns the window as ParseWindow reads it; empty where it never opens.
func (w Window) String() string {
	if w.Days == [7]bool{} {
		return ""
	}
	clock := func(d time.Duration) string {
		return fmt.Sprintf("%02d:%02d", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%s %s-%s %s", w.days(), clock(w.From), clock(w.To), w.zone())
}

// days writes the days, those that follow one another as a range.
func (w Window) days() string {
	var parts []string
	for i, first := range weekdays {
		if !w.Days[weekday(i)] || w.Days[weekday(i+6)] {
			continue
		}
		last := i
		for w.Days[weekday(last+1)] {
			last++
		}
		if last > i {
			first += "-" + weekdays[last%7]
		}
		parts = append(parts, first)
	}
	if len(parts) == 0 {
		return "daily" // there is no day before the first
	}
	return strings.Join(parts, ",")
}

// MarshalText implements encoding.TextMarshaler, and with it JSON.
func (w Window) MarshalText() ([]byte, error) { return []byte(w.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (w *Window) UnmarshalText(text []byte) error {
	parsed, err := ParseWindow(string(text))
	if err != nil {
		return err
	}
	*w = parsed
	return nil
}
