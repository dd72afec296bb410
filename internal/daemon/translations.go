package daemon

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/strangler-fig/toolkit/acl"
	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/shadow/ledger"
	"github.com/strangler-fig/toolkit/web"
)

// translated counts what is translated of a route since the process started, and keeps what could not
// be until it is written down. It is bounded, and never waits for the ledger.
type translated struct {
	requests, answers translationCount

	mu      sync.Mutex // never held while anything waits
	pending map[untranslatedKey]*ledger.Untranslated
}

type translationCount struct{ done, failed atomic.Int64 }

func (c *translationCount) view() web.TranslationCount {
	return web.TranslationCount{Translated: c.done.Load(), Failed: c.failed.Load()}
}

// untranslatedKey is what makes a kind: see ledger.Untranslated.
type untranslatedKey struct{ direction, pointer, kind string }

// talk is what is translated under one name: a route's, or a facade's (facadeTraffic).
type talk struct {
	name    string
	asks    acl.Direction // of requests; answers go the other way
	capture shadow.Capture
	hidden  []string // pointers of what is secret in the service's answers
}

// counting returns a transport that counts what one that translates does, and keeps what could not be.
func (d *Daemon) counting(of talk, translating func(acl.Options) http.RoundTripper) http.RoundTripper {
	t := &d.traffic.of(of.name).translated
	return &counted{of.asks, t, translating(acl.Options{Observe: func(client *http.Request, err *acl.Error) {
		t.fail(d.untranslated(of, client, err), of.asks)
	}})}
}

// counted counts messages that were translated.
type counted struct {
	asks acl.Direction
	to   *translated
	next http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (c *counted) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := c.next.RoundTrip(r)
	var failed *acl.Error
	switch {
	case err == nil:
		c.to.requests.done.Add(1)
		c.to.answers.done.Add(1)
	case !errors.As(err, &failed):
		c.to.requests.done.Add(1) // and sent, but nothing came back
	default:
		if failed.Direction != c.asks {
			c.to.requests.done.Add(1)
		}
		err = &discreetError{failed}
	}
	return resp, err
}

// discreetError is an error of a translation for the log: what it says of values stands in the ledger,
// where it is redacted and not everybody reads it.
type discreetError struct{ whole *acl.Error }

// Error implements error.
func (e *discreetError) Error() string {
	at := ""
	if e.whole.Pointer != "" {
		at = "at " + generalPointer(e.whole.Pointer) + ": "
	}
	return "translate " + string(e.whole.Direction) + ": " + at + kindOfReason(e.whole.Err.Error())
}

// Unwrap returns the error with values in it.
func (e *discreetError) Unwrap() error { return e.whole }

