package shadow

import (
	"net/http"
	"net/url"
	"strings"
)

// To returns what a Point wants as its Other or Sandbox: it sends a request, as a server got
// it, to the scheme and host of base, its path and query unchanged. Hop-by-hop headers are
// left out (RFC 9110 section 7.6.1); the Host header is the client's. Through must not ask for
// compression by itself; nil is a transport that doesn't.
func To(base *url.URL, through http.RoundTripper) http.RoundTripper {
	if through == nil {
		own := http.DefaultTransport.(*http.Transport).Clone()
		own.DisableCompression = true
		own.Proxy = nil
		through = own
	}
	return &upstream{base, through}
}

type upstream struct {
	base    *url.URL
	through http.RoundTripper
}

var hopByHop = []string{
	"Connection", "Proxy-Connection", "Keep-Alive", "Te", "Trailer", "Transfer-Encoding", "Upgrade",
	"Proxy-Authorization", "Proxy-Authenticate",
}

// RoundTrip implements http.RoundTripper.
func (t *upstream) RoundTrip(r *http.Request) (*http.Response, error) {
	out := r.WithContext(r.Context())
	u := *r.URL
	u.Scheme, u.Host = t.base.Scheme, t.base.Host
	out.URL = &u
	out.RequestURI = ""
	out.Header = r.Header.Clone()
	for _, line := range r.Header["Connection"] {
		for name := range strings.SplitSeq(line, ",") {
			out.Header.Del(strings.TrimSpace(name))
		}
	}
	for _, name := range hopByHop {
		out.Header.Del(name)
	}
	if _, named := out.Header["User-Agent"]; !named {
		out.Header["User-Agent"] = nil // or the transport would name itself
	}
	return t.through.RoundTrip(out)
}
