package upstream

import (
	"io"
	"net/http"
	"net/url"
	"testing"
	"time"
)

// instant answers at once, with a body that tells its end itself, as http1's does.
type instant struct {
	body instantBody
	resp http.Response
}

type instantBody struct{ enders enders }

func (b *instantBody) onEnd(e ender)            { b.enders.add(e) }
func (b *instantBody) Read([]byte) (int, error) { b.enders.tell(nil); return 0, io.EOF }
func (b *instantBody) Close() error             { b.enders.tell(errClosed); return nil }

func (i *instant) CloseIdleConnections() {}

func (i *instant) RoundTrip(r *http.Request) (*http.Response, error) {
	i.body.enders = enders{}
	i.resp = http.Response{StatusCode: 200, Body: &i.body, Request: r}
	return &i.resp, nil
}

// BenchmarkTransportOverhead is what the layers cost where the upstream costs nothing.
func BenchmarkTransportOverhead(b *testing.B) {
	one := []*url.URL{{Scheme: "http", Host: "127.0.0.1:8000"}}
	four := append(one, &url.URL{Scheme: "http", Host: "127.0.0.2:8000"}, &url.URL{Scheme: "http", Host: "127.0.0.3:8000"}, &url.URL{Scheme: "http", Host: "127.0.0.4:8000"})
	service := Policy{
		Timeouts: Timeouts{FirstByte: DefaultFirstByteTimeout},
		Breaker:  Breaker{Failures: 0.5},
	}
	all := service
	all.Timeouts.Request = time.Minute
	all.Bulkhead = Bulkhead{InFlight: 100}
	all.Retry = Retry{Attempts: 3}
	for _, c := range []struct {
		name string
		cfg  Config
	}{
		{"zero policy", Config{URLs: one}},
		{"zero policy/4 round robin", Config{URLs: four}},
		{"zero policy/4 least requests", Config{URLs: four, Balance: BalanceLeastRequests}},
		{"service defaults", Config{URLs: one, Policy: service}},
		{"breaker", Config{URLs: one, Policy: Policy{Breaker: service.Breaker}}},
		{"first byte", Config{URLs: one, Policy: Policy{Timeouts: service.Timeouts}}},
		{"bulkhead", Config{URLs: one, Policy: Policy{Bulkhead: all.Bulkhead}}},
		{"retry", Config{URLs: one, Policy: Policy{Retry: all.Retry}}},
		{"all layers", Config{URLs: four, Policy: all}},
	} {
		b.Run(c.name, func(b *testing.B) {
			t, err := New(c.cfg)
			if err != nil {
				b.Fatal(err)
			}
			defer t.Close()
			for _, ep := range t.endpoints.Load().all {
				ep.conns = new(instant)
			}
			r, _ := http.NewRequestWithContext(b.Context(), "GET", "http://127.0.0.1:8000/", nil)
			b.ReportAllocs()
			for b.Loop() {
				resp, err := t.RoundTrip(r)
				if err != nil {
					b.Fatal(err)
				}
				_, _ = resp.Body.Read(nil)
			}
		})
	}
}