// fail takes note of something that could not be translated. asks is the direction of requests.
func (t *translated) fail(u ledger.Untranslated, asks acl.Direction) {
	if u.Direction == string(asks) {
		t.requests.failed.Add(1)
	} else {
		t.answers.failed.Add(1)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	key := untranslatedKey{u.Direction, u.Pointer, u.Kind}
	if _, known := t.pending[key]; !known && len(t.pending) >= ledger.MaxUntranslated {
		key = untranslatedKey{u.Direction, "", ledger.OtherKinds}
		u.Pointer, u.Kind, u.Example = key.pointer, key.kind, nil
	}
	if known := t.pending[key]; known != nil {
		known.Count += u.Count
		known.Last = u.Last
		if u.Example != nil {
			known.Example = u.Example
		}
		return
	}
	if t.pending == nil {
		t.pending = map[untranslatedKey]*ledger.Untranslated{}
	}
	t.pending[key] = &u
}

// take returns what there is and forgets it.
func (t *translated) take() map[untranslatedKey]*ledger.Untranslated {
	t.mu.Lock()
	defer t.mu.Unlock()
	taken := t.pending
	t.pending = nil
	return taken
}

// untranslated describes what could not be translated. What it tells of values is redacted; of a route
// of which no values are kept it tells nothing of them.
func (d *Daemon) untranslated(of talk, client *http.Request, err *acl.Error) ledger.Untranslated {
	now := time.Now().UTC()
	general := generalPointer(err.Pointer)
	reason := err.Err.Error()
	quoted, _ := json.Marshal(reason)
	c := shadow.Comparison{
		Request:     shadow.Request{Method: client.Method, Path: client.URL.RequestURI(), Header: client.Header},
		Differences: []shadow.Difference{{Pointer: err.Pointer, Pattern: general, Kind: shadow.KindValue, Service: quoted}},
	}
	hidden := of.hidden
	message := &shadow.Answer{Status: err.Answered, Header: http.Header{"Content-Type": {err.ContentType}}, Body: err.Read, Size: err.Size}
	if err.Direction == acl.ToLegacy {
		c.Service = message
	} else {
		c.Legacy, hidden = message, nil
	}
	c = d.shadow.Redacted(c, hidden...)
	u := ledger.Untranslated{Route: of.name, Direction: string(err.Direction), Pointer: c.Differences[0].Pattern, Kind: kindOfReason(reason), Count: 1, First: now, Last: now}
	if of.capture != shadow.CaptureFull {
		return u
	}
	example := &ledger.UntranslatedExample{At: now, Method: c.Request.Method, Path: c.Request.Path, Pointer: c.Differences[0].Pointer, Status: err.Answered, ContentType: err.ContentType, Size: err.Size}
	if json.Unmarshal(c.Differences[0].Service, &example.Reason) != nil {
		example.Reason = u.Kind
	}
	for _, a := range []*shadow.Answer{c.Legacy, c.Service} {
		if a != nil && err.Read != nil {
			example.Body = a.Body
		}
	}
	if err.Read == nil {
		example.Size = -1
	}
	u.Example = example
	return u
}

// generalPointer puts * for the indexes of a pointer.
func generalPointer(pointer string) string {
	tokens := strings.Split(pointer, "/")
	for i, token := range tokens {
		if _, err := strconv.ParseUint(token, 10, 64); err == nil {
			tokens[i] = "*"
		}
	}
	return strings.Join(tokens, "/")
}

// valuesInReason are the parts of a reason that may come from a message: what is quoted, and numbers.
var valuesInReason = regexp.MustCompile("\"(?:[^\"\\\\]|\\\\.)*\"|`[^`]*`|[0-9]+")

// maxKind bounds a kind, in bytes.
const maxKind = 200

// kindOfReason returns a reason without values.
func kindOfReason(reason string) string {
	kind := valuesInReason.ReplaceAllString(reason, "…")
	if len(kind) > maxKind {
		kind = strings.ToValidUTF8(kind[:maxKind], "") + "…"
	}
	return kind
}

// recordUntranslated writes down what could not be translated since the last time; where that fails it is
// kept, as bounded, for the next time.
func (d *Daemon) recordUntranslated(ctx context.Context) error {
	var all []ledger.Untranslated
	for _, figures := range *d.traffic.routes.Load() {
		for _, u := range figures.translated.take() {
			all = append(all, *u)
		}
	}
	if len(all) == 0 {
		return nil
	}
	err := d.ledger.AddUntranslated(ctx, all)
	if err != nil {
		for _, u := range all {
			d.traffic.of(u.Route).translated.restore(u)
		}
	}
	return err
}

// restore takes back what could not be written down.
func (t *translated) restore(u ledger.Untranslated) {
	t.mu.Lock()
	defer t.mu.Unlock()
	key := untranslatedKey{u.Direction, u.Pointer, u.Kind}
	if newer := t.pending[key]; newer != nil {
		newer.Count += u.Count
		newer.First = u.First
		return
	}
	if t.pending == nil {
		t.pending = map[untranslatedKey]*ledger.Untranslated{}
	}
	t.pending[key] = &u // with as many more at most as there may be: what is too much goes with the next fold
}

// keepUntranslated is recordUntranslated for one who can't do anything about an error.
func (d *Daemon) keepUntranslated(ctx context.Context) {
	if err := d.recordUntranslated(ctx); err != nil && ctx.Err() == nil {
		d.log.Warn("what could not be translated is kept in memory only", keyError, err)
	}
}

// Translation implements web.Interpreter.
func (d *Daemon) Translation(ctx context.Context, route string) (web.Translation, error) {
	definition, err := d.configured(route)
	if err != nil {
		return web.Translation{}, err
	}
	figures := &d.traffic.of(route).translated
	view := web.Translation{Route: route, Requests: figures.requests.view(), Answers: figures.answers.view()}
	view.Parts, view.Bodies, view.Session = describeTranslation(d.current.Load().config, definition.Translate)
	view.Failures, err = d.failedTranslations(ctx, route)
	return view, err
}

// failedTranslations returns what is on record of what could not be translated.
func (d *Daemon) failedTranslations(ctx context.Context, route string) ([]web.TranslationFailure, error) {
	d.keepUntranslated(ctx)
	failed, err := d.ledger.Untranslated(ctx, route)
	all := []web.TranslationFailure{}
	for _, u := range failed {
		f := web.TranslationFailure{Direction: u.Direction, Pointer: u.Pointer, Kind: u.Kind, Count: u.Count, First: u.First, Last: u.Last}
		if e := u.Example; e != nil {
			f.Example = &web.UntranslatedMessage{At: e.At, Method: e.Method, Path: e.Path, Pointer: e.Pointer, Reason: e.Reason, Status: e.Status, ContentType: e.ContentType, Size: e.Size}
			f.Example.Body, f.Example.Binary = textOf(e.Body)
		}
		all = append(all, f)
	}
	return all, err
}
