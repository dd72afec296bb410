package lens

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/strangler-fig/toolkit/acl/document"
)

// compileTime compiles both layouts of a field.
func compileTime(f *Field, a about) (both [2]layout) {
	for _, s := range []side{legacy, service} {
		zone := at(f.Time.Zone, s)
		l := resolveLayout(at(f.Time.Layout, s), zone != "")
		l.name, l.typ = layoutName(at(f.Time.Layout, s)), at(f.Time.Type, s)
		l.zone = time.UTC
		if zone != "" {
			var err error
			if l.zone, err = time.LoadLocation(zone); err != nil || zone == "Local" {
				a.problem("time.zone", "there is no time zone %q; zones are named as in the IANA database: Europe/Berlin", zone)
				l.zone = time.UTC
			}
		}
		option := "time." + s.String()
		before := len(a.problems)
		l.check(option, a)
		both[s] = l
		if len(a.problems) > before {
			continue
		}
		if h := l.holds; !h.offset && h.clock() && h.date() && zone != "" && changes(l.zone) {
			a.loss(s.other(), "where the clocks of %s are set back, an hour stands for two, and comes back as the first of them", zone)
		}
	}
	return both
}

// changes reports whether a zone's clocks were set back since 1970, before which little is known about most,
// or will be as far as is known.
func changes(zone *time.Location) bool {
	for at := time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC).In(zone); at.Year() < 2100; {
		_, end := at.ZoneBounds()
		if end.IsZero() {
			return false
		}
		_, before := at.Zone()
		if _, after := end.Zone(); after < before {
			return true
		}
		at = end
	}
	return false
}

func convertTimes(f *Field, a about) conversions {
	before := len(a.problems)
	both := compileTime(f, a)
	if len(a.problems) == before {
		compareLayouts(&both, a)
	}
	return conversions{
		legacy:  retime(both[legacy], both[service]),
		service: retime(both[service], both[legacy]),
	}
}

// compareLayouts reports what one side has a place for and the other hasn't.
func compareLayouts(both *[2]layout, a about) {
	l, s := both[legacy].holds, both[service].holds
	if l.noDate() != s.noDate() || l.year != s.year {
		a.problem("time", "one side has a date and the other has not, which couldn't be made up")
		return
	}
	same := both[legacy].zone.String() == both[service].zone.String() && (!l.offset && !s.offset || both[legacy].zone == time.UTC)
	switch {
	case !l.clock() && !s.clock() || l.noDate() || !l.year && same:
		// Days, months and hours that are of no day are the same everywhere.
		both[legacy].zone, both[service].zone = time.UTC, time.UTC
	case !l.year && !same:
		a.problem("time", "without a year it can't be told how far %s and %s are apart; with one zone for both it needn't", both[legacy].where(), both[service].where())
		return
	}
	for _, in := range []side{legacy, service} {
		from, to := both[in].holds, both[in.other()].holds
		for _, part := range []struct {
			name     string
			from, to bool
		}{
			{"the month", from.month, to.month}, {"the day", from.day, to.day}, {"the hour", from.hour, to.hour},
			{"the minute", from.minute, to.minute}, {"the second", from.second, to.second},
			{"what is less than a second", from.milli, to.milli},
			{"what is less than a millisecond", from.nano && to.milli, to.nano},
		} {
			if part.from && !part.to {
				a.loss(in, "%s is lost, for which %s's layout has no place", part.name, in.other())
			}
		}
		if from.year && !to.century && from.century {
			a.loss(in, "the century is lost: years are from 1969 to 2068")
		}
		if from.offset && both[in].text != "" {
			a.loss(in, "the offset of a time is lost; it comes back in the zone %s", both[in].zone)
		}
		if both[in].text != "" && !both[in].strict {
			a.loss(in, "a time comes back as its layout writes it, where that can be read in other spellings too")
		}
	}
}

// where names the zone that a layout's times are of, for messages.
func (l *layout) where() string {
	if l.holds.offset {
		return "any offset"
	}
	return l.zone.String()
}

var (
	errGap  = errors.New("there is no such time in its zone: the clocks are set forward over it")
	errYear = errors.New("a time before the year 0 or after 9999")
)

func retime(from, to layout) conversion {
	return func(c *call, in *input) (cell, error) {
		t, err := from.parse(c, in)
		if err != nil {
			return cell{}, err
		}
		return to.write(c, t)
	}
}

// parse reads a time.
func (l *layout) parse(c *call, in *input) (time.Time, error) {
	if err := typed(in, l.typ); err != nil {
		return time.Time{}, err
	}
	if l.text == "" {
		return l.parseUnix(c, in)
	}
	if l.digits != nil {
		if t, ok := l.digits.parse(in.text); ok {
			return wall(t, l.zone)
		}
		return time.Time{}, fmt.Errorf("%s isn't a time as %s", shown(in), l.name)
	}
	text := in.text
	if l.lower {
		text = c.capitals(text)
	}
	t, err := time.Parse(l.read, string(text))
	if err != nil {
		return time.Time{}, fmt.Errorf("%s isn't a time as %s", shown(in), l.name)
	}
	if l.holds.offset {
		return t, nil
	}
	if l.strict {
		if c.scratch = t.AppendFormat(c.scratch[:0], l.text); !bytes.Equal(c.scratch, in.text) {
			return time.Time{}, fmt.Errorf("%s isn't written as %s, which makes %s of it", shown(in), l.name, c.scratch)
		}
	}
	if l.holds.abbreviation {
		return l.named(in)
	}
	return wall(t, l.zone)
}

