package config

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// integer reads a whole number from least to most.
func (v value) integer(to *int, least, most int) {
	s, ok := v.scalar()
	if !ok {
		return
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < least || n > most {
		v.fail("%q is not a whole number from %d to %d", s, least, most)
		return
	}
	*to = n
}

// positive reads a number above 0.
func (v value) positive(to *float64) {
	s, ok := v.scalar()
	if !ok {
		return
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || !(f > 0) || math.IsInf(f, 0) {
		v.fail("%q is not a number above 0", s)
		return
	}
	*to = f
}

// duration reads a duration that is least or longer.
func (v value) duration(to *time.Duration, least time.Duration) {
	s, ok := v.scalar()
	if !ok {
		return
	}
	d, err := parseDuration(s)
	if err == nil && d < least {
		err = fmt.Errorf("%q is less than %s", s, least)
	}
	if err != nil {
		v.fail("%s", err)
		return
	}
	*to = d
}

var days = regexp.MustCompile(`^(\d{1,6}(?:\.\d{1,9})?)d`)

// parseDuration reads a duration as time.ParseDuration does, with days of 24 hours before the
// rest: 30d, 1d12h.
func parseDuration(s string) (time.Duration, error) {
	rest, whole := s, time.Duration(0)
	if m := days.FindStringSubmatch(s); m != nil {
		n, _ := strconv.ParseFloat(m[1], 64)
		if n > 36500 {
			return 0, fmt.Errorf("%q is more than a hundred years", s)
		}
		rest, whole = s[len(m[0]):], time.Duration(n*24*float64(time.Hour))
		if rest == "" {
			return whole, nil
		}
		if rest[0] == '-' || rest[0] == '+' {
			return 0, fmt.Errorf("%q is not a duration such as 30s, 1h30m or 30d", s)
		}
	}
	d, err := time.ParseDuration(rest)
	switch {
	case err != nil && strings.Trim(s, "0123456789") == "":
		return 0, fmt.Errorf("%q has no unit; did you mean %ss?", s, s)
	case err != nil:
		return 0, fmt.Errorf("%q is not a duration such as 30s, 1h30m or 30d", s)
	case d < 0:
		return 0, fmt.Errorf("%q is less than nothing", s)
	case d > 36500*24*time.Hour:
		return 0, fmt.Errorf("%q is more than a hundred years", s)
	}
	return whole + d, nil
}

// size reads a number of bytes that is least or more.
func (v value) size(to *int64, least int64) {
	s, ok := v.scalar()
	if !ok {
		return
	}
	n, err := parseSize(s)
	if err == nil && n < least {
		err = fmt.Errorf("%q is less than %d bytes", s, least)
	}
	if err != nil {
		v.fail("%s", err)
		return
	}
	*to = n
}

var (
	sizeText  = regexp.MustCompile(`^(\d{1,18}(?:\.\d{1,9})?) ?([A-Za-z]*)$`)
	sizeUnits = []struct {
		name, mistaken string
		bytes          int64
	}{
		{"", "", 1}, {"B", "", 1}, {"KiB", "K", 1 << 10}, {"MiB", "M", 1 << 20}, {"GiB", "G", 1 << 30}, {"TiB", "T", 1 << 40},
	}
)

// parseSize reads a number of bytes: 1MiB, 1.5GiB, 65536.
func parseSize(s string) (int64, error) {
	bad := fmt.Errorf("%q is not a size such as 64KiB, 1MiB, 2GiB or a number of bytes", s)
	m := sizeText.FindStringSubmatch(s)
	if m == nil {
		return 0, bad
	}
	for _, unit := range sizeUnits {
		if m[2] == unit.name {
			n, err := strconv.ParseFloat(m[1], 64)
			if n *= float64(unit.bytes); err != nil || n != math.Trunc(n) {
				return 0, fmt.Errorf("%q is not a whole number of bytes", s)
			}
			if n > 1<<50 {
				return 0, fmt.Errorf("%q is more than 1024TiB", s)
			}
			return int64(n), nil
		}
		if unit.mistaken != "" && strings.EqualFold(m[2][:min(1, len(m[2]))], unit.mistaken) && len(m[2]) <= 3 {
			return 0, fmt.Errorf("no unit %q is known; did you mean %q?", m[2], m[1]+unit.name)
		}
	}
	return 0, bad
}

// share reads a percentage from 0 to 100 as a share from 0 to 1.
func (v value) share(to *float64) {
	s, ok := v.scalar()
	if !ok {
		return
	}
	f, err := parsePercent(s)
	if err == nil && f > 1 {
		err = fmt.Errorf("%q is more than 100%%", s)
	}
	if err != nil {
		v.fail("%s", err)
		return
	}
	*to = f
}

var percent = regexp.MustCompile(`^\d{1,9}(\.\d{1,9})?$`)

// parsePercent reads a percentage as a share: 12.5% is 0.125.
func parsePercent(s string) (float64, error) {
	digits, signed := strings.CutSuffix(s, "%")
	if !percent.MatchString(digits) {
		return 0, fmt.Errorf("%q is not a percentage such as 100%% or 12.5%%", s)
	}
	f, err := strconv.ParseFloat(digits, 64)
	switch {
	case signed || err != nil:
		return f / 100, err
	case f > 0 && f <= 1: // 0.5 is a half more often than the two-hundredth part
		return 0, fmt.Errorf("%q has no percent sign; did you mean %s, or %s%%?", s, percentText(f), s)
	}
	return 0, fmt.Errorf("%q has no percent sign; did you mean %s%%?", s, s)
}
