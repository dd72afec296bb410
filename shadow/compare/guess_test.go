package compare_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/shadow/compare"
)

func TestGuess(t *testing.T) {
	long := strings.Repeat("a", 2000)
	for _, tt := range []struct {
		name            string
		legacy, service string // JSON; empty: none
		want            string
	}{
		{"euros and cents", `12.5`, `1250`, "by a factor of 100"},
		{"cents and euros", `1250`, `12.50`, "by a factor of 0.01"},
		{"seconds and milliseconds", `1795860000`, `1795860000000`, "by a factor of 1000"},
		{"in strings", `"12.50"`, `"1250"`, "by a factor of 100"},
		{"negative", `-3.20`, `-320`, "by a factor of 100"},
		{"a single digit times a hundred", `1`, `100`, "by a factor of 100"},
		{"a single digit times ten may be anything", `1`, `10`, ""},
		{"two digits times ten", `12`, `120`, "by a factor of 10"},
		{"a tax is no power of ten", `100`, `119`, ""},
		{"nearly a hundred", `12.5`, `1251`, ""},
		{"so large a factor is chance", `1`, `1e13`, ""},
		{"zero times anything is zero", `0`, `100`, ""},
		{"exponents of a thousand digits", `1e` + strings.Repeat("9", 1000), `2e` + strings.Repeat("9", 1000), ""},

		{"sign", `-12.5`, `12.50`, "sign"},
		{"another number with another sign", `-12.5`, `12.6`, ""},

		{"rounded", `12.345`, `12.35`, "rounded to 2 decimals"},
		{"rounded half to even", `12.345`, `12.34`, "rounded to 2 decimals"},
		{"rounded to a whole number", `12.6`, `13`, "rounded to a whole number"},
		{"rounded to one", `-0.25`, `-0.3`, "rounded to 1 decimal"},
		{"the service has more", `0.3`, `0.30000000000000004`, "rounded to 1 decimal"},
		{"cut", `12.349`, `12.34`, "cut to 2 decimals"},
		{"cut, negative", `-7.9`, `-7`, "cut to a whole number"},
		{"beyond rounding", `12.345`, `12.36`, ""},
		{"away from zero is not cut", `12.341`, `12.35`, ""},
		{"as many decimals", `12.34`, `12.30`, ""},
		{"rounded across zero", `-0.2`, `0.1`, ""},
		{"whole numbers are not rounded", `1234`, `1200`, ""},
		{"sums in another order", `0.1000000000000000055`, `0.1000000000000000057`, "floating point: the last digits"},
		{"an integer that a float64 can't hold", `9007199254740993`, `9007199254740992`, "floating point: the last digits"},
		{"integers that it can", `9007199254740991`, `9007199254740990`, ""},
		{"many zeros behind the point", `0e-999999999`, `1`, ""},

		{"a zone forgotten", `"2026-11-28T10:00:00Z"`, `"2026-11-28T12:00:00Z"`, "2 h apart: a time zone?"},
		{"the same digits in another zone", `"2026-11-28T10:00:00Z"`, `"2026-11-28T10:00:00+05:30"`, "5 h 30 min apart: a time zone?"},
		{"without zones", `"2026-11-28 10:00:00"`, `"2026-11-28 09:15:00"`, "45 min apart: a time zone?"},
		{"midnight elsewhere is another day", `"2026-11-28"`, `"2026-11-27T23:00:00Z"`, "1 h apart: a time zone?"},
		{"as far as Kiribati", `"2026-11-28T00:00:00Z"`, `"2026-11-28T14:00:00Z"`, "14 h apart: a time zone?"},
		{"beyond any zone", `"2026-11-28T00:00:00Z"`, `"2026-11-28T14:15:00Z"`, ""},
		{"no quarter of an hour", `"2026-11-28T10:00:00Z"`, `"2026-11-28T12:00:01Z"`, ""},
		{"two days", `"2026-11-28"`, `"2026-11-29"`, ""},
		{"the same instant in two zones", `"2026-11-28T10:00:00Z"`, `"2026-11-28T11:00:00+01:00"`, "same instant, written differently"},
		{"with zeros", `"2026-11-28T10:00:00Z"`, `"2026-11-28T10:00:00.000Z"`, "same instant, written differently"},
		{"in two forms", `"2026-11-28 10:00:00"`, `"2026-11-28T10:00:00Z"`, "same instant, written differently"},
		{"as HTTP has it", `"Sat, 28 Nov 2026 10:00:00 GMT"`, `"2026-11-28T10:00:00+0000"`, "same instant, written differently"},
		{"seconds since 1970", `1795860000`, `"2026-11-28T10:00:00Z"`, "same instant, written differently"},
		{"milliseconds since 1970", `"2026-11-28T10:00:00.5Z"`, `1795860000500`, "same instant, written differently"},
		{"a number that is no such instant", `1795860001`, `"2026-11-28T10:00:00Z"`, ""},
		{"milliseconds left out", `"2026-11-28T10:00:00.123Z"`, `"2026-11-28T10:00:00Z"`, "fraction of a second"},
		{"microseconds left out", `"2026-11-28T10:00:00.123456Z"`, `"2026-11-28T10:00:00.123Z"`, "fraction of a second"},
		{"other milliseconds", `"2026-11-28T10:00:00.123Z"`, `"2026-11-28T10:00:00.125Z"`, ""},
		{"a day that no calendar has", `"2026-02-30T10:00:00Z"`, `"2026-02-30T12:00:00Z"`, ""},

		{"case", `"Müller"`, `"MÜLLER"`, "case only"},
		{"case and more", `"Muller"`, `"MÜLLER"`, ""},
		{"trimmed", `"CODE  "`, `"CODE"`, "trimmed blanks"},
		{"trimmed in front", `"CODE"`, `"\tCODE"`, "trimmed blanks"},
		{"lines end otherwise", `"a\r\nb"`, `"a\nb"`, "whitespace only"},
		{"blanks within", `"12 Main St"`, `"12  Main  St"`, "whitespace only"},
		{"blanks and more", `"12 Main St"`, `"12  Main  Rd"`, ""},
		{"decomposed", `"é"`, `"e\u0301"`, "Unicode normal form"},
		{"an accent is no normal form", `"é"`, `"e"`, ""},
		{"HTML", `"Smith & Sons"`, `"Smith &amp; Sons"`, "HTML-escaped"},
		{"HTML, twice", `"Smith &amp; Sons"`, `"Smith &amp;amp; Sons"`, "HTML-escaped"},
		{"HTML, by number", `"it&#39;s"`, `"it's"`, "HTML-escaped"},
		{"HTML of something else", `"Smith & Co"`, `"Smith &amp; Sons"`, ""},
		{"part of a URL", `"a b/ü"`, `"a%20b%2F%C3%BC"`, "URL-escaped"},
		{"part of a form", `"a b"`, `"a+b"`, "URL-escaped"},
		{"a sign of percent", `"100%"`, `"100%25!"`, ""},
		{"UTF-8 read as Latin-1", `"Müller"`, `"MÃ¼ller"`, "charset: UTF-8 read as Latin-1"},
		{"UTF-8 read as Windows-1252", `"5 €"`, `"5 â‚¬"`, "charset: UTF-8 read as Latin-1"},
		{"read so by legacy", `"GrÃ¶ÃŸe"`, `"Größe"`, "charset: UTF-8 read as Latin-1"},
		{"in real ISO 8859-1", `"Größe"`, `"GrÃ¶Ã\u009fe"`, "charset: UTF-8 read as Latin-1"},
		{"another letter", `"Müller"`, `"MÃ¶ller"`, ""},
		{"question marks", `"Müller"`, `"M?ller"`, "charset: letters lost"},
		{"replacement characters", `"M\ufffdller"`, `"Müller"`, "charset: letters lost"},
		{"a question mark for a plain letter", `"Miller"`, `"M?ller"`, ""},
		{"cut off", `"The strangler fig"`, `"The strangl"`, "cut off after 11 characters"},
		{"cut off, by legacy", `"Großartig"`, `"Großartige Aussichten"`, "cut off after 9 characters"},
		{"cut off with dots", `"The strangler fig"`, `"The strang..."`, "cut off after 10 characters"},
		{"cut off with an ellipsis", `"The strangler fig"`, `"The strang…"`, "cut off after 10 characters"},
		{"a short beginning may be chance", `"cat"`, `"category"`, ""},
		{"an excerpt is not cut off by a side", `"The strangler fig, and more"`, `"The strangler fig, … (9000 bytes)"`, ""},
		{"other words", `"yes"`, `"no"`, ""},

		{"number against string", `7`, `"7"`, "number against string"},
		{"string against number, written otherwise", `"7.50"`, `7.5`, "number against string"},
		{"and a factor", `12.5`, `"1250"`, "number against string, and by a factor of 100"},
		{"a number against a word", `7`, `"seven"`, ""},
		{"a number against another", `7`, `"8"`, ""},
		{"true and 1", `true`, `1`, "boolean against 1"},
		{"0 and false", `0`, `false`, "boolean against 0"},
		{"true and 0", `true`, `0`, ""},
		{"true in a string", `true`, `"true"`, "boolean against the string true"},
		{"1 in a string", `"1"`, `true`, "boolean against the string 1"},
		{"false against a word", `false`, `"true"`, ""},
		{"true against false", `true`, `false`, ""},

		{"null against missing", `null`, ``, "null against missing"},
		{"missing against null", ``, `null`, "null against missing"},
		{"an empty array against missing", `[ ]`, ``, "empty array against missing"},
		{"an empty string against missing", ``, `""`, "empty string against missing"},
		{"a value against missing", `0`, ``, ""},
		{"an array that isn't empty", `[0]`, ``, ""},
		{"empty string against null", `""`, `null`, "empty string against null"},
		{"null against empty array", `null`, `[]`, "null against empty array"},
		{"array against object, of PHP", `[]`, `{}`, "empty array against empty object"},
		{"null against zero", `null`, `0`, ""},
		{"null against a blank", `null`, `" "`, ""},

		{"not JSON", `tru`, `true`, ""},
		{"over any bound", `"` + long + `"`, `"` + long + `a"`, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, v := range []string{tt.legacy, tt.service} {
				if v != "" && v != "tru" && !json.Valid([]byte(v)) {
					t.Fatalf("%s is not JSON", v)
				}
			}
			if got := compare.Guess(differenceOf(tt.legacy, tt.service)); got != tt.want {
				t.Errorf("guessed %q, want %q", got, tt.want)
			}
		})
	}
}

