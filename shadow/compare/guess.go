package compare

import (
	"encoding/json"
	"fmt"
	"html"
	"math/big"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/unicode/norm"

	"github.com/strangler-fig/toolkit/shadow"
)

// Guess says in a few words what may be the mechanical reason of a difference, such as "by a factor
// of 100"; empty: nothing comes to mind. It is only a guess.
func Guess(d shadow.Difference) string {
	switch d.Kind {
	case shadow.KindMissing:
		return guessLone(d.Legacy, "legacy", "the service")
	case shadow.KindExtra:
		return guessLone(d.Service, "the service", "legacy")
	case shadow.KindType:
		return guessType(d.Legacy, d.Service)
	case shadow.KindOrder:
		return guessOrder(d.Legacy, d.Service)
	case shadow.KindValue:
		a, b := parseAny(d.Legacy), parseAny(d.Service)
		switch a := a.(type) {
		case json.Number:
			if b, ok := b.(json.Number); ok {
				return guessNumbers(string(a), string(b))
			}
		case string:
			if b, ok := b.(string); ok {
				return guessTexts(a, b)
			}
		}
	}
	return ""
}

// parseAny reads a value; nil where there is none, where it is null, or was cut.
func parseAny(raw json.RawMessage) any {
	var v any
	decoder := json.NewDecoder(strings.NewReader(string(raw)))
	decoder.UseNumber()
	if decoder.Decode(&v) != nil {
		return nil
	}
	return v
}

func guessLone(value json.RawMessage, has, lacks string) string {
	switch text := string(value); text {
	case "null", `""`, "[]", "{}", "false", "0":
		return fmt.Sprintf("%s in %s, left out by %s", text, has, lacks)
	}
	return ""
}

func guessType(legacy, service json.RawMessage) string {
	a, b := parseAny(legacy), parseAny(service)
	side := func(v any, raw json.RawMessage) string {
		switch v := v.(type) {
		case string:
			if v == "" {
				return "an empty string"
			}
			return "a string"
		case json.Number:
			return "a number"
		case bool:
			return "a boolean"
		case []any:
			if len(v) == 0 {
				return "an empty array"
			}
			return "an array"
		case map[string]any:
			return "an object"
		}
		if string(raw) == "null" {
			return "null"
		}
		return ""
	}
	one, other := side(a, legacy), side(b, service)
	if one == "" || other == "" || !alike(a, b) && !alike(b, a) {
		return ""
	}
	return fmt.Sprintf("%s in legacy, %s in the service", one, other)
}

// alike reports whether a stands for the same as b, of another type.
func alike(a, b any) bool {
	switch a := a.(type) {
	case nil:
		switch b := b.(type) {
		case string:
			return b == ""
		case []any:
			return len(b) == 0
		case map[string]any:
			return len(b) == 0
		}
	case json.Number:
		text, ok := b.(string)
		return ok && sameNumber(string(a), strings.TrimSpace(text))
	case bool:
		switch b := b.(type) {
		case json.Number:
			return a && b == "1" || !a && b == "0"
		case string:
			switch strings.ToLower(b) {
			case "true", "1", "y", "yes", "t":
				return a
			case "false", "0", "n", "no", "f":
				return !a
			}
		}
	case []any:
		if len(a) == 1 { // a list of one, and that one
			one, err1 := json.Marshal(a[0])
			other, err2 := json.Marshal(b)
			return err1 == nil && err2 == nil && string(one) == string(other)
		}
	}
	return false
}

func sameNumber(a, b string) bool {
	x, ok1 := rational([]byte(a))
	if !plainNumber.MatchString(b) {
		return false
	}
	y, ok2 := new(big.Rat).SetString(b)
	return ok1 && ok2 && x.Cmp(y) == 0
}

