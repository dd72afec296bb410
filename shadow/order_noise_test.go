package shadow_test

import (
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/shadow"
)

// TestShuffledNoise has both sides list their items in another order each time, and the service one
// price wrong every fourth time.
func TestShuffledNoise(t *testing.T) {
	var calls atomic.Int64
	list := func(price int) string {
		n := int(calls.Add(1))
		items := []string{`{"id":1,"price":10}`, `{"id":2,"price":20}`, fmt.Sprintf(`{"id":3,"price":%d}`, price), `{"id":4,"price":40}`}
		text := ""
		for i := range items {
			text += "," + items[(i+n)%len(items)]
		}
		return `{"items":[` + text[1:] + `]}`
	}
	legacy := answers(func(int64, *http.Request) string { return list(30) })
	service := answers(func(call int64, _ *http.Request) string {
		if call%4 == 0 {
			return list(31)
		}
		return list(30)
	})
	p := again(t, legacy, service)
	p.Control = 0.1
	var m memory
	s := start(t, shadow.Config{Recorder: &m})
	proxy := serve(t, s.Around(p)(legacy))
	const requests = 120
	for range requests {
		resp, err := http.Get(proxy.URL)
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		wait(t, s)
	}
	wrong := map[string]int{}
	for _, c := range m.all()[20:] { // by then legacy was asked twice often enough
		if c.Verdict == shadow.Diverged {
			for _, d := range c.Differences {
				if d.Noise == "" {
					wrong[string(d.Kind)+" "+d.Pattern]++
				}
			}
		}
	}
	if diff := cmp.Diff(map[string]int{"missing /items/*": 25, "extra /items/*": 25}, wrong); diff != "" {
		t.Errorf("what counts (-want +got):\n%s", diff)
	}
	if c := s.Counts()["orders"]; c.Match+c.Noise < 80 {
		t.Errorf("%+v: three in four are alike but for their order", c)
	}
}
