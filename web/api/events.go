package api

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/strangler-fig/toolkit/web"
)

const (
	maxSubscribers = 100
	heartbeat      = 15 * time.Second
	writeTimeout   = 10 * time.Second
	greeting       = "retry: 1000\n\n" // a browser whose stream ended comes back after so many milliseconds
)

// events streams what happens as server-sent events until the client leaves, can't keep up, or
// the server shuts down.
func (s *server) events(w http.ResponseWriter, r *http.Request) {
	select {
	case s.seats <- struct{}{}:
		defer func() { <-s.seats }()
	default:
		w.Header().Set("Retry-After", "10")
		web.WriteProblem(w, web.Problem{Status: http.StatusServiceUnavailable, Code: web.CodeTooMany,
			Detail: fmt.Sprintf("%d clients listen to events already; close one, or try again later", maxSubscribers)})
		return
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(s.until, cancel)()

	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no") // nginx would hold events back
	w.Header().Set("Connection", "close")     // its write deadline must not outlive the stream
	if r.Method == http.MethodHead {
		return
	}
	out := http.NewResponseController(w)
	// Where the server can't set a deadline there is none; its connection ends all the same.
	extend := func() { _ = out.SetWriteDeadline(time.Now().Add(s.writeTimeout)) }
	defer extend() // for the end of the stream, which the server writes
	send := func(text string) bool {
		extend()
		_, err := io.WriteString(w, text)
		return err == nil && out.Flush() == nil
	}
	events := s.system.Subscribe(ctx)
	beat := time.NewTicker(s.heartbeat)
	defer beat.Stop()
	for ok := send(greeting); ok; {
		select {
		case <-ctx.Done():
			return
		case <-beat.C:
			ok = send(": still here\n\n")
		case e, open := <-events:
			if !open {
				return
			}
			data, err := encode(e.Data) // never has a line break in it
			if err != nil {
				s.log.Error("encode event", keyType, e.Type, keyError, err)
				continue
			}
			ok = send("event: " + e.Type + "\ndata: " + string(data) + "\n\n")
		}
	}
}
