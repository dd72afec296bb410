package shadow

import (
	"net/http"
	"strings"
)

// trailers returns the trailers of an answer whose head announced some and whose handler left header
// behind: those announced, and those with http.TrailerPrefix. Nil: it has none.
func trailers(announced []string, header http.Header) http.Header {
	var found http.Header
	add := func(name string, values []string) {
		if len(values) == 0 {
			return
		}
		if found == nil {
			found = make(http.Header)
		}
		found[http.CanonicalHeaderKey(name)] = append([]string(nil), values...)
	}
	for _, line := range announced {
		for name := range strings.SplitSeq(line, ",") {
			name = http.CanonicalHeaderKey(strings.TrimSpace(name))
			add(name, header[name])
		}
	}
	for name, values := range header {
		if bare, prefixed := strings.CutPrefix(name, http.TrailerPrefix); prefixed {
			add(bare, values)
		}
	}
	return found
}