// guessNumbers compares two that differ.
func guessNumbers(a, b string) string {
	x, ok1 := rational([]byte(a))
	y, ok2 := rational([]byte(b))
	if !ok1 || !ok2 {
		return ""
	}
	if x.Sign() != 0 && new(big.Rat).Neg(x).Cmp(y) == 0 {
		return "in sign"
	}
	if x.Sign() == 0 || y.Sign() == 0 {
		return ""
	}
	ratio := new(big.Rat).Quo(x, y)
	if power, ok := powerOfTen(ratio); ok {
		return "by a factor of " + power
	}
	if guess := guessRounding(a, b); guess != "" {
		return guess
	}
	if by := new(big.Rat).Sub(x, y); by.IsInt() && by.Num().IsInt64() && (by.Num().Int64() == 1 || by.Num().Int64() == -1) {
		return "by one"
	}
	return ""
}

// powerOfTen writes 10, 100, … up to a million where the ratio, or its inverse, is one.
func powerOfTen(ratio *big.Rat) (string, bool) {
	if ratio.Sign() < 0 {
		return "", false
	}
	if ratio.Num().Cmp(ratio.Denom()) < 0 {
		ratio = new(big.Rat).Inv(ratio)
	}
	if !ratio.IsInt() || !ratio.Num().IsInt64() {
		return "", false
	}
	for power := int64(10); power <= 1_000_000; power *= 10 {
		if ratio.Num().Int64() == power {
			return strconv.FormatInt(power, 10), true
		}
	}
	return "", false
}

// guessRounding sees whether one number is the other with fewer decimals.
func guessRounding(a, b string) string {
	decimals := func(s string) (int, bool) {
		_, fraction, _ := strings.Cut(s, ".")
		return len(fraction), !strings.ContainsAny(s, "eE")
	}
	n, ok1 := decimals(a)
	m, ok2 := decimals(b)
	if !ok1 || !ok2 || n == m {
		return ""
	}
	long, short, places, who := a, b, m, "the service"
	if m > n {
		long, short, places, who = b, a, n, "legacy"
	}
	exact, ok1 := rational([]byte(long))
	kept, ok2 := rational([]byte(short))
	if !ok1 || !ok2 {
		return ""
	}
	unit := new(big.Rat).SetFrac(big.NewInt(1), new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(places)), nil))
	switch apart := new(big.Rat).Sub(exact, kept); apart.Abs(apart).Cmp(unit.Mul(unit, big.NewRat(1, 2))) {
	case -1, 0:
		return fmt.Sprintf("rounded to %d decimals by %s", places, who)
	}
	return ""
}

// guessTexts compares two that differ.
func guessTexts(a, b string) string {
	if guess := guessTimes(a, b); guess != "" {
		return guess
	}
	if plainNumber.MatchString(a) && plainNumber.MatchString(b) {
		if sameNumber(strings.TrimPrefix(a, "+"), b) {
			return "the same number, written differently"
		}
		return guessNumbers(a, b)
	}
	for _, same := range []struct {
		guess string
		form  func(string) string
	}{
		{"in blanks at the ends", strings.TrimSpace},
		{"in blanks", func(s string) string { return strings.Join(strings.Fields(s), " ") }},
		{"in letter case", strings.ToLower},
		{"in Unicode normal form", norm.NFC.String},
		{"in HTML escapes", html.UnescapeString},
		{"in URL escapes", unescapeURL},
		{"in a trailing slash", func(s string) string { return strings.TrimSuffix(s, "/") }},
		{"in letter case and blanks", func(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), " ")) }},
	} {
		if same.form(a) == same.form(b) {
			return same.guess
		}
	}
	switch {
	case mangled(a) == b:
		return "UTF-8 read as Latin-1 by the service"
	case mangled(b) == a:
		return "UTF-8 read as Latin-1 by legacy"
	case len(b) >= leastCut && strings.HasPrefix(a, b):
		return fmt.Sprintf("cut to %d characters by the service", utf8.RuneCountInString(b))
	case len(a) >= leastCut && strings.HasPrefix(b, a):
		return fmt.Sprintf("cut to %d characters by legacy", utf8.RuneCountInString(a))
	}
	return ""
}

