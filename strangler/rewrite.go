package strangler

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// rewriter is station 7: it makes the request that one upstream gets from the one that the
// client sent. It is immutable.
type rewriter struct {
	scheme  string
	host    string // to connect to
	prefix  string // of the path, as it is on the wire, without the last slash
	path    string // prefix, decoded
	tidy    bool   // the path is sent as net/url would write it, since a translator may change it
	as      string // the Host header; empty: the client's
	own     bool   // the Host header is whatever endpoint is chosen
	http2   bool   // the upstream speaks nothing else
	trusted trust

	standard bool // Forwarded is sent too
}

func newRewriter(u *Upstream, trusted trust) rewriter {
	rw := rewriter{
		scheme:  u.URL.Scheme,
		host:    u.URL.Host,
		prefix:  strings.TrimSuffix(u.URL.EscapedPath(), "/"),
		path:    strings.TrimSuffix(u.URL.Path, "/"),
		trusted: trusted,
	}
	rw.http2 = strings.HasSuffix(rw.scheme, "h2c")
	// How HTTP is spoken, and where that is to be found, is the transport's matter.
	if rw.scheme = strings.TrimPrefix(rw.scheme, "srv+"); rw.scheme == "h2c" || rw.scheme == "srv" {
		rw.scheme = "http"
	}
	switch u.Host {
	case "", "preserve":
	case "upstream":
		rw.own = true
	default:
		rw.as = u.Host
	}
	return rw
}

// request returns the request for the upstream with the given body; r stays as it is, so that
// it can be rewritten again for the other side.
func (rw *rewriter) request(ctx context.Context, room outgoing, r *http.Request, body io.ReadCloser) *http.Request {
	out := rw.addressed(ctx, room, r, body)
	out.Header = rw.header(r, room.forwarded)
	if b, ok := body.(*uploadBody); ok {
		out.Trailer = b.trailer
	}
	if len(out.Trailer) > 0 {
		out.ContentLength = -1 // trailers need chunks
	} else if r.ContentLength == 0 && r.Header["Content-Length"] != nil {
		// "Content-Length: 0" came, and net/http's transport leaves it out of a DELETE's head, say.
		// This has it sent, and does nothing else.
		out.Body, out.TransferEncoding = http.NoBody, []string{"identity"}
	}
	return out
}

// addressed returns the request as it is sent to the upstream, but with r's own header.
func (rw *rewriter) addressed(ctx context.Context, room outgoing, r *http.Request, body io.ReadCloser) *http.Request {
	out := room.request
	if ctx == r.Context() {
		*out = *r // what the client's connection was stays visible
	} else {
		*out = *r.WithContext(ctx) // which stays on the stack
	}
	out.RequestURI, out.Pattern = "", ""
	out.Close = false
	out.TransferEncoding = nil
	out.URL = room.url
	rw.url(room.url, r.URL)
	out.Body, out.GetBody = body, nil
	switch {
	case rw.own:
		out.Host = ""
	case rw.as != "":
		out.Host = rw.as
	}
	return out
}

// alike reports whether the head of a request is the same for the other upstream, which trusts the same proxies.
func (rw *rewriter) alike(other *rewriter) bool {
	return !rw.own && !other.own && !rw.tidy && !other.tidy && rw.as == other.as &&
		rw.prefix == other.prefix && rw.path == other.path && rw.http2 == other.http2 && rw.standard == other.standard
}

// url says where the request goes, with path and query as they came. net/url would encode
// characters in the path that should have been and weren't ("|"); as an opaque URL they pass.
// It can't hold a path that begins with two slashes, so that in such a path alone, and in one
// that a translator may change, those characters are sent encoded.
func (rw *rewriter) url(out, in *url.URL) {
	*out = url.URL{Scheme: rw.scheme, Host: rw.host, RawQuery: in.RawQuery, ForceQuery: in.ForceQuery}
	if in.Path == "*" { // OPTIONS * is about the server, not about a path in it
		out.Path = in.Path
		return
	}
	out.Path = rw.path + in.Path
	if rw.prefix == "" && in.RawPath == "" {
		return // net/url encodes it as it was
	}
	raw := rawPath(in)
	encoded := encodePath(raw)
	out.RawPath = rw.prefix + encoded
	if path := rw.prefix + raw; raw != encoded && !rw.tidy && !strings.HasPrefix(path, "//") {
		out.Opaque = path
	}
}

