package rollout

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// count writes a number with commas: 2,783.
func count(n int64) string {
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	var b strings.Builder
	for i, c := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(c)
	}
	return sign + b.String()
}

// plural writes a number and what there are so many of.
func plural(n int64, one, many string) string { return count(n) + " " + verb(n, one, many) }

// verb chooses between the words for one and for several.
func verb(n int64, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// missing writes how many more r needs.
func missing(r Reading, one, many string) string {
	if r.Need <= 0 {
		return "more than can be told now"
	}
	return plural(r.Need, one, many)
}

// plain writes a number as people do, without what floating point adds.
func plain(x float64) string {
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(x, 'g', 12, 64), 64)
	if err != nil { // it isn't one
		return strconv.FormatFloat(x, 'g', -1, 64)
	}
	return strconv.FormatFloat(rounded, 'f', -1, 64)
}

// significant rounds x up or down to so many digits, so that "below" and "above" stay true.
func significant(x float64, digits int, up bool) float64 {
	if x == 0 || math.IsInf(x, 0) || math.IsNaN(x) {
		return x
	}
	unit := math.Pow10(int(math.Floor(math.Log10(math.Abs(x)))) - digits + 1)
	const noise = 1e-6
	if up {
		return math.Ceil(x/unit-noise) * unit
	}
	return math.Floor(x/unit+noise) * unit
}

func percent(x float64) string     { return plain(100*x) + "%" }
func percentUp(x float64) string   { return plain(significant(100*x, 2, true)) + "%" }
func percentDown(x float64) string { return plain(significant(100*x, 2, false)) + "%" }

// Percentage points, as the configuration has them.
func points(x float64) string     { return plain(100*x) + "pp" }
func pointsUp(x float64) string   { return plain(significant(100*x, 2, true)) + "pp" }
func pointsDown(x float64) string { return plain(significant(100*x, 2, false)) + "pp" }

// belowPoints says that a difference is below x.
func belowPoints(x float64) string {
	if x < 0 {
		return fmt.Sprintf("more than %s below legacy's", pointsDown(-x))
	}
	return fmt.Sprintf("less than %s above legacy's", pointsUp(x))
}

// Multiples, as the configuration has them.
func multiple(x float64) string  { return plain(x) + "x" }
func timesUp(x float64) string   { return plain(significant(x, 3, true)) + "x" }
func timesDown(x float64) string { return plain(significant(x, 3, false)) + "x" }

// short writes a latency with two or three digits.
func short(d time.Duration) string {
	switch {
	case d >= 10*time.Second:
		return d.Round(100 * time.Millisecond).String()
	case d >= time.Second:
		return d.Round(10 * time.Millisecond).String()
	case d >= 10*time.Millisecond:
		return d.Round(time.Millisecond).String()
	case d >= time.Millisecond:
		return d.Round(100 * time.Microsecond).String()
	}
	return d.Round(time.Microsecond).String()
}

// length writes a length of time in one unit, rounded up.
func length(d time.Duration) string {
	units := []struct {
		length, until time.Duration
		name          string
	}{
		{time.Second, 2 * time.Minute, "second"},
		{time.Minute, 2 * time.Hour, "minute"},
		{time.Hour, 48 * time.Hour, "hour"},
		{24 * time.Hour, math.MaxInt64, "day"},
	}
	for _, u := range units {
		if d < u.until || u.until == math.MaxInt64 {
			n := int64(d / u.length)
			if d%u.length > 0 {
				n++
			}
			return plural(n, u.name, u.name+"s")
		}
	}
	return ""
}

// atPresent adds how long something takes, where it is known.
func atPresent(d time.Duration) string {
	if d <= 0 {
		return ""
	}
	return ", " + length(d) + " at the present rate"
}

// furthest is as far as forecasts go.
const furthest = 10_000 * 24 * time.Hour

// seconds returns so many seconds, one nanosecond at least and furthest at most.
func seconds(s float64) time.Duration {
	if s >= furthest.Seconds() {
		return furthest
	}
	return max(time.Duration(s*float64(time.Second)), 1)
}
