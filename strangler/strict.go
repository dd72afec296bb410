package strangler

import (
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// refusal is why a request is answered by station 1 and reaches no upstream.
type refusal struct {
	status int // 0: it isn't refused
	text   string
}

// ServeHTTP answers with why the request isn't passed on, and closes the connection: what else
// came on it may be anything.
func (f refusal) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.ProtoMajor == 1 {
		w.Header()["Connection"] = []string{"close"}
	}
	if f.status == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS") // RFC 9110 section 15.5.6
	}
	problem(w, r, f.status, f.text)
}

func ambiguous(text string) refusal { return refusal{http.StatusBadRequest, text} }

// strict is what net/http's parser leaves to us: it refuses what two readers could read in two
// ways, and puts into its one form what is odd but clear. What net/http refuses by itself, and
// what it makes of what it doesn't, is in malformed_test.go. An ordinary request costs no
// allocation.
func strict(r *http.Request, maxHeaders int) refusal {
	if maxHeaders > 0 && (headerLines(r.Header) > maxHeaders || len(r.Trailer) > maxHeaders) {
		return refusal{http.StatusRequestHeaderFieldsTooLarge, "the request has more header lines, or announces more trailers, than this gateway takes"}
	}
	if r.ProtoMajor >= 2 {
		if text := strictHTTP2(r); text != "" {
			return ambiguous(text)
		}
	} else if text := strictHTTP1(r); text != "" {
		return ambiguous(text)
	}
	// RFC 9112 section 3.2: a request whose Host has an invalid value is answered 400. HTTP/1.0
	// has none.
	if !validHost(r.Host) && (r.Host != "" || r.ProtoAtLeast(1, 1)) {
		return ambiguous("the request's Host is no host name or address, with or without a port")
	}
	// RFC 9112 section 3.2.4: the asterisk is for OPTIONS. This is also how "PRI * HTTP/2.0" looks
	// where it was sent with too much or too late.
	if r.URL.Path == "*" && r.Method != http.MethodOptions {
		return ambiguous("the target * is for OPTIONS only")
	}
	return refusal{}
}

func headerLines(h http.Header) int {
	n := 0
	for _, values := range h {
		n += len(values)
	}
	return n
}

func strictHTTP1(r *http.Request) string {
	if r.URL.Scheme != "" || r.URL.User != nil {
		if text := absolute(r); text != "" {
			return text
		}
	}
	if lines := r.Header["Connection"]; lines != nil {
		if name := endToEnd(lines, r.Header); name != "" {
			return "Connection names " + name + ", which is not about the connection"
		}
	}
	if r.ProtoMinor == 0 { // RFC 9110 section 7.8: an upgrade asked for in HTTP/1.0 is ignored
		delete(r.Header, "Upgrade")
	}
	// net/http takes "0005", and one length said twice, and so does RFC 9110 section 8.6; what
	// reads it as octal doesn't.
	if lines := r.Header["Content-Length"]; lines != nil {
		if plain := strings.TrimLeft(lines[0], "0"); lines[0] != plain && lines[0] != "0" || len(lines) > 1 {
			r.Header["Content-Length"] = []string{strconv.FormatInt(r.ContentLength, 10)}
		}
	}
	return ""
}

// absolute looks at a target in absolute form, which wins over Host (RFC 9112 section 3.2.2).
func absolute(r *http.Request) string {
	u := r.URL
	switch {
	case u.Opaque != "":
		return "" // Table.refuse says what that is
	case u.Scheme != "http" && u.Scheme != "https":
		return "the target's scheme is neither http nor https"
	case u.User != nil: // RFC 9110 section 4.2.4
		return "the target names a user"
	case u.Host == "": // RFC 9110 section 4.2.1
		return "the target has a scheme and no host"
	}
	if u.Path == "" && u.RawQuery == "" && !u.ForceQuery && r.Method == http.MethodOptions {
		u.Path = "*" // RFC 9112 section 3.2.4
	}
	return ""
}

// endToEnd returns the first header that Connection names and that no intermediary may lose to
// it: what says who asks, for what, and how long it is. All others are hop by hop because
// Connection says so (RFC 9110 section 7.6.1), and go.
func endToEnd(lines []string, h http.Header) string {
	for _, line := range lines {
		switch line {
		case "keep-alive", "close", "Keep-Alive", "Upgrade", "upgrade", "keep-alive, Upgrade":
			continue
		}
		for option := range strings.SplitSeq(line, ",") {
			name := http.CanonicalHeaderKey(strings.Trim(option, " \t"))
			switch name {
			case "Host", "Content-Length": // net/http took them off, or may have
				return name
			case "Authorization", "Cache-Control", "Content-Encoding", "Content-Type", "Cookie", "Forwarded":
			default:
				if !slices.Contains(forwardingHeaders[:], name) {
					continue
				}
			}
			if h[name] != nil {
				return name
			}
		}
	}
	return ""
}