// differenceOf is a difference of two values at some place; an empty one is none.
func differenceOf(legacy, service string) shadow.Difference {
	d := shadow.Difference{Pointer: "/a", Pattern: "/a", Kind: shadow.KindValue}
	if legacy == "" {
		d.Kind = shadow.KindExtra
	} else {
		d.Legacy = json.RawMessage(legacy)
	}
	if service == "" {
		d.Kind = shadow.KindMissing
	} else {
		d.Service = json.RawMessage(service)
	}
	return d
}

// TestGuessKinds holds what is guessed from a difference's kind.
func TestGuessKinds(t *testing.T) {
	for kind, want := range map[shadow.Kind]string{
		shadow.KindValue:    "by a factor of 100",
		shadow.KindHeader:   "by a factor of 100",
		shadow.KindOrder:    "same elements, sorted differently",
		shadow.KindLength:   "",
		shadow.KindStatus:   "",
		shadow.KindBody:     "",
		shadow.KindEncoding: "",
	} {
		d := shadow.Difference{Kind: kind, Legacy: []byte("5"), Service: []byte("500")}
		if got := compare.Guess(d); got != want {
			t.Errorf("of kind %s: guessed %q, want %q", kind, got, want)
		}
	}
}

// FuzzGuess holds that something is guessed both ways around or not at all, in a few words.
func FuzzGuess(f *testing.F) {
	for _, pair := range [][2]string{
		{`12.345`, `12.35`}, {`0e-99999`, `1e400`}, {`"2026-11-28T10:00:00Z"`, `"2026-11-28 12:00"`}, {`"é"`, `"e\u0301"`},
		{`"a%20b"`, `"a b"`}, {`true`, `"1"`}, {`null`, `[]`}, {`"The strangler fig"`, `"The strangler…"`}, {`1795860000`, `"2026-11-28T10:00:00Z"`},
	} {
		f.Add(pair[0], pair[1])
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		there, back := compare.Guess(differenceOf(a, b)), compare.Guess(differenceOf(b, a))
		if (there == "") != (back == "") {
			t.Errorf("guessed %q for %q against %q, and %q the other way around", there, a, b, back)
		}
		if len(there) > 100 || !utf8.ValidString(there) {
			t.Errorf("guessed %q", there)
		}
	})
}
