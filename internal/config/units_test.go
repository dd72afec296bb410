package config

import (
	"testing"
	"time"
)

func TestParseDuration(t *testing.T) {
	tests := []struct {
		name, text string
		want       time.Duration
		bad        string
	}{
		{name: "Go's own", text: "1h30m", want: 90 * time.Minute},
		{name: "days", text: "30d", want: 720 * time.Hour},
		{name: "days and more", text: "1d12h", want: 36 * time.Hour},
		{name: "part of a day", text: "1.5d", want: 36 * time.Hour},
		{name: "nothing", text: "0s", want: 0},
		{name: "zero needs no unit", text: "0", want: 0},
		{name: "no unit", text: "30", bad: `"30" has no unit; did you mean 30s?`},
		{name: "days are first", text: "1h1d", bad: `"1h1d" is not a duration such as 30s, 1h30m or 30d`},
		{name: "a sign in the middle", text: "1d-1h", bad: `"1d-1h" is not a duration such as 30s, 1h30m or 30d`},
		{name: "negative", text: "-1s", bad: `"-1s" is less than nothing`},
		{name: "more than fits", text: "999999d", bad: `"999999d" is more than a hundred years`},
		{name: "more than fits in hours", text: "2000000h", bad: `"2000000h" is more than a hundred years`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := parseDuration(tt.text)
			check(t, got, err, tt.want, tt.bad)
		})
	}
}

func TestParseSize(t *testing.T) {
	tests := []struct {
		name, text string
		want       int64
		bad        string
	}{
		{name: "plain bytes", text: "65536", want: 65536},
		{name: "bytes", text: "12B", want: 12},
		{name: "KiB", text: "64KiB", want: 64 << 10},
		{name: "MiB with space", text: "1 MiB", want: 1 << 20},
		{name: "GiB and a half", text: "1.5GiB", want: 3 << 29},
		{name: "TiB", text: "1TiB", want: 1 << 40},
		{name: "another system", text: "5MB", bad: `no unit "MB" is known; did you mean "5MiB"?`},
		{name: "a letter", text: "5g", bad: `no unit "g" is known; did you mean "5GiB"?`},
		{name: "another case", text: "5kib", bad: `no unit "kib" is known; did you mean "5KiB"?`},
		{name: "half a byte", text: "0.5", bad: `"0.5" is not a whole number of bytes`},
		{name: "negative", text: "-1", bad: `"-1" is not a size such as 64KiB, 1MiB, 2GiB or a number of bytes`},
		{name: "too much", text: "2000TiB", bad: `"2000TiB" is more than 1024TiB`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := parseSize(tt.text)
			check(t, got, err, tt.want, tt.bad)
		})
	}
}

func TestParsePercent(t *testing.T) {
	tests := []struct {
		name, text string
		want       float64
		bad        string
	}{
		{name: "all", text: "100%", want: 1},
		{name: "a part", text: "12.5%", want: 0.125},
		{name: "none", text: "0%", want: 0},
		{name: "no sign", text: "20", bad: `"20" has no percent sign; did you mean 20%?`},
		{name: "no sign, a share", text: "0.5", bad: `"0.5" has no percent sign; did you mean 50%, or 0.5%?`},
		{name: "no sign, all as a share", text: "1", bad: `"1" has no percent sign; did you mean 100%, or 1%?`},
		{name: "no sign, a share of many digits", text: "0.07", bad: `"0.07" has no percent sign; did you mean 7%, or 0.07%?`},
		{name: "no sign, none", text: "0", bad: `"0" has no percent sign; did you mean 0%?`},
		{name: "no number", text: "%", bad: `"%" is not a percentage such as 100% or 12.5%`},
		{name: "negative", text: "-1%", bad: `"-1%" is not a percentage such as 100% or 12.5%`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := parsePercent(tt.text)
			check(t, got, err, tt.want, tt.bad)
		})
	}
}

// check compares what was read, or why it wasn't.
func check[T comparable](t *testing.T, got T, err error, want T, bad string) {
	t.Helper()
	message := ""
	if err != nil {
		message = err.Error()
	}
	if message != bad {
		t.Fatalf("error %q, want %q", message, bad)
	}
	if err == nil && got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestCollide(t *testing.T) {
	tests := []struct {
		name, a, b string
		want       bool
	}{
		{"the same", "127.0.0.1:1", "127.0.0.1:1", true},
		{"another port", "127.0.0.1:1", "127.0.0.1:2", false},
		{"another address", "127.0.0.1:1", "192.0.2.1:1", false},
		{"everywhere and somewhere", ":1", "192.0.2.1:1", true},
		{"everywhere in words", "0.0.0.0:1", "[::]:1", true},
		{"localhost is loopback", "localhost:1", "127.0.0.1:1", true},
		{"any free port", ":0", ":0", false},
		{"none", "", "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := collide(tt.a, tt.b); got != tt.want {
				t.Errorf("collide(%q, %q) = %v", tt.a, tt.b, got)
			}
			if got := collide(tt.b, tt.a); got != tt.want {
				t.Errorf("collide(%q, %q) = %v", tt.b, tt.a, got)
			}
		})
	}
}
