package daemon

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/strangler-fig/toolkit/strangler/rollout"
)

// What bounds the delivery of notices.
const (
	noticeQueue    = 64               // that wait for one webhook; beyond it the oldest is dropped
	noticeTimeout  = 10 * time.Second // of one attempt, from the connection to the answer's end
	noticePatience = 30 * time.Minute // with one notice
	noticePause    = time.Second      // after a first failure; doubled each time
	noticeMaxPause = 5 * time.Minute
	noticeLast     = 2 * time.Second // for what is left when the daemon ends
	noticeReason   = 500             // bytes of why a webhook refuses
)

// notifier tells webhooks what rollouts do: each notice at least once, in order, with the same id
// each time, or it is dropped, counted and logged. One goroutine sends (run), so that whoever
// tells is never kept waiting. A webhook that fails is left alone for a while, and with it what
// waits for it; it keeps nobody else from being told. Its methods are safe for concurrent use.
type notifier struct {
	source string // a URI of this proxy
	client *http.Client
	idle   func() // closes connections that are kept
	log    *slog.Logger

	mu    sync.Mutex
	all   string // the webhook that is told everything; empty: none
	boxes map[string]*mailbox
	wake  chan struct{}

	delivered, failed, dropped atomic.Int64
}

// mailbox is what waits for one webhook.
type mailbox struct {
	letters []letter
	pauses  backoff.ExponentialBackOff
	due     time.Time // no attempt is made before
	failing bool
}

type letter struct {
	kind string
	at   time.Time
	body []byte
}

// notifierConfig says what a notifier needs. Transport may be nil.
type notifierConfig struct {
	Source    string // a URI of this proxy
	Transport http.RoundTripper
	Logger    *slog.Logger
}

func newNotifier(c notifierConfig) *notifier {
	n := &notifier{source: c.Source, log: c.Logger, idle: func() {}, boxes: map[string]*mailbox{}, wake: make(chan struct{}, 1)}
	if c.Transport == nil {
		own := &http.Transport{
			Proxy:                  http.ProxyFromEnvironment, // webhooks are often outside
			DialContext:            (&net.Dialer{Timeout: noticeTimeout}).DialContext,
			ForceAttemptHTTP2:      true,
			MaxIdleConnsPerHost:    1,
			IdleConnTimeout:        30 * time.Second,
			TLSHandshakeTimeout:    noticeTimeout,
			MaxResponseHeaderBytes: 64 << 10,
		}
		c.Transport, n.idle = own, own.CloseIdleConnections
	}
	// A redirect is not followed: what is sent belongs to who is named in the configuration.
	n.client = &http.Client{Transport: c.Transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return n
}

// tellAll sets the webhook that is told everything; empty: none.
func (n *notifier) tellAll(url string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.all = url
}

// hooksOn returns the webhooks that are called on an occasion.
func hooksOn(hooks []rollout.Webhook, on rollout.Occasion) (called []rollout.Webhook) {
	for _, hook := range hooks {
		for _, o := range hook.On {
			if o == on {
				called = append(called, hook)
				break
			}
		}
	}
	return called
}

// tell has the notice delivered to those webhooks, and to the one that is told everything. It
// returns at once.
func (n *notifier) tell(what notice, hooks ...rollout.Webhook) {
	n.mu.Lock()
	defer n.mu.Unlock()
	urls := make([]string, 0, len(hooks)+1)
	if n.all != "" {
		urls = append(urls, n.all)
	}
	for _, hook := range hooks {
		if hook.URL != n.all {
			urls = append(urls, hook.URL)
		}
	}
	if len(urls) == 0 {
		return
	}
	l := letter{what.Type, time.Now(), what.event(n.source)}
	for _, to := range urls {
		box := n.boxes[to]
		if box == nil {
			box = &mailbox{pauses: backoff.ExponentialBackOff{InitialInterval: noticePause, RandomizationFactor: 0.5, Multiplier: 2, MaxInterval: noticeMaxPause}}
			n.boxes[to] = box
		}
		if len(box.letters) == noticeQueue {
			n.drop(to, box, 1, fmt.Sprintf("%d wait already", noticeQueue))
		}
		box.letters = append(box.letters, l)
	}
	select {
	case n.wake <- struct{}{}:
	default:
	}
}

// drop gives up the oldest letters of a box. The caller holds n.mu.
func (n *notifier) drop(to string, box *mailbox, count int, why string) {
	for _, l := range box.letters[:count] {
		n.dropped.Add(1)
		n.log.Warn("a notification was not delivered", keyHook, shownHook(to), keyKind, l.kind, keyReason, why)
	}
	box.letters = box.letters[count:]
}

// run delivers until ctx ends, then tries once what is left, for a moment.
func (n *notifier) run(ctx context.Context) {
	defer n.idle()
	for ctx.Err() == nil {
		to, l, wait := n.next()
		if to != "" {
			n.deliver(ctx, to, l)
			continue
		}
		var due <-chan time.Time
		if wait > 0 {
			due = time.After(wait)
		}
		select {
		case <-ctx.Done():
		case <-n.wake:
		case <-due:
		}
	}
	n.last(context.WithoutCancel(ctx))
}

// next takes the letter out that is due for longest. Where none is, it says when one will be; 0:
// there is none.
func (n *notifier) next() (to string, l letter, wait time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	now := time.Now()
	var first time.Time
	for hook, box := range n.boxes {
		if len(box.letters) == 0 {
			if !box.failing {
				delete(n.boxes, hook)
			}
			continue
		}
		due := box.letters[0].at
		if box.due.After(due) {
			due = box.due
		}
		if to == "" || due.Before(first) {
			to, first = hook, due
		}
	}
	if to == "" {
		return "", letter{}, 0
	}
	if first.After(now) {
		return "", letter{}, first.Sub(now)
	}
	box := n.boxes[to]
	l, box.letters = box.letters[0], box.letters[1:]
	return to, l, 0
}

// last sends what is left to those that don't fail, to all at once: one that hangs costs no other
// its last word.
func (n *notifier) last(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, noticeLast)
	defer cancel()
	n.mu.Lock()
	defer n.mu.Unlock()
	var sending sync.WaitGroup
	for to, box := range n.boxes {
		sending.Go(func() { n.empty(ctx, to, box) })
	}
	n.mu.Unlock()
	sending.Wait()
	n.mu.Lock()
}

