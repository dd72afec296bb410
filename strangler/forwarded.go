package strangler

import (
	"net/http"
	"strings"
)

// standardForwarded sets Forwarded (RFC 7239), for upstreams that want it beside X-Forwarded-*,
// which are set already. What a trusted proxy said in it is appended to; where it said
// X-Forwarded-For only, that is what it means (section 7.4).
func standardForwarded(h http.Header, r *http.Request) {
	var b strings.Builder
	hops := strings.Join(h["X-Forwarded-For"], ",")
	if prior := strings.Join(h["Forwarded"], ", "); prior != "" {
		b.WriteString(prior + ", ")
		hops = hops[strings.LastIndexByte(hops, ',')+1:]
	} else if first, rest, found := strings.Cut(hops, ","); found {
		// How the client's request came to the first proxy.
		writeForwarded(&b, first, h.Get("X-Forwarded-Host"), h.Get("X-Forwarded-Proto"))
		last := strings.LastIndexByte(rest, ',')
		for hop := range strings.SplitSeq(rest[:max(last, 0)], ",") {
			if hop != "" {
				b.WriteString(", ")
				writeForwarded(&b, hop, "", "")
			}
		}
		b.WriteString(", ")
		hops = rest[last+1:]
	}
	proto := "http"
	if r.TLS != nil {
		proto = "https"
	}
	writeForwarded(&b, hops, r.Host, proto)
	h["Forwarded"] = []string{b.String()}
}

// writeForwarded writes one element: who asked, for which host, how. An address of version 6 is
// in brackets and quotes (section 6).
func writeForwarded(b *strings.Builder, hop, host, proto string) {
	b.WriteString("for=")
	switch addr, ok := parseHop(strings.Trim(hop, " \t")); {
	case !ok:
		b.WriteString("unknown")
	case addr.Is6():
		b.WriteString(`"[` + addr.String() + `]"`)
	default:
		b.WriteString(addr.String())
	}
	if host != "" {
		b.WriteString(";host=" + quoted(host))
	}
	if proto != "" {
		b.WriteString(";proto=" + quoted(proto))
	}
}

// quoted returns a token, or a quoted string of RFC 9110 section 5.6.4.
func quoted(s string) string {
	if isToken(s) {
		return s
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}
