package web

import (
	"net/http"
	"time"
)

// How long a client may take, so that none holds a connection for ever by being slow.
const (
	headTimeout = 10 * time.Second // to send the head of a request
	bodyTimeout = 30 * time.Second // to send its body
	readTimeout = time.Minute      // to read its answer; a stream of events sets its own, event by event
	idleTimeout = 2 * time.Minute  // until its next request
	maxHead     = 64 << 10         // bytes
)

// NewServer returns a server for NewHandler's handler or NewOps', with bounds on what a client
// may take. http.Server's ReadTimeout is none of them: it would end a stream of events.
func NewServer(h http.Handler) *http.Server {
	return &http.Server{
		Handler:           hurried(h, bodyTimeout),
		ReadHeaderTimeout: headTimeout,
		WriteTimeout:      readTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHead,
	}
}

// hurried bounds how long a request's body takes.
func hurried(next http.Handler, within time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body != nil && r.Body != http.NoBody {
			// Where there is no connection to set a deadline on there is no client to wait for.
			_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(within))
		}
		next.ServeHTTP(w, r)
	})
}
