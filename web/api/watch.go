package api

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"iter"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/strangler-fig/toolkit/web"
)

const (
	maxEvent = 4 << 20
	silence  = 3 * heartbeat // a stream that is silent for so long is dead
)

var (
	errStreamEnded  = errors.New("the stream of events ended")
	errStreamSilent = errors.New("the stream of events fell silent")
)

// Events yields events until ctx ends, the loop does, or the stream breaks, which is the last
// thing it yields: an *UnreachableError where it is worth trying again, as it is when the proxy
// restarts. Events that happen before the first is yielded, or while nobody listens, are missed;
// ask for the present after each beginning. An event's Data is a json.RawMessage.
func (c *Client) Events(ctx context.Context) iter.Seq2[web.Event, error] {
	return func(yield func(web.Event, error) bool) {
		alive, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		watchdog := time.AfterFunc(c.silence, func() { cancel(errStreamSilent) })
		defer watchdog.Stop()
		err := c.watch(alive, func(e web.Event) bool {
			watchdog.Stop() // what the loop does takes as long as it takes
			defer watchdog.Reset(c.silence)
			return yield(e, nil)
		}, func() { watchdog.Reset(c.silence) })
		switch {
		case err == nil:
			return
		case context.Cause(alive) == errStreamSilent:
			err = &UnreachableError{c.base, errStreamSilent}
		}
		yield(web.Event{}, err)
	}
}

// watch hands on each event until event returns false, and calls sign at each line. Its error is
// nil only then.
func (c *Client) watch(ctx context.Context, event func(web.Event) bool, sign func()) error {
	answer, err := c.do(ctx, http.MethodGet, "/events", http.Header{"Accept": {"text/event-stream"}}, nil)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if media, _, _ := mime.ParseMediaType(answer.Header.Get("Content-Type")); media != "text/event-stream" {
		return &UnreachableError{c.base, errors.New("it answers, but not with events as the admin API does")}
	}
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(nil, maxEvent)
	var kind, data string
	for lines.Scan() {
		sign()
		switch name, value, _ := strings.Cut(lines.Text(), ": "); {
		case name == "event":
			kind = value
		case name == "data":
			data = value
		case name == "" && value == "" && data != "":
			if !event(web.Event{Type: kind, Data: json.RawMessage(data)}) {
				return nil
			}
			kind, data = "", ""
		}
	}
	if err = lines.Err(); err == nil {
		err = errStreamEnded
	}
	return c.unreachable(ctx, err)
}
