package dashboard

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/strangler-fig/toolkit/shadow"
)

// TestNearIsAsWhole lays documents of any shape out, whole and only what is near a difference: the same is marked, and
// as many lines are told of.
func TestNearIsAsWhole(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 7))
	names := []string{"a", "b/c", "d~e", "é", "x<y"}
	type scalar struct {
		pattern string
		raw     []byte
	}
	for round := range 600 {
		var all []scalar
		var value func(depth int, pattern string) any
		value = func(depth int, pattern string) any {
			switch kind := random.IntN(10); {
			case depth > 3 || kind > 5 && depth > 0:
				v := []any{random.IntN(50), fmt.Sprintf("s%d\"<é", random.IntN(50)), nil, true}[random.IntN(4)]
				raw, err := json.Marshal(v)
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, scalar{pattern, raw})
				return v
			case kind < 3:
				object := map[string]any{}
				for _, name := range names[:random.IntN(len(names)+1)] {
					object[name] = value(depth+1, pattern+"/"+escapeToken(name))
				}
				return object
			}
			list := make([]any, random.IntN(20))
			for i := range list {
				list[i] = value(depth+1, pattern+"/*")
			}
			return list
		}
		var body strings.Builder
		encoder := json.NewEncoder(&body)
		encoder.SetEscapeHTML(round%2 == 0)
		if err := encoder.Encode(value(0, "")); err != nil {
			t.Fatal(err)
		}
		if len(all) == 0 || body.Len() > 20_000 { // of which not all would be laid out
			continue
		}
		var differences []shadow.Difference
		for range 1 + random.IntN(3) {
			one := all[random.IntN(len(all))]
			place := strings.Split(one.pattern, "/")
			for i := range place { // it may have moved
				if place[i] == "*" {
					place[i] = strconv.Itoa(random.IntN(20))
				}
			}
			kinds := []shadow.Kind{shadow.KindValue, shadow.KindValue, shadow.KindType, shadow.KindMissing, shadow.KindExtra}
			differences = append(differences, shadow.Difference{Pointer: strings.Join(place, "/"), Pattern: one.pattern, Kind: kinds[random.IntN(len(kinds))],
				Legacy: []byte(`"x"`), Service: one.raw})
		}
		for _, side := range []shadow.Side{shadow.Legacy, shadow.Service} {
			var told [2]string
			for i, sparing := range []bool{false, true} {
				lines, err := layJSON(body.String(), differences, side, sparing)
				if err != nil {
					t.Fatal(err)
				}
				n := 0
				for _, l := range lines {
					n += max(1, l.Of)
					if l.Kind != "" || l.Ghost {
						told[i] += l.Text + " " + l.Mark() + "\n"
					}
				}
				told[i] += fmt.Sprintf("%d lines", n)
			}
			if told[0] != told[1] {
				t.Fatalf("of %s with %v %s has\n%s\n, and what is near\n%s", body.String(), differences, side, told[0], told[1])
			}
		}
	}
}
