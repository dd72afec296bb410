package strangler

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The gRPC status codes that a gateway has to say itself
// (https://grpc.io/docs/guides/status-codes/).
const (
	grpcDeadlineExceeded = "4"
	grpcUnavailable      = "14"
)

// endGRPC ends an answer that the upstream broke off with a status, where its client waits for
// one: a stream that is reset means INTERNAL to it, whatever happened. It reports whether it did.
func endGRPC(h http.Header, r *http.Request, resp *http.Response, began time.Time) bool {
	if r.ProtoMajor < 2 || !isGRPC(resp.Header.Get("Content-Type")) {
		return false
	}
	status, message := grpcUnavailable, "the answer was cut short"
	if limit, ok := grpcTimeout(r.Header.Get("Grpc-Timeout")); ok && time.Since(began) >= limit {
		status, message = grpcDeadlineExceeded, "the deadline passed before the answer's end"
	}
	h[http.TrailerPrefix+"Grpc-Status"] = []string{status}
	h[http.TrailerPrefix+"Grpc-Message"] = []string{message}
	return true
}

// isGRPC reports whether that is a media type of gRPC over HTTP/2: not of gRPC-Web, which has
// its status in the body.
func isGRPC(contentType string) bool {
	rest, ok := strings.CutPrefix(contentType, "application/grpc")
	return ok && (rest == "" || rest[0] == '+' || rest[0] == ';')
}

// grpcTimeout reads a Grpc-Timeout: at most eight digits and a unit
// (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md#requests).
func grpcTimeout(s string) (time.Duration, bool) {
	if len(s) < 2 || len(s) > 9 {
		return 0, false
	}
	n, err := strconv.ParseUint(s[:len(s)-1], 10, 32)
	if err != nil {
		return 0, false
	}
	unit, ok := map[byte]time.Duration{
		'H': time.Hour, 'M': time.Minute, 'S': time.Second,
		'm': time.Millisecond, 'u': time.Microsecond, 'n': time.Nanosecond,
	}[s[len(s)-1]]
	if hours := time.Duration(n); unit == time.Hour && hours > 1<<20 {
		return 0, false // more than a Duration holds
	}
	return time.Duration(n) * unit, ok
}
