package config

import (
	"fmt"
	"testing"
)

func TestExpand(t *testing.T) {
	tests := []struct {
		name, text, want string
		bad              string
	}{
		{name: "plain", text: "orders", want: "orders"},
		{name: "a name", text: "a-${GRACE}-b", want: "a-45s-b"},
		{name: "set, so no default", text: "${GRACE:-1s}", want: "45s"},
		{name: "unset, so the default", text: "${NOWHERE:-1s}", want: "1s"},
		{name: "empty, so the default", text: "${EMPTY:-1s}", want: "1s"},
		{name: "an empty default", text: "a${NOWHERE:-}b", want: "ab"},
		{name: "empty is set", text: "a${EMPTY}b", want: "ab"},
		{name: "escaped", text: "$${GRACE} $$", want: "${GRACE} $"},
		{name: "any other dollar", text: "^/a$ $GRACE", want: "^/a$ $GRACE"},
		{name: "what comes from the environment is not read again", text: "${NESTED}", want: "${GRACE}"},
		{name: "unset", text: "ab${NOWHERE}", bad: "2: the environment variable NOWHERE is not set; set it, or write ${NOWHERE:-DEFAULT}"},
		{name: "no end", text: "${GRACE", bad: "0: ${ has no }; a literal ${ is written $${"},
		{name: "no name", text: "${}", bad: `0: "" is no environment variable's name; a literal ${ is written $${`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bad := ""
			got := expand(tt.text, func(name string) (string, bool) {
				if name == "NESTED" {
					return "${GRACE}", true
				}
				v, ok := environment[name]
				return v, ok
			}, func(offset int, format string, args ...any) {
				bad += fmt.Sprintf("%d: ", offset) + fmt.Sprintf(format, args...)
			})
			if bad != tt.bad {
				t.Fatalf("problem %q, want %q", bad, tt.bad)
			}
			if tt.bad == "" && got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
