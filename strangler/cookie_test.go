package strangler

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDropOurCookies(t *testing.T) {
	tests := []struct {
		name        string
		lines, want []string
	}{
		{"none", nil, nil},
		{"not ours", []string{`a="x;y"; b`, "c=1"}, []string{`a="x;y"; b`, "c=1"}},
		{"only ours", []string{"strangler_id=1; strangler_session=2", "strangler_name=3"}, nil},
		{"first of a line", []string{"strangler_id=1; sid=2"}, []string{"sid=2"}},
		{"last of a line", []string{"sid=2; strangler_id=1"}, []string{"sid=2"}},
		{"between", []string{"a=1;strangler_id=1; b=2"}, []string{"a=1; b=2"}},
		{"one line of several", []string{"a=1", "strangler_id=1", "b=2; strangler_id=3"}, []string{"a=1", "b=2"}},
		{"in a value", []string{"from=strangler_id"}, []string{"from=strangler_id"}},
		{"a longer name", []string{"my_strangler_id=1"}, []string{"my_strangler_id=1"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			h := http.Header{}
			before := append([]string(nil), test.lines...)
			if test.lines != nil {
				h["Cookie"] = test.lines
			}
			dropOurCookies(h)
			if diff := cmp.Diff(test.want, h["Cookie"]); diff != "" {
				t.Errorf("Cookie (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(before, append([]string(nil), test.lines...)); diff != "" {
				t.Errorf("the lines that somebody may share were changed:\n%s", diff)
			}
		})
	}
}
