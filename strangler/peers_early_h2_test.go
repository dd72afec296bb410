package strangler_test

import (
	"errors"
	"io"
	"net/http"
	"testing"
	"time"
)

// TestPeerEarlyEnd has an upstream answer to the end while the client waits with the rest of its
// upload. The client needs nothing more: it has the whole answer at once.
func TestPeerEarlyEnd(t *testing.T) {
	eachPair(t, fronts, backs, func(t *testing.T, f frontKind, b backKind) {
		g := gatewayOf(t, f, peer(t, b, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_ = http.NewResponseController(w).EnableFullDuplex()
			_, _ = io.ReadFull(r.Body, make([]byte, 5))
			w.Header().Set("Trailer", "X-Sum")
			_, _ = io.WriteString(w, "enough")
			w.Header().Set("X-Sum", "7")
		})))
		body, sending := io.Pipe()
		defer sending.Close()
		req, _ := http.NewRequest("POST", g.url, body)
		go func() { _, _ = io.WriteString(sending, "begin") }()
		start := time.Now()
		late := time.AfterFunc(2*time.Second, func() { sending.CloseWithError(errors.New("the answer takes too long")) })
		defer late.Stop()
		resp, err := g.client(t).Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		answer, err := io.ReadAll(resp.Body)
		if string(answer) != "enough" || err != nil || resp.Trailer.Get("X-Sum") != "7" {
			t.Errorf("answer %q with the trailers %v, %v after %v", answer, resp.Trailer, err, time.Since(start))
		}
	})
}