// strictHTTP2 looks at what was framed in HTTP/2 and would be read by its characters in
// HTTP/1.1. Headers that HTTP/2 forbids net/http refuses (RFC 9113 section 8.2.2).
func strictHTTP2(r *http.Request) string {
	if !isToken(r.Method) {
		return "the method is no token"
	}
	for _, c := range []byte(r.RequestURI) {
		if c <= ' ' || c == 0x7f {
			return "the target has a space or control character in it"
		}
	}
	if target := r.RequestURI; target != "" && target[0] != '/' && target != "*" { // RFC 9113 section 8.3.1
		return "the target is no path"
	}
	if hosts := r.Header["Host"]; hosts != nil {
		if len(hosts) != 1 || !strings.EqualFold(hosts[0], r.Host) { // RFC 9113 section 8.3.1
			return "Host and :authority differ"
		}
		delete(r.Header, "Host")
	}
	// net/http takes an unreadable length for 0, the first of several, and any where no body comes
	// (RFC 9113 section 8.1.1).
	if lengths := r.Header["Content-Length"]; lengths != nil {
		if len(lengths) != 1 || lengths[0] != strconv.FormatInt(r.ContentLength, 10) {
			return "Content-Length is not the length of the body"
		}
	}
	return ""
}

// closesAfter reports a request after whose answer the connection has to be closed. One that
// came with both Transfer-Encoding and Content-Length, or in HTTP/1.0 with Transfer-Encoding, may
// have been read otherwise by whoever passed it on, to whom what follows is its body and not the
// next request (RFC 9112 sections 6.1 and 11.2). net/http removes the header that doesn't count
// before anybody sees it, so that every request counts that could be one.
func closesAfter(r *http.Request) bool {
	return r.ProtoMajor == 1 && (r.ProtoMinor == 0 || r.ContentLength < 0)
}

// validHost reports whether s is what a Host header may have: a name or an address, and perhaps a
// port. Names are of the characters that RFC 3986 section 3.2.2 doesn't reserve, without
// escapes: what else it allows no resolver knows, and readers split it differently.
func validHost(s string) bool {
	const longest = 253 + len(":65535") // RFC 1035 section 3.1, as text
	if s == "" || len(s) > longest {
		return false
	}
	if s[0] == '[' {
		end := strings.IndexByte(s, ']')
		if end < 0 {
			return false
		}
		addr, err := netip.ParseAddr(s[1:end])
		return err == nil && addr.Is6() && addr.Zone() == "" && validPort(s[end+1:])
	}
	if s[0] == ':' {
		return false
	}
	for i, c := range []byte(s) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '.', c == '_', c == '~':
		case c == ':':
			return validPort(s[i:])
		default:
			return false
		}
	}
	return true
}

// validPort takes nothing, or a colon and a port, which may be empty (RFC 3986 section 3.2.3).
func validPort(s string) bool {
	if s == "" || s == ":" {
		return true
	}
	_, err := strconv.ParseUint(s[1:], 10, 16)
	return s[0] == ':' && err == nil
}

// noTrailers are headers that mean nothing, or too much, behind a body: what frames, routes,
// authenticates or describes the message is decided before (RFC 9110 section 6.5.1). Whoever
// merges trailers into headers would believe them.
var noTrailers = [...]string{
	"Authorization", "Cache-Control", "Content-Encoding", "Content-Length", "Content-Range", "Content-Type", "Cookie",
	"Expect", "Forwarded", "Host", "Max-Forwards", "Range", "Set-Cookie", headerRequestID, headerTraceparent,
}

// dropTrailers takes off the trailers, or announcements of them, that are not passed on.
func dropTrailers(h http.Header) {
	if len(h) == 0 {
		return
	}
	for _, name := range noTrailers {
		delete(h, name)
	}
	for name := range h {
		if isHopByHop(name) || forwards(name) {
			delete(h, name)
			continue
		}
		// net/http takes names with spaces in them here, though not in a head.
		if strings.HasPrefix(name, ourPrefix) || disguised(name) || !isToken(name) {
			delete(h, name)
		}
	}
}