// rawPath returns a path as the client sent it. URL.EscapedPath doesn't where a character should
// have been encoded and wasn't: it encodes the path anew, and what was %2F is then a slash.
func rawPath(u *url.URL) string {
	if u.RawPath != "" {
		// Where it isn't so somebody changed Path, which then counts.
		if p, err := url.PathUnescape(u.RawPath); err == nil && p == u.Path {
			return u.RawPath
		}
	}
	return u.EscapedPath()
}

// encodePath encodes what no path may have (RFC 3986 section 3.3), and leaves the rest and its
// escapes alone. Brackets pass, as they do for net/url.
func encodePath(raw string) string {
	var encoded strings.Builder
	done := 0
	for i, c := range []byte(raw) {
		alphanumeric := '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z'
		if alphanumeric || strings.IndexByte("/%-._~!$&'()*+,;=:@[]", c) >= 0 {
			continue
		}
		fmt.Fprintf(&encoded, "%s%%%02X", raw[done:i], c)
		done = i + 1
	}
	if done == 0 {
		return raw
	}
	return encoded.String() + raw[done:]
}

// headers are maps for the headers of requests to upstreams. They begin small: one of up to eight is
// filled, walked through and cleared in half the time of one with room for more.
var headers = sync.Pool{New: func() any { return make(http.Header, 8) }}

// forget lets a request's header be another one's. Nobody may hold on to it.
func forget(out *http.Request) {
	h := out.Header
	out.Header = nil
	if len(h) <= 64 { // a map never shrinks
		clear(h)
		headers.Put(h)
	}
}

// header returns the headers for the upstream. Values are shared with r's, which nobody edits;
// clipped, so that whoever appends to them doesn't either.
func (rw *rewriter) header(r *http.Request, room *[2][1]string) http.Header {
	h := headers.Get().(http.Header)
	trusted := rw.trusted.trusts(r.RemoteAddr)
	var connection, te, agent, forwarded bool // is there
	for name, values := range r.Header {
		switch {
		case isHopByHop(name):
			connection, te = connection || name == "Connection", te || name == "Te"
			continue
		case forwards(name):
			if !trusted { // what others say of our client isn't believed
				continue
			}
			forwarded = true
		case name == "User-Agent":
			agent = true
		case disguised(name):
			continue
		}
		h[name] = slices.Clip(values)
	}
	if connection {
		rw.connection(h, r)
		_, agent = h["User-Agent"]
		forwarded = true // perhaps
	}
	if te && listHas(r.Header["Te"], "trailers") { // hop-by-hop, but end to end what gRPC servers ask for
		h["Te"] = []string{"trailers"}
	}
	if !agent {
		h["User-Agent"] = nil // or net/http sends its own
	}
	rw.forwarded(h, r, room, forwarded)
	return h
}

// connection does what Connection asks for: headers that it names go, and an upgrade is asked
// for on the next connection too, but of HTTP/2, which has none (RFC 9113 section 8.2.2).
func (rw *rewriter) connection(h http.Header, r *http.Request) {
	dropNamed(h, r.Header["Connection"])
	if upgrade := asksUpgrade(r); upgrade != "" && !rw.http2 {
		h["Connection"] = []string{"Upgrade"}
		h["Upgrade"] = []string{upgrade}
	}
	// A header that was sent is never lost to "Connection: X-Request-Id".
	for _, name := range []string{headerRequestID, headerTraceparent} {
		if values := r.Header[name]; values != nil {
			h[name] = slices.Clip(values)
		}
	}
}

// forwards reports a header that says whom a request comes from.
func forwards(name string) bool {
	switch name {
	case "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Port", "Forwarded":
		return true
	}
	return false
}