// empty sends what is in a box until an attempt fails, and gives up the rest.
func (n *notifier) empty(ctx context.Context, to string, box *mailbox) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for len(box.letters) > 0 && !box.failing && ctx.Err() == nil {
		l := box.letters[0]
		box.letters = box.letters[1:]
		n.mu.Unlock()
		err := n.send(ctx, to, l)
		n.mu.Lock()
		if err != nil {
			n.failed.Add(1)
			box.letters = append([]letter{l}, box.letters...)
			break
		}
		n.delivered.Add(1)
	}
	n.drop(to, box, len(box.letters), "the proxy ends")
}

// deliver sends a letter, and puts it back where that may be mended by sending it again.
func (n *notifier) deliver(ctx context.Context, to string, l letter) {
	err := n.send(ctx, to, l)
	n.mu.Lock()
	defer n.mu.Unlock()
	box := n.boxes[to]
	if err == nil {
		n.delivered.Add(1)
		if box.failing {
			n.log.Info("a webhook takes notifications again", keyHook, shownHook(to))
		}
		box.failing, box.due = false, time.Time{}
		box.pauses.Reset()
		return
	}
	box.letters = append([]letter{l}, box.letters...)
	if ctx.Err() != nil {
		return // the daemon ends, and it is not the webhook's
	}
	n.failed.Add(1)
	final, _ := errors.AsType[*refusedNotice](err)
	if final != nil && !final.again {
		n.drop(to, box, 1, err.Error())
		return
	}
	if !box.failing {
		box.failing = true
		n.log.Warn("a webhook takes no notifications; they are sent again later", keyHook, shownHook(to), keyError, err)
	}
	now := time.Now()
	pause := box.pauses.NextBackOff()
	if final != nil {
		pause = max(pause, min(final.after, noticeMaxPause))
	}
	box.due = now.Add(pause)
	old := 0
	for old < len(box.letters) && now.Sub(box.letters[old].at) >= noticePatience {
		old++
	}
	old = max(old, len(box.letters)-noticeQueue)
	n.drop(to, box, old, err.Error())
}

func shownHook(to string) string { return rollout.Webhook{URL: to}.Shown() }

// notifications is how the delivery of notices does. The counts began with the process.
type notifications struct {
	Delivered int64 // notices, each webhook's
	Failed    int64 // attempts
	Dropped   int64 // notices
	Waiting   int   // notices
}

func (n *notifier) state() notifications {
	n.mu.Lock()
	defer n.mu.Unlock()
	s := notifications{Delivered: n.delivered.Load(), Failed: n.failed.Load(), Dropped: n.dropped.Load()}
	for _, box := range n.boxes {
		s.Waiting += len(box.letters)
	}
	return s
}
