package daemon

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/strangler-fig/toolkit/strangler/rollout"
)

// refusedNotice is an answer that is no thanks.
type refusedNotice struct {
	status int
	text   string        // the first line of the answer's body
	again  bool          // it may be taken later
	after  time.Duration // which the webhook wants to be left alone for
}

// Error implements error.
func (e *refusedNotice) Error() string {
	text := fmt.Sprintf("it answers %d", e.status)
	if name := http.StatusText(e.status); name != "" {
		text += " " + name
	}
	if e.status/100 == 3 {
		return text + ", and redirects are not followed"
	}
	if e.text != "" {
		text += ": " + e.text
	}
	return text
}

// send sends a letter once. Where the answer is none of 2xx the error is a *refusedNotice.
func (n *notifier) send(ctx context.Context, to string, l letter) error {
	ctx, cancel := context.WithTimeout(ctx, noticeTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(l.body))
	if err != nil {
		return errors.New("its URL is none") // and the error would repeat it
	}
	r.Header.Set("Content-Type", "application/cloudevents+json")
	r.Header.Set("User-Agent", "strangler")
	resp, err := n.client.Do(r)
	if err != nil {
		switch {
		case errors.Is(ctx.Err(), context.DeadlineExceeded):
			return fmt.Errorf("there is no answer within %s", noticeTimeout)
		case ctx.Err() != nil:
			return ctx.Err()
		}
		if whole, ok := errors.AsType[*url.Error](err); ok {
			err = whole.Err // without the URL, which may hold a token
		}
		return err
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(resp.Body, 8*noticeReason)) // what came of it will do
	if resp.StatusCode/100 == 2 {
		return nil
	}
	refused := &refusedNotice{status: resp.StatusCode, text: firstLine(text)}
	switch resp.StatusCode {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		refused.again = true
	default:
		refused.again = resp.StatusCode/100 == 5
	}
	if seconds, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && seconds > 0 {
		refused.after = time.Duration(min(seconds, 3600)) * time.Second
	}
	return refused
}

// ask asks a webhook whether what the notice says may be done, and says why not; empty: it may.
// An error says that there is no decision, so that it may not be done either: no answer in time,
// or one that is neither yes nor no. It is asked once, and a decision is for this once.
func (n *notifier) ask(ctx context.Context, hook rollout.Webhook, what notice) (refused string, err error) {
	err = n.send(ctx, hook.URL, letter{what.Type, time.Now(), what.event(n.source)})
	answer, answered := errors.AsType[*refusedNotice](err)
	switch {
	case err == nil:
		return "", nil
	case !answered || answer.again || answer.status/100 != 4:
		return "", fmt.Errorf("ask %s: %w", hook.Shown(), err)
	case answer.text != "" && (answer.status == http.StatusForbidden || answer.status == http.StatusConflict):
		return answer.text, nil
	}
	return answer.Error(), nil
}

// firstLine returns what a webhook says, as it may be shown: its first line that isn't empty, not
// all too long, without control characters.
func firstLine(text []byte) string {
	for line := range strings.Lines(strings.ToValidUTF8(string(text), "�")) {
		line = strings.TrimSpace(strings.Map(func(r rune) rune {
			if !unicode.IsPrint(r) {
				return ' '
			}
			return r
		}, line))
		if len(line) > noticeReason {
			line = strings.ToValidUTF8(line[:noticeReason-len("…")], "") + "…"
		}
		if line != "" {
			return line
		}
	}
	return ""
}