// forwarded completes the forwarding headers: what a trusted proxy said of its client is in h, if anything.
func (rw *rewriter) forwarded(h http.Header, r *http.Request, room *[2][1]string, said bool) {
	var prior, proto, host, port []string
	if said {
		prior, proto, host, port = h["X-Forwarded-For"], h["X-Forwarded-Proto"], h["X-Forwarded-Host"], h["X-Forwarded-Port"]
	}
	if peer, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		if len(prior) > 0 {
			peer = strings.Join(prior, ", ") + ", " + peer
		}
		room[0][0] = peer
		h["X-Forwarded-For"] = room[0][:]
	}
	if proto == nil {
		proto = plainly
		if r.TLS != nil {
			proto = securely
		}
		h["X-Forwarded-Proto"] = proto
	}
	if host == nil && r.Host != "" {
		room[1][0] = r.Host
		host = room[1][:]
		h["X-Forwarded-Host"] = host
	}
	if port == nil {
		h["X-Forwarded-Port"] = portOf(first(host), first(proto))
	}
	if rw.standard {
		standardForwarded(h, r)
	}
}

// disguised reports a header that CGI and its children (PHP, WSGI, Rack) can't tell from one that
// only we may set, or that frames a request: to them X_Forwarded_For and X-Forwarded-For are both
// HTTP_X_FORWARDED_FOR.
func disguised(name string) bool {
	if strings.IndexByte(name, '_') < 0 {
		return false
	}
	name = http.CanonicalHeaderKey(strings.ReplaceAll(name, "_", "-"))
	return strings.HasPrefix(name, ourPrefix) || slices.Contains(forwardingHeaders[:], name) ||
		name == "Content-Length" || name == "Transfer-Encoding"
}

// Values that most requests share. Nobody edits values.
var (
	plainly, securely     = []string{"http"}, []string{"https"}
	portPlain, portSecure = []string{"80"}, []string{"443"}
)

// first returns what Header.Get does of a header's values.
func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

// portOf returns the port that a client used for a host by a scheme, as a header's values.
func portOf(host, scheme string) []string {
	colon := strings.LastIndexByte(host, ':')
	bare := strings.IndexByte(host, ':') != colon && !strings.HasSuffix(host[:max(colon, 0)], "]") // an IPv6 address alone
	if colon >= 0 && colon < len(host)-1 && !bare {
		return []string{host[colon+1:]}
	}
	if strings.EqualFold(scheme, "https") {
		return portSecure
	}
	return portPlain
}

// isHopByHop reports a header that speaks of one connection only (RFC 9110 section 7.6.1), whether
// Connection names it or not.
func isHopByHop(name string) bool {
	switch name {
	case "Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection",
		"Te", "Trailer", "Transfer-Encoding", "Upgrade", "Http2-Settings":
		return true
	}
	return false
}

// dropNamed removes the headers that Connection names.
func dropNamed(h http.Header, connection []string) {
	for _, line := range connection {
		for name := range strings.SplitSeq(line, ",") {
			h.Del(strings.Trim(name, " \t"))
		}
	}
}

func dropHopByHop(h http.Header) {
	if connection := h["Connection"]; connection != nil {
		dropNamed(h, connection)
	}
	for name := range h {
		if isHopByHop(name) {
			delete(h, name)
		}
	}
}

// asksUpgrade returns what a request asks to switch to; empty: nothing. One with a body doesn't: who
// agrees may do so before its end, and what of the body is still to come is then nobody's.
func asksUpgrade(r *http.Request) string {
	if r.ContentLength != 0 {
		return ""
	}
	return upgradeProtocol(r.Header)
}

// upgradeProtocol returns what a message asks or agrees to switch to; empty: nothing. HTTP/2 is
// spoken by prior knowledge only: a tunnel of it would pass every route by.
func upgradeProtocol(h http.Header) string {
	if h["Upgrade"] == nil || !listHas(h["Connection"], "upgrade") {
		return ""
	}
	protocol := strings.Join(h["Upgrade"], ", ")
	if !printable(protocol) {
		return ""
	}
	for name := range strings.SplitSeq(protocol, ",") {
		name, _, _ = strings.Cut(strings.Trim(name, " \t"), "/")
		for _, http := range []string{"h2c", "h2", "HTTP"} {
			if strings.EqualFold(name, http) {
				return ""
			}
		}
	}
	return protocol
}

// listHas reports whether a header's comma-separated lists have a token, in any case.
func listHas(lines []string, token string) bool {
	for _, line := range lines {
		for t := range strings.SplitSeq(line, ",") {
			if strings.EqualFold(strings.Trim(t, " \t"), token) {
				return true
			}
		}
	}
	return false
}

func printable(s string) bool {
	return !strings.ContainsFunc(s, func(c rune) bool { return c < ' ' || c > '~' })
}
