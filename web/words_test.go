package web

import (
	"strings"
	"testing"
)

func TestServiceVersion(t *testing.T) {
	for _, tt := range []struct {
		name, text, want string
		problem          string // empty: it is one
	}{
		{"plain", "1.4.2", "1.4.2", ""},
		{"a line with its end", " v1.4.2-rc.1+build 7\r\n", "v1.4.2-rc.1+build 7", ""},
		{"in any letters", "größer", "größer", ""},
		{"as long as may be", strings.Repeat("a", 200), strings.Repeat("a", 200), ""},
		{"and space around that", strings.Repeat("a", 200) + strings.Repeat(" ", 10), strings.Repeat("a", 200), ""},
		{"too long", strings.Repeat("a", 201), "", "over 200 bytes"},
		{"too long, though of fewer characters", strings.Repeat("ü", 101), "", "over 200 bytes"},
		{"nothing", "", "", "blank"},
		{"nothing but space", " \n\u00a0", "", "blank"},
		{"two lines", "1\n2", "", "U+000A"},
		{"what a terminal obeys", "1\x1b[2J", "", "U+001B"},
		{"what turns the direction of writing", "1\u202e2", "", "U+202E"},
		{"a space that looks like another one", "1\u00a02", "", "U+00A0"},
		{"no UTF-8", "1\xff", "", "UTF-8"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ServiceVersion(tt.text)
			switch {
			case tt.problem == "" && (err != nil || got != tt.want):
				t.Errorf("it is %q, error %v, want %q", got, err, tt.want)
			case tt.problem != "" && (err == nil || got != "" || !strings.Contains(err.Error(), tt.problem)):
				t.Errorf("it is %q, error %v, want %q in it", got, err, tt.problem)
			}
		})
	}
}
