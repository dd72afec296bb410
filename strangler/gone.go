package strangler

import (
	"net/http"
	"net/url"
	"strings"
	"unicode"
)

// maxGone bounds a route's Gone, in bytes.
const maxGone = 1000

func (v *validation) gone() {
	switch gone := v.route.Gone; {
	case gone == "":
	case v.route.Service != "":
		v.problem("gone", "the route has a service, which answers when it is retired; remove this, or the service")
	case len(gone) > maxGone:
		v.problem("gone", "it is %d bytes, and has to fit into %d", len(gone), maxGone)
	case strings.ContainsFunc(gone, unicode.IsControl):
		v.problem("gone", "it is one line of text, or a URL, without control characters")
	}
}

// gone answers for a retired route without a service.
type gone struct {
	detail string
	link   string // the value of the Link header; empty: there is none
}

// newGone returns what answers 410 (RFC 9110 section 15.5.11) with a text, or with the URL of what
// replaces what is gone (RFC 5829 section 3.4: successor-version).
func newGone(text string) gone {
	to := successor(text)
	if to == "" {
		return gone{detail: text}
	}
	return gone{detail: "this is gone; its successor is " + to, link: "<" + to + `>; rel="successor-version"`}
}

// successor returns the URL that a text is, in the form in which a header may have it; empty: it is none.
func successor(text string) string {
	if strings.ContainsAny(text, " <>\"") {
		return ""
	}
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return ""
	case u.Host != "" && (u.Scheme == "http" || u.Scheme == "https"), u.Scheme == "" && strings.HasPrefix(text, "/"):
		return u.String()
	}
	return ""
}

// ServeHTTP answers with a problem document.
func (g gone) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if g.link != "" {
		w.Header().Set("Link", g.link)
	}
	document(w, r, http.StatusGone, g.detail)
}
