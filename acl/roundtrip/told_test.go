package roundtrip_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/acl/body"
	"github.com/strangler-fig/toolkit/acl/format"
	"github.com/strangler-fig/toolkit/acl/lens"
	"github.com/strangler-fig/toolkit/acl/roundtrip"
)

// TestToldIsKnown has bodies that lose what a definition tells: no surprise, whichever way it is told.
func TestToldIsKnown(t *testing.T) {
	xml := format.Config{Name: format.XML, Root: "R"}
	full := lens.Field{Legacy: []string{"A", "B", "C"}, Service: []string{"full"}, Join: "-"}
	ended := full
	ended.Absent = &lens.Sides[lens.Literal]{Legacy: *text(""), Service: *text("")}
	counted := lens.Field{Legacy: []string{"N"}, Service: []string{"lines"}, Count: true}
	listed := one("TAGS", "tags")
	listed.List, listed.Trim = ",", true
	when := one("X", "x")
	when.When = &lens.When{Legacy: []lens.Condition{{Path: "T", Is: []lens.Literal{*text("1")}}}}
	typed := one("T", "t")
	for name, tt := range map[string]struct {
		legacy format.Config
		fields []lens.Field
		from   body.Direction
		body   string
		want   []string // KNOWN KIND POINTER
	}{
		"an element with nothing in it": {xml, []lens.Field{one("NO", "no"), one("ADDR.STR", "street")}, body.ToService, "<R><NO>1</NO><ADDR/></R>", []string{"true lost /ADDR"}},
		"an object":                     {jsonBoth.Legacy, []lens.Field{one("NO", "no"), one("Z.A", "z")}, body.ToService, `{"NO":1,"Z":{}}`, []string{"true lost /Z"}},
		"null for an object":            {jsonBoth.Legacy, []lens.Field{one("Z.A", "z")}, body.ToService, `{"Z":null}`, []string{"true lost /Z"}},
		"deeper":                        {jsonBoth.Legacy, []lens.Field{one("Z.Y.A", "z")}, body.ToService, `{"Z":{"Y":{}}}`, []string{"true lost /Z/Y"}},
		"a list":                        {jsonBoth.Legacy, []lens.Field{one("X[0]", "x")}, body.ToService, `{"X":[]}`, []string{"true lost /X"}},
		"a condition":                   {jsonBoth.Legacy, []lens.Field{typed, when}, body.ToService, `{"T":"2","X":"a"}`, []string{"true lost /X"}},
		"a condition of an object":      {jsonBoth.Legacy, []lens.Field{typed, when}, body.ToService, `{"T":"2","X":{"A":1}}`, []string{"true lost /X/A"}},
		"a condition that holds":        {jsonBoth.Legacy, []lens.Field{typed, when}, body.ToService, `{"T":"1","X":{"A":1}}`, nil},
		"a count":                       {jsonBoth.Legacy, []lens.Field{counted, one("L", "lines")}, body.ToService, `{"L":["a"],"N":7}`, []string{"true value /N"}},
		"a count that is missing":       {jsonBoth.Legacy, []lens.Field{counted, one("L", "lines")}, body.ToService, `{"L":["a"]}`, []string{"true added /N"}},
		"a count of nothing":            {jsonBoth.Legacy, []lens.Field{counted, one("L", "lines")}, body.ToService, `{"N":7}`, []string{"true lost /N"}},
		"elements that are counted":     {jsonBoth.Legacy, []lens.Field{counted}, body.ToLegacy, `{"lines":[{"a":1},"b"]}`, []string{"true lost /lines"}},
		"a separator in a part":         {jsonBoth.Legacy, []lens.Field{full}, body.ToService, `{"A":"x-y","B":"z","C":"w"}`, []string{"true value /A", "true value /B", "true value /C"}},
		"one where parts are missing":   {jsonBoth.Legacy, []lens.Field{full}, body.ToService, `{"A":"x-y"}`, []string{"true added /B", "true value /A"}},
		"a separator at the end":        {jsonBoth.Legacy, []lens.Field{ended}, body.ToLegacy, `{"full":"x-"}`, []string{"true value /full"}},
		"spaces in a list":              {jsonBoth.Legacy, []lens.Field{listed}, body.ToService, `{"TAGS":"a, b"}`, []string{"true value /TAGS"}},
	} {
		t.Run(name, func(t *testing.T) {
			d := body.Definition{Legacy: tt.legacy, Service: jsonBoth.Service, Lens: lens.Definition{Fields: tt.fields, Unknown: ways(lens.Drop)}}
			r := runConfig(t, roundtrip.Config{Definition: d, From: tt.from}, tt.body)
			var got []string
			for _, p := range r.Places {
				got = append(got, fmt.Sprintf("%t %s %s", p.Known, p.Kind, p.Pointer))
			}
			slices.Sort(got)
			if diff := cmp.Diff(tt.want, got); diff != "" || r.Failed > 0 {
				t.Errorf("-want +got\n%s%+v", diff, r.Failures)
			}
		})
	}
}