// leastCut is how long a text is at least that another was cut to, bytes: any may begin with a few
// letters of another.
const leastCut = 8

func unescapeURL(s string) string {
	plain, err := url.PathUnescape(s)
	if err != nil {
		return s
	}
	return plain
}

// mangled returns what UTF-8 becomes for one who takes it for windows-1252, as browsers do for Latin-1.
func mangled(s string) string {
	text, err := charmap.Windows1252.NewDecoder().String(s)
	if err != nil || text == s {
		return ""
	}
	return text
}

var guessedTimes = []string{
	time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999", "2006-01-02 15:04:05.999999999Z07:00",
	time.RFC1123, time.RFC1123Z, "2006-01-02T15:04Z07:00", "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02",
	"02.01.2006 15:04:05", "02.01.2006 15:04", "02.01.2006", "02/01/2006 15:04:05", "02/01/2006", "01/02/2006", "20060102",
}

func parseTime(s string) (time.Time, string) {
	if len(s) < len("20060102") || len(s) > 40 {
		return time.Time{}, ""
	}
	for _, layout := range guessedTimes {
		if t, err := time.Parse(layout, s); err == nil {
			return t, layout
		}
	}
	return time.Time{}, ""
}

// guessTimes sees whether two texts are the same moment, or apart as time zones are.
func guessTimes(a, b string) string {
	x, layout := parseTime(a)
	y, other := parseTime(b)
	if layout == "" || other == "" {
		return ""
	}
	apart := x.Sub(y)
	switch {
	case apart == 0:
		return "the same time, written differently"
	case apart.Abs() <= 14*time.Hour && apart%(15*time.Minute) == 0 && strings.Contains(layout, "15:04") && strings.Contains(other, "15:04"):
		return duration(apart.Abs()) + " apart: a time zone?"
	case apart.Abs() < time.Second:
		return "in fractions of a second"
	case apart%(24*time.Hour) == 0 && apart.Abs() <= 48*time.Hour:
		return count(int(apart.Abs().Hours()/24), "day") + " apart"
	}
	return ""
}

func duration(d time.Duration) string {
	if d%time.Hour == 0 {
		return fmt.Sprintf("%d h", int(d.Hours()))
	}
	return fmt.Sprintf("%d min", int(d.Minutes()))
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// guessOrder sees whether one of two arrays with the same elements is sorted.
func guessOrder(legacy, service json.RawMessage) string {
	one, other := sortedArray(legacy), sortedArray(service)
	switch {
	case one == other:
		return ""
	case one != "" && other != "":
		return fmt.Sprintf("%s in legacy, %s in the service", one, other)
	case one != "":
		return one + " in legacy"
	}
	return other + " in the service"
}

// sortedArray says how an array of texts or numbers is sorted; empty: it isn't, or can't be read.
func sortedArray(raw json.RawMessage) string {
	all, ok := parseAny(raw).([]any)
	if !ok || len(all) < 3 {
		return ""
	}
	up, down := true, true
	for i := 1; i < len(all); i++ {
		var c int
		switch a := all[i-1].(type) {
		case string:
			b, ok := all[i].(string)
			if !ok {
				return ""
			}
			c = strings.Compare(strings.ToLower(a), strings.ToLower(b))
		case json.Number:
			b, ok := all[i].(json.Number)
			if !ok {
				return ""
			}
			x, ok1 := rational([]byte(a))
			y, ok2 := rational([]byte(b))
			if !ok1 || !ok2 {
				return ""
			}
			c = x.Cmp(y)
		default:
			return ""
		}
		up, down = up && c <= 0, down && c >= 0
	}
	switch {
	case up:
		return "ascending"
	case down:
		return "descending"
	}
	return ""
}
