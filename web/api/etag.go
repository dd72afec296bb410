package api

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/strangler-fig/toolkit/web"
)

func etag(r web.Route) string { return strconv.Quote(strconv.FormatInt(r.Version, 10)) }

// ifMatch returns the version that the caller has seen; 0: any (RFC 9110 section 13.1.1). A list
// of tags is refused, since a route has one version only.
func ifMatch(r *http.Request) (int64, error) {
	values := r.Header.Values("If-Match")
	if len(values) == 0 || len(values) == 1 && strings.TrimSpace(values[0]) == "*" {
		return 0, nil
	}
	text := strings.TrimSpace(values[0])
	if len(values) == 1 && len(text) > 2 && text[0] == '"' && text[len(text)-1] == '"' {
		if n, err := strconv.ParseInt(text[1:len(text)-1], 10, 64); err == nil && n > 0 && `"`+strconv.FormatInt(n, 10)+`"` == text {
			return n, nil
		}
	}
	return 0, fmt.Errorf(`If-Match %q is no version; send the route's ETag, such as "7" with its quotes, or *`, strings.Join(values, ", "))
}
