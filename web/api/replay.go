package api

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/strangler-fig/toolkit/web"
)

type replayRequest struct {
	web.Replay
	Actor string `json:"actor,omitempty"` // counts only where there are no tokens
}

// mediaSteps is the type of a stream of JSON, one a line.
const mediaSteps = "application/x-ndjson"

// replay streams the steps of a replay. An error after the first of them ends the stream early, which
// shows in its last step: not all is done.
func (s *server) replay(w http.ResponseWriter, r *http.Request) {
	var in replayRequest
	if !s.read(w, r, &in) {
		return
	}
	if err := web.CheckWords("", in.Actor); err != nil {
		invalid(w, http.StatusUnprocessableEntity, err.Error())
		return
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(s.until, cancel)()
	in.Replay.Actor = web.IdentityFrom(r.Context()).Actor(in.Actor)
	out := http.NewResponseController(w)
	begun := false
	err := s.system.Replay(ctx, in.Replay, func(step web.ReplayStep) error {
		if !begun {
			begun = true
			w.Header().Set("Content-Type", mediaSteps)
			w.Header().Set("X-Accel-Buffering", "no") // nginx would hold steps back
			w.Header().Set("Connection", "close")     // its write deadline must not outlive the stream
		}
		line, err := encode(step)
		if err != nil {
			return err
		}
		// Where the server can't set a deadline there is none; its connection ends all the same.
		_ = out.SetWriteDeadline(time.Now().Add(s.writeTimeout))
		if _, err := w.Write(append(line, '\n')); err != nil {
			return err
		}
		return out.Flush()
	})
	switch {
	case err == nil || ctx.Err() != nil:
	case begun:
		s.log.Error("replay ended early", keyError, err)
	default:
		s.fail(w, r, err)
	}
}

// Replay sends stored requests again, and tells each step as it comes, on the caller's goroutine. It
// returns the last one; it is an error if that isn't the end.
func (c *Client) Replay(ctx context.Context, in web.Replay, tell func(web.ReplayStep)) (last web.ReplayStep, err error) {
	actor := in.Actor.Name
	if actor == "" {
		actor = c.actor
	}
	answer, err := c.do(ctx, http.MethodPost, "/replays", nil, replayRequest{in, actor})
	if err != nil {
		return last, err
	}
	defer answer.Body.Close()
	lines := bufio.NewReader(answer.Body)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 && err == nil {
			last = web.ReplayStep{}
			if err := json.Unmarshal(line, &last); err != nil {
				return last, &UnreachableError{c.base, fmt.Errorf("its answer is not the admin API's: %w", err)}
			}
			tell(last)
		}
		switch {
		case err == nil:
		case !errors.Is(err, io.EOF):
			return last, c.unreachable(ctx, err)
		case last.Done < last.Of:
			return last, fmt.Errorf("the replay ended after %d of %d requests; the proxy's log says why", last.Done, last.Of)
		default:
			return last, nil
		}
	}
}
