package exchange

import (
	"fmt"
	"net/http"
	"net/textproto"
	"slices"

	"golang.org/x/net/http/httpguts"

	"github.com/strangler-fig/toolkit/acl/body"
	"github.com/strangler-fig/toolkit/acl/lens"
)

// header is a compiled Header.
type header struct {
	legacy, service   string // canonical
	constant          string
	toService         map[string]string // nil: values pass as they are
	toLegacy          map[string]string
	requests, answers bool
}

// framing are the headers that say how a message is sent, and what its body is: those are the
// formats' and the server's.
var framing = []string{
	"Connection", "Content-Encoding", "Content-Length", "Content-Type", "Expect", "Host", "Keep-Alive", "Proxy-Connection",
	"Te", "Trailer", "Transfer-Encoding", "Upgrade",
}

func newHeader(c Header, problem func(part, message string)) header {
	h := header{
		legacy: textproto.CanonicalMIMEHeaderKey(c.Legacy), service: textproto.CanonicalMIMEHeaderKey(c.Service),
		constant: c.Const, requests: c.Request || !c.Answer, answers: c.Answer || !c.Request,
	}
	if c.Legacy == "" && c.Service == "" {
		problem("", "it names no header")
	}
	for _, side := range []struct{ part, name, canonical string }{{"legacy", c.Legacy, h.legacy}, {"service", c.Service, h.service}} {
		switch {
		case side.name == "":
		case !isToken(side.name):
			problem(side.part, fmt.Sprintf("%q is no header name", side.name))
		case slices.Contains(framing, side.canonical):
			problem(side.part, side.canonical+" says how the message is sent, which translate decides itself")
		}
	}
	if c.Const != "" {
		if c.Legacy != "" && c.Service != "" {
			problem("const", "one side has a constant, and the other never sees it; name one of the two")
		}
		if len(c.Values) > 0 {
			problem("values", "a constant has no other values")
		}
		if !httpguts.ValidHeaderFieldValue(c.Const) {
			problem("const", "it has characters that no header can have")
		}
	}
	if len(c.Values) > 0 {
		if c.Legacy == "" || c.Service == "" {
			problem("values", "values are translated between two names; the other side's is missing")
		}
		h.toService, h.toLegacy = codes(c.Values, problem)
	}
	return h
}

func codes(pairs []lens.Pair, problem func(part, message string)) (toService, toLegacy map[string]string) {
	toService, toLegacy = map[string]string{}, map[string]string{}
	for _, p := range pairs {
		l, s := p.Legacy.Text, p.Service.Text
		if !httpguts.ValidHeaderFieldValue(l) || !httpguts.ValidHeaderFieldValue(s) {
			problem("values", fmt.Sprintf("%q or %q has characters that no header can have", l, s))
		}
		if _, twice := toService[l]; twice {
			problem("values", fmt.Sprintf("%q is there twice", l))
		}
		if _, twice := toLegacy[s]; twice {
			problem("values", fmt.Sprintf("%q is there twice; the way back isn't known then", s))
		}
		toService[l], toLegacy[s] = s, l
	}
	return toService, toLegacy
}

// names returns the name on the side that is read and on the one that is written.
func (h *header) names(way body.Direction) (from, to string) {
	if way == body.ToLegacy {
		return h.service, h.legacy
	}
	return h.legacy, h.service
}

// has reports whether it is a header of such messages.
func (h *header) has(m message) bool { return m.answer && h.answers || !m.answer && h.requests }

// apply translates the header of a message.
func (h *header) apply(to http.Header, way body.Direction, answer bool) {
	if !h.has(message{way, answer}) {
		return
	}
	read, written := h.names(way)
	values := to[read]
	if read != "" {
		delete(to, read)
	}
	switch {
	case written == "":
	case h.constant != "":
		to[written] = []string{h.constant}
	case read == "":
		// Only the side that is written has it, and nobody makes it up.
	default:
		delete(to, written)
		if len(values) > 0 {
			to[written] = h.translated(values, way)
		}
	}
}

func (h *header) translated(values []string, way body.Direction) []string {
	table := h.toService
	if way == body.ToLegacy {
		table = h.toLegacy
	}
	if table == nil {
		return values
	}
	out := make([]string, len(values))
	for i, v := range values {
		var known bool
		if out[i], known = table[v]; !known {
			out[i] = v
		}
	}
	return out
}

// isToken reports a token of HTTP (RFC 9110, section 5.6.2).
func isToken(s string) bool { return httpguts.ValidHeaderFieldName(s) }
