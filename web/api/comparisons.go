package api

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode"

	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/web"
)

// Bounds of what is compared for other programs.
const (
	maxExchanges = 100     // in a batch
	maxBatch     = 4 << 20 // bytes of one
	maxBatches   = 4       // at a time: comparing takes the proxy's processors
	maxMethod    = 32
	maxPath      = 8 << 10
)

// ComparisonsRequest hands in exchanges to compare.
type ComparisonsRequest struct {
	Comparisons []GivenExchange `json:"comparisons"`
}

// GivenExchange is both sides' answer to the same.
type GivenExchange struct {
	Route   string      `json:"route"`            // whose rules count; or any other name, under which it is recorded
	Method  string      `json:"method,omitempty"` // empty: CALL
	Path    string      `json:"path,omitempty"`   // with the query; empty: the route's name
	Legacy  GivenAnswer `json:"legacy"`
	Service GivenAnswer `json:"service"`
}

// GivenAnswer is an answer that a program hands in.
type GivenAnswer struct {
	Status  int                 `json:"status"` // 100 to 599
	Headers map[string][]string `json:"headers,omitempty"`
	// Body is any JSON: a string is the body's text, or Base64 where Binary, and anything else is the
	// body itself, of type application/json unless a header says otherwise.
	Body      json.RawMessage `json:"body,omitempty"`
	Binary    bool            `json:"binary,omitempty"`
	LatencyMS float64         `json:"latency_ms,omitempty"` // 0: not measured
}

type judgementList struct {
	Comparisons []web.Judgement `json:"comparisons"`
}

// comparisons compares what a program hands in.
func (s *server) comparisons(w http.ResponseWriter, r *http.Request) {
	var in ComparisonsRequest
	if !s.readUpTo(w, r, maxBatch, &in) {
		return
	}
	list, err := given(in.Comparisons)
	if err != nil {
		invalid(w, http.StatusUnprocessableEntity, err.Error())
		return
	}
	select {
	case s.bench <- struct{}{}:
		defer func() { <-s.bench }()
	default:
		w.Header().Set("Retry-After", "1")
		web.WriteProblem(w, web.Problem{Status: http.StatusServiceUnavailable, Code: web.CodeTooMany,
			Detail: fmt.Sprintf("%d batches are being compared already; try again in a second", maxBatches)})
		return
	}
	judged, err := s.system.Judge(r.Context(), list)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.write(w, judgementList{judged})
}

// given checks a batch. Its errors name the place, as those about JSON do.
func given(batch []GivenExchange) ([]web.Given, error) {
	if len(batch) == 0 || len(batch) > maxExchanges {
		return nil, fmt.Errorf("/comparisons: 1 to %d of them, not %d", maxExchanges, len(batch))
	}
	list := make([]web.Given, len(batch))
	for i, x := range batch {
		g := web.Given{Route: x.Route, Method: x.Method, Path: x.Path}
		if g.Method == "" {
			g.Method = shadow.Call
		}
		if g.Path == "" {
			g.Path = g.Route
		}
		var err error
		switch {
		case g.Route == "":
			err = errors.New("/route: it is missing")
		case len(g.Method) > maxMethod || strings.ContainsFunc(g.Method, func(r rune) bool { return r != '-' && (r > unicode.MaxASCII || !unicode.IsLetter(r)) }):
			err = fmt.Errorf("/method: it is up to %d letters", maxMethod)
		case len(g.Path) > maxPath || strings.ContainsFunc(g.Path, unicode.IsControl):
			err = fmt.Errorf("/path: it has up to %d bytes, and no control characters", maxPath)
		}
		if err == nil {
			if g.Legacy, err = x.Legacy.answer(); err != nil {
				err = fmt.Errorf("/legacy%w", err)
			} else if g.Service, err = x.Service.answer(); err != nil {
				err = fmt.Errorf("/service%w", err)
			}
		}
		if err != nil {
			return nil, fmt.Errorf("/comparisons/%d%w", i, err)
		}
		list[i] = g
	}
	return list, nil
}

// answer is the answer as it would have been on the wire.
func (a GivenAnswer) answer() (*shadow.Answer, error) {
	if a.Status < 100 || a.Status > 599 {
		return nil, fmt.Errorf("/status: it is 100 to 599, not %d", a.Status)
	}
	const longest = float64(24 * time.Hour / time.Millisecond)
	if !(a.LatencyMS >= 0 && a.LatencyMS <= longest) {
		return nil, fmt.Errorf("/latency_ms: it is 0 to %.0f", longest)
	}
	out := &shadow.Answer{Status: a.Status, Header: make(http.Header, len(a.Headers)), Latency: time.Duration(a.LatencyMS * float64(time.Millisecond))}
	for name, values := range a.Headers {
		for _, value := range values {
			out.Header.Add(name, value)
		}
	}
	var text string
	switch {
	case len(a.Body) == 0:
	case a.Body[0] != '"':
		if a.Binary {
			return nil, errors.New("/body: where binary is true it is a string of Base64")
		}
		out.Body = a.Body
		if out.Header.Get("Content-Type") == "" {
			out.Header.Set("Content-Type", "application/json")
		}
	default:
		if err := json.Unmarshal(a.Body, &text); err != nil {
			return nil, fmt.Errorf("/body: %w", err)
		}
		out.Body = []byte(text)
		if a.Binary {
			body, err := base64.StdEncoding.DecodeString(text)
			if err != nil {
				return nil, errors.New("/body: binary is true, and it isn't Base64")
			}
			out.Body = body
		}
	}
	return out, nil
}
