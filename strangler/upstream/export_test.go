package upstream

import (
	"context"
	"net"
	"net/http"
)

// NewHTTP1 is the own transport of HTTP/1.1 alone, with at most that many connections.
func NewHTTP1(dial func(context.Context, string, string) (net.Conn, error), most int) http.RoundTripper {
	return newHTTP1(http1Config{Dial: dial, MaxPerHost: most})
}
