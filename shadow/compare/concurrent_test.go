package compare_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/shadow/compare"
)

// TestConcurrent has many compare with one Comparer: what one of them finds is no other's.
func TestConcurrent(t *testing.T) {
	c := comparer(t, rules{Unordered: []string{"/t"}, Keyed: map[string]string{"/l": "id"}, Ignore: []string{"/l/*/rev"}})
	var all sync.WaitGroup
	for who := range 8 {
		all.Go(func() {
			for n := range 50 {
				key := fmt.Sprintf("k%d", who)
				list := strings.Repeat(fmt.Sprintf(`{"id":%d,"rev":%d},`, who, n), who)
				legacy := jsonAnswer(fmt.Sprintf(`{"t":[1,2,"%s"],"l":[%s{"id":"x"}],"%[1]s":[1,2]}`, key, list))
				service := jsonAnswer(fmt.Sprintf(`{"%[1]s":[1,3],"l":[{"id":"x"}%s],"t":["%[1]s",2,1]}`, key, strings.TrimSuffix(","+list, ",")))
				diffs, err := c.Compare(legacy, service)
				if err != nil {
					t.Error(err)
				}
				if d := cmp.Diff([]string{"value /" + key + "/1"}, lines(diffs)); d != "" {
					t.Errorf("%s (-want +got):\n%s", key, d)
				}
			}
		})
	}
	all.Wait()
}

func tolerances(at string, by float64) map[string]compare.Tolerance {
	return map[string]compare.Tolerance{at: {By: by}}
}

func withStatus(a *shadow.Answer, status int) *shadow.Answer {
	a.Status = status
	return a
}

// TestFoundIsFound says that a difference that was found counts, though there is too much to compare.
func TestFoundIsFound(t *testing.T) {
	all := func(first, each string) *shadow.Answer {
		return jsonAnswer(`[{"a":` + first + `},[9` + strings.Repeat(","+each, 20_000) + `]]`)
	}
	under := rules{Unordered: []string{"/1"}, Tolerance: tolerances("/1/*", 0.1)}
	if _, err := comparer(t, under).Compare(all("1", "1"), all("1", "2")); err == nil {
		t.Fatal("there was not too much to compare")
	}
	under.Only = []string{"status", "/0", "/1"}
	for name, answers := range map[string][2]*shadow.Answer{
		"in the head": {all("1", "1"), withStatus(all("1", "2"), 201)},
		"in the body": {jsonAnswer(`{"0":{"a":1},"1":[9` + strings.Repeat(",1", 20_000) + `]}`), jsonAnswer(`{"0":{"a":2},"1":[5` + strings.Repeat(",2", 20_000) + `]}`)},
	} {
		diffs, err := comparer(t, under).Compare(answers[0], answers[1])
		if err != nil || len(diffs) != 1 {
			t.Errorf("%s: %v, %v", name, lines(diffs), err)
		}
	}
}
