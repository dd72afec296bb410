package shadow

import (
	"encoding/json"
	"net/http"
)

// Capture is how much of a route's exchanges is kept.
type Capture string

// The ways to capture.
const (
	// CaptureFull keeps headers, bodies and values of divergences, redacted.
	CaptureFull Capture = "full"
	// CaptureShape keeps where they differ, of what kind, and the types of both values; of paths only
	// the route's pattern.
	CaptureShape Capture = "shape"
	// CaptureNone holds no body even for the comparison, which goes by the head, the size and the
	// hash, and of divergences it keeps what CaptureShape does. Requests with a body are not shadowed.
	CaptureNone Capture = "none"
)

// Captures lists them.
func Captures() []Capture { return []Capture{CaptureFull, CaptureShape, CaptureNone} }

// keepsValues reports whether what is kept has headers, bodies and values.
func (p *point) keepsValues() bool { return p.Capture == "" || p.Capture == CaptureFull }

// limit is how much of a body is held.
func (p *point) limit(most int64) int64 {
	if p.Capture == CaptureNone {
		return 0
	}
	return most
}

// tooLarge is why a body that isn't held can't be compared.
func (p *point) tooLarge() string {
	if p.Capture == CaptureNone {
		return SkipNotCaptured
	}
	return SkipTooLarge
}

// lessen takes out of a comparison what the route's capture doesn't keep.
func (p *point) lessen(c *Comparison) {
	if p.keepsValues() {
		return
	}
	c.Request = Request{Method: c.Request.Method, Path: p.Pattern}
	for _, a := range []**Answer{&c.Legacy, &c.Service} {
		if *a != nil {
			*a = &Answer{Status: (*a).Status, Size: (*a).Size, Latency: (*a).Latency, Header: typed((*a).Header)}
		}
	}
	for i := range c.Differences {
		d := &c.Differences[i]
		if d.Kind != KindStatus {
			d.Legacy, d.Service = typeOf(d.Legacy), typeOf(d.Service)
		}
		d.Pointer = d.Pattern // an id among the keys is a value, too
	}
	c.Detail = ""
}

// typed returns of a header what says how a body is written.
func typed(h http.Header) http.Header {
	kept := make(http.Header)
	for _, name := range []string{"Content-Type", "Content-Encoding"} {
		if values := h[name]; values != nil {
			kept[name] = values
		}
	}
	return kept
}

// typeOf returns the name of a JSON value's type, as JSON; nil for none.
func typeOf(v json.RawMessage) json.RawMessage {
	if len(v) == 0 {
		return nil
	}
	switch v[0] {
	case '"':
		return json.RawMessage(`"string"`)
	case '{':
		return json.RawMessage(`"object"`)
	case '[':
		return json.RawMessage(`"array"`)
	case 't', 'f':
		return json.RawMessage(`"boolean"`)
	case 'n':
		return json.RawMessage(`"null"`)
	}
	return json.RawMessage(`"number"`)
}