// capitals returns a time of RFC 3339 with its T and its Z in capitals.
func (c *call) capitals(text []byte) []byte {
	const date = len(time.DateOnly)
	if len(text) <= date || text[date] != 't' && text[len(text)-1] != 'z' {
		return text
	}
	c.scratch = append(c.scratch[:0], text...)
	for _, at := range []int{date, len(text) - 1} {
		switch c.scratch[at] {
		case 't':
			c.scratch[at] = 'T'
		case 'z':
			c.scratch[at] = 'Z'
		}
	}
	return c.scratch
}

// named reads a time whose zone is an abbreviation, which has to be one of the layout's zone.
func (l *layout) named(in *input) (time.Time, error) {
	t, err := time.ParseInLocation(l.read, string(in.text), l.zone)
	if err != nil {
		return t, fmt.Errorf("%s isn't a time as %s", shown(in), l.name)
	}
	if name, offset := t.Zone(); t.Location() != l.zone && name != "UTC" && name != "GMT" && offset == 0 {
		return t, fmt.Errorf("%s: %s isn't used in %s", shown(in), name, l.zone)
	}
	return t, nil
}

// farFromChange is more than clocks are ever changed by, plus the distance of the first guess.
const farFromChange = 48 * time.Hour

// wall returns when the clocks of a zone show what t, which is UTC, shows: the first time that
// they do.
func wall(t time.Time, zone *time.Location) (time.Time, error) {
	if zone == time.UTC {
		return t, nil
	}
	// Far from where the clocks are changed, which is almost always, there is nothing to look for.
	guess := t.In(zone)
	_, east := guess.Zone()
	guess = guess.Add(-time.Duration(east) * time.Second)
	if begin, end := guess.ZoneBounds(); (begin.IsZero() || guess.Sub(begin) > farFromChange) && (end.IsZero() || end.Sub(guess) > farFromChange) {
		return guess, nil
	}
	there := time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), zone)
	_, offset := there.Zone()
	if there.Unix()+int64(offset) != t.Unix() {
		return there, errGap
	}
	if begin, _ := there.ZoneBounds(); !begin.IsZero() {
		_, before := begin.Add(-1).Zone()
		if earlier := there.Add(time.Duration(offset-before) * time.Second); earlier.Before(begin) {
			return earlier, nil
		}
	}
	return there, nil
}

const (
	minUnix = -62167219200 // 0000-01-01T00:00:00Z
	maxUnix = 253402300799 // 9999-12-31T23:59:59Z
)

func (l *layout) parseUnix(c *call, in *input) (time.Time, error) {
	d := &c.number
	text := in.text
	if !isInteger(text) {
		if err := d.parse(in.text); err != nil {
			return time.Time{}, fmt.Errorf("%s: %w", shown(in), err)
		}
		if d.places() > 0 {
			return time.Time{}, fmt.Errorf("%s isn't a whole number", shown(in))
		}
		c.scratch = d.append(c.scratch[:0])
		text = c.scratch
	}
	n, err := strconv.ParseInt(string(text), 10, 64)
	if err != nil {
		return time.Time{}, errYear
	}
	t := time.Unix(n, 0)
	if l.milli {
		t = time.UnixMilli(n)
	}
	if s := t.Unix(); s < minUnix || s > maxUnix {
		return time.Time{}, errYear
	}
	return t, nil
}

func isInteger(text []byte) bool {
	if len(text) > 0 && text[0] == '-' {
		text = text[1:]
	}
	return len(text) > 0 && digitsOf(text) == len(text)
}

// write writes a time.
func (l *layout) write(c *call, t time.Time) (cell, error) {
	kind := l.typ.kind()
	switch {
	case l.text == "" && l.milli:
		c.scratch = strconv.AppendInt(c.scratch[:0], t.UnixMilli(), 10)
	case l.text == "":
		c.scratch = strconv.AppendInt(c.scratch[:0], t.Unix(), 10)
	default:
		t = t.In(l.zone)
		if l.holds.offset {
			// Before there were zones, the clocks of Berlin were 53 minutes and 28 seconds before those of
			// Greenwich, for which few layouts have a place.
			if _, east := t.Zone(); east%l.holds.offsetUnit() != 0 {
				t = t.UTC()
			}
		}
		if y := t.Year(); y < 0 || y > 9999 {
			return cell{}, errYear
		}
		if l.digits != nil {
			c.scratch = l.digits.append(c.scratch[:0], t)
		} else {
			c.scratch = t.AppendFormat(c.scratch[:0], l.text)
		}
		if kind == document.Number && !isNumber(c.scratch) {
			return cell{}, fmt.Errorf("the time would be %s, which isn't a number", c.scratch)
		}
	}
	return c.text(kind, c.scratch), nil
}
