package compare_test

import (
	"encoding/json"
	"testing"

	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/shadow/compare"
)

func TestGuess(t *testing.T) {
	tests := []struct {
		name            string
		kind            shadow.Kind
		legacy, service string
		want            string
	}{
		{"cents for euros", shadow.KindValue, "12.5", "1250", "by a factor of 100"},
		{"euros for cents", shadow.KindValue, "1250", "12.50", "by a factor of 100"},
		{"milliseconds for seconds", shadow.KindValue, "1777897800000", "1777897800", "by a factor of 1000"},
		{"a factor that is none", shadow.KindValue, "10", "30", ""},
		{"a negative factor", shadow.KindValue, "10", "-1000", ""},
		{"the sign", shadow.KindValue, "12.5", "-12.5", "in sign"},
		{"nothing and something", shadow.KindValue, "0", "100", ""},
		{"rounded", shadow.KindValue, "12.345", "12.35", "rounded to 2 decimals by the service"},
		{"rounded by legacy", shadow.KindValue, "12", "12.4", "rounded to 0 decimals by legacy"},
		{"not rounded", shadow.KindValue, "12.345", "12.4", ""},
		{"off by one", shadow.KindValue, "780", "779", "by one"},
		{"huge numbers", shadow.KindValue, "1e999999", "2e999999", ""},

		{"a time zone", shadow.KindValue, `"2026-05-04T12:00:00"`, `"2026-05-04T10:00:00"`, "2 h apart: a time zone?"},
		{"a time zone of India", shadow.KindValue, `"2026-05-04T12:00:00Z"`, `"2026-05-04T17:30:00Z"`, "330 min apart: a time zone?"},
		{"the same instant", shadow.KindValue, `"2026-05-04T12:00:00Z"`, `"2026-05-04T14:00:00+02:00"`, "the same time, written differently"},
		{"another way to write a date", shadow.KindValue, `"04.05.2026"`, `"2026-05-04"`, "the same time, written differently"},
		{"fractions", shadow.KindValue, `"2026-05-04T12:00:00.123Z"`, `"2026-05-04T12:00:00Z"`, "in fractions of a second"},
		{"a day", shadow.KindValue, `"2026-05-04"`, `"2026-05-05"`, "1 day apart"},
		{"another time", shadow.KindValue, `"2026-05-04T12:00:00Z"`, `"2026-05-04T12:07:00Z"`, ""},

		{"letter case", shadow.KindValue, `"ACTIVE"`, `"active"`, "in letter case"},
		{"blanks at the ends", shadow.KindValue, `"Ada  "`, `"Ada"`, "in blanks at the ends"},
		{"blanks within", shadow.KindValue, `"Ada  Lovelace"`, `"Ada Lovelace"`, "in blanks"},
		{"case and blanks", shadow.KindValue, `"ADA  LOVELACE "`, `"Ada Lovelace"`, "in letter case and blanks"},
		{"normal form", shadow.KindValue, `"Zoe\u0301"`, `"Zoé"`, "in Unicode normal form"},
		{"HTML", shadow.KindValue, `"Marks &amp; Spencer"`, `"Marks & Spencer"`, "in HTML escapes"},
		{"URL", shadow.KindValue, `"a%20b"`, `"a b"`, "in URL escapes"},
		{"a slash", shadow.KindValue, `"/shop/"`, `"/shop"`, "in a trailing slash"},
		{"mangled", shadow.KindValue, `"Müller"`, `"MÃ¼ller"`, "UTF-8 read as Latin-1 by the service"},
		{"mangled by legacy", shadow.KindValue, `"MÃ¼ller"`, `"Müller"`, "UTF-8 read as Latin-1 by legacy"},
		{"cut", shadow.KindValue, `"Donaudampfschiff"`, `"Donaudampf"`, "cut to 10 characters by the service"},
		{"begins alike by chance", shadow.KindValue, `"no"`, `"none"`, ""},
		{"numbers in strings", shadow.KindValue, `"12.50"`, `"12.5"`, "the same number, written differently"},
		{"numbers in strings, a factor", shadow.KindValue, `"1250"`, `"12.50"`, "by a factor of 100"},
		{"other words", shadow.KindValue, `"yes"`, `"no"`, ""},
		{"a boolean", shadow.KindValue, `true`, `false`, ""},

		{"number for string", shadow.KindType, `7`, `"7"`, "a number in legacy, a string in the service"},
		{"string for number", shadow.KindType, `"7.0"`, `7`, "a string in legacy, a number in the service"},
		{"another number in a string", shadow.KindType, `7`, `"8"`, ""},
		{"boolean for a number", shadow.KindType, `1`, `true`, "a number in legacy, a boolean in the service"},
		{"boolean for a letter", shadow.KindType, `"Y"`, `true`, "a string in legacy, a boolean in the service"},
		{"the wrong boolean", shadow.KindType, `"N"`, `true`, ""},
		{"null for empty", shadow.KindType, `null`, `""`, "null in legacy, an empty string in the service"},
		{"null for nothing in it", shadow.KindType, `[]`, `null`, "an empty array in legacy, null in the service"},
		{"null for something", shadow.KindType, `null`, `"x"`, ""},
		{"one and a list of it", shadow.KindType, `"x"`, `["x"]`, "a string in legacy, an array in the service"},

		{"null left out", shadow.KindMissing, `null`, ``, "null in legacy, left out by the service"},
		{"an empty list put in", shadow.KindExtra, ``, `[]`, "[] in the service, left out by legacy"},
		{"something left out", shadow.KindMissing, `7`, ``, ""},

		{"sorted by one", shadow.KindOrder, `["b","A","c"]`, `["A","b","c"]`, "ascending in the service"},
		{"sorted in both ways", shadow.KindOrder, `[1,2,10]`, `[10,2,1]`, "ascending in legacy, descending in the service"},
		{"sorted by neither", shadow.KindOrder, `[2,1,3]`, `[3,1,2]`, ""},
		{"objects", shadow.KindOrder, `[{},{},{}]`, `[{},{},{}]`, ""},

		{"a value that was cut", shadow.KindValue, `"abc… (9 bytes)`, `"x"`, ""},
		{"none", shadow.KindStatus, `200`, `404`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := shadow.Difference{Kind: tt.kind, Legacy: json.RawMessage(tt.legacy), Service: json.RawMessage(tt.service)}
			if got := compare.Guess(d); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

func FuzzGuess(f *testing.F) {
	f.Add("value", "12.5", "1250")
	f.Add("type", `"x"`, "null")
	f.Add("order", "[1,2,3]", `["a","b",3]`)
	f.Fuzz(func(t *testing.T, kind, legacy, service string) {
		compare.Guess(shadow.Difference{Kind: shadow.Kind(kind), Legacy: json.RawMessage(legacy), Service: json.RawMessage(service)})
	})
}
