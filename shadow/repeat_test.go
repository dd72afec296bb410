package shadow

import (
	"testing"
	"time"
)

// TestRepeats asks for requests at seconds, and says which of them are repeats within ten.
func TestRepeats(t *testing.T) {
	type asked struct {
		at     int // second
		key    uint64
		repeat bool
	}
	for _, tt := range []struct {
		name string
		all  []asked
	}{
		{"each for the first time", []asked{{0, 1, false}, {0, 2, false}, {1, 3, false}}},
		{"again, until it is long enough ago", []asked{{0, 1, false}, {0, 1, true}, {9, 1, true}, {10, 1, false}}},
		{"what never rests is fresh once in each span", []asked{{0, 1, false}, {6, 1, true}, {12, 1, false}, {18, 1, true}, {24, 1, false}}},
		{"over the turn of a generation", []asked{{0, 1, false}, {9, 2, false}, {10, 1, false}, {11, 1, true}, {18, 2, true}, {19, 2, false}}},
		{"just before and after two turns", []asked{{0, 1, false}, {9, 2, false}, {18, 2, true}, {20, 2, false}, {29, 2, true}, {30, 2, false}}},
		{"after a long rest", []asked{{0, 1, false}, {5, 2, false}, {100, 2, false}, {101, 1, false}, {109, 1, true}}},
		{"clocks that go back", []asked{{100, 1, false}, {95, 1, true}, {95, 2, false}, {100, 2, true}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var r repeats
			began := time.Unix(1e9, 0)
			for _, a := range tt.all {
				if got := r.again(a.key, began.Add(time.Duration(a.at)*time.Second), 10*time.Second); got != a.repeat {
					t.Errorf("%d at %d s is a repeat: %v, want %v", a.key, a.at, got, a.repeat)
				}
			}
		})
	}
}

// TestRepeatsAreBounded asks for more than is remembered: what finds no room is no repeat.
func TestRepeatsAreBounded(t *testing.T) {
	var r repeats
	now := time.Unix(1e9, 0)
	for span := range 4 {
		for round := range 2 {
			repeated := 0
			for key := range uint64(2 * maxRepeats) {
				if r.again(key, now, time.Minute) {
					repeated++
				}
			}
			if want := []int{0, maxRepeats}[round]; repeated != want {
				t.Errorf("span %d, round %d: %d are repeats, want %d", span, round, repeated, want)
			}
		}
		if len(r.recent) != maxRepeats || len(r.older) > maxRepeats {
			t.Errorf("%d and %d are remembered", len(r.recent), len(r.older))
		}
		now = now.Add(time.Minute)
	}
}

// TestAlike says which requests ask for the same.
func TestAlike(t *testing.T) {
	type request struct{ method, host, uri, body string }
	of := func(r request) uint64 { return alike(r.method, r.host, r.uri, []byte(r.body)) }
	is := request{"POST", "shop", "/orders/1?a=b", "x"}
	if again := is; of(is) != of(again) {
		t.Error("a request isn't like itself")
	}
	for _, other := range []request{
		{"PUT", "shop", "/orders/1?a=b", "x"},
		{"POST", "shop2", "/orders/1?a=b", "x"},
		{"POST", "shop", "/orders/1?a=c", "x"},
		{"POST", "shop", "/orders/1?a=b", "y"},
		{"POST", "shop", "/orders/1?a=b", ""},
		{"POST", "sho", "p/orders/1?a=b", "x"},
		{"POST", "shop", "/orders/1?a=bx", ""},
	} {
		if of(is) == of(other) {
			t.Errorf("%q is like %q", is, other)
		}
	}
}
