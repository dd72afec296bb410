package web

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/strangler-fig/toolkit/strangler"
)

// Undertaker retires routes. What it answers is on disk and in effect. Errors are Switchboard's.
type Undertaker interface {
	Retire(context.Context, Retire) (Retired, error)
	// Retirement says what stands in the way of a route's retiring, its unit's left out.
	Retirement(ctx context.Context, route string) (Retirement, error)
}

// Retire asks for routes, and with them their units, to retire together: all of them, or none.
// Exactly one of Routes, Unit and Service is given.
type Retire struct {
	Routes  []string `json:"routes,omitempty"`
	Unit    string   `json:"unit,omitempty"`
	Service string   `json:"service,omitempty"` // every route of that service
	Reason  string   `json:"reason,omitempty"`
	Force   bool     `json:"force,omitempty"`
	RetireEvidence

	Actor     Actor `json:"-"`
	IfVersion int64 `json:"-"` // of the only one of Routes, as the caller has seen it; 0: any
}

// RetireEvidence is what only the caller knows about callers that go around the proxy.
type RetireEvidence struct {
	ProxyOnly bool       `json:"proxy_only,omitempty"` // the caller vouches for there being no way around it
	AccessLog *AccessLog `json:"access_log,omitempty"` // what the legacy server's log says; nil: nobody looked
}

// AccessLog is what somebody found in the legacy server's access log.
type AccessLog struct {
	Files  []string  `json:"files"`
	Routes []string  `json:"routes"`        // that were looked for
	From   time.Time `json:"from,omitzero"` // of the first line, and the last
	Until  time.Time `json:"until,omitzero"`
	// GapFrom and GapUntil are the ends of the longest time without any line, where a file may be missing.
	GapFrom  time.Time   `json:"gap_from,omitzero"`
	GapUntil time.Time   `json:"gap_until,omitzero"`
	Lines    int64       `json:"lines"`
	Unread   int64       `json:"unread"` // of those: they say nothing that could be read
	Own      int64       `json:"own"`    // of those: the proxy's own requests, which are left out
	Callers  []LogCaller `json:"callers"`
}

// LogCaller is somebody whose requests are in a log and did not come through the proxy.
type LogCaller struct {
	Route string    `json:"route"`
	Who   string    `json:"who"`             // an address, and what the caller calls itself
	Maybe bool      `json:"maybe,omitempty"` // a log doesn't tell whether the request was the route's or another's
	Count int64     `json:"count"`
	Last  time.Time `json:"last"`
}

// maxLogCallers bounds what a summary of a log may name.
const maxLogCallers = 10_000

// Check reports what makes no sense: it is to stand in a report that is read for years.
func (e RetireEvidence) Check() error {
	log := e.AccessLog
	switch {
	case log == nil:
		return nil
	case e.ProxyOnly:
		return errors.New("proxy_only says that there is nothing to look for in a log; leave one of the two out")
	case len(log.Callers) > maxLogCallers:
		return fmt.Errorf("access_log names %d callers; at most %d are taken", len(log.Callers), maxLogCallers)
	case log.Lines < 0 || log.Unread < 0 || log.Own < 0 || log.Unread+log.Own > log.Lines:
		return errors.New("access_log: unread and own are parts of lines")
	case log.From.IsZero() != log.Until.IsZero() || log.Until.Before(log.From) || log.GapUntil.Before(log.GapFrom):
		return errors.New("access_log: until comes after from")
	case len(log.Routes) == 0:
		return errors.New("access_log: routes is missing; it says which routes were looked for")
	}
	for _, name := range log.Files {
		if err := checkText("access_log: a file's name", name); err != nil {
			return err
		}
	}
	for _, c := range log.Callers {
		if err := checkText("access_log: a caller", c.Who); err != nil {
			return err
		}
		if c.Count < 1 || c.Last.IsZero() {
			return errors.New("access_log: a caller called at least once, the last time at some time")
		}
	}
	return nil
}

func checkText(what, text string) error {
	switch {
	case text == "" || !utf8.ValidString(text) || len(text) > MaxReason:
		return fmt.Errorf("%s is 1 to %d bytes of text", what, MaxReason)
	case strings.ContainsFunc(text, unicode.IsControl):
		return fmt.Errorf("%s has a control character in it", what)
	}
	return nil
}

// Retired says what became of it.
type Retired struct {
	Moved   []Route  `json:"moved"` // all that stand at retired now, those that did already included
	Reports []Report `json:"reports"`
}

// Report is the report of a route that retired.
type Report struct {
	Route    string `json:"route"`
	Markdown string `json:"markdown"`
	File     string `json:"file,omitempty"`    // on the proxy's machine; empty: it could not be written
	Problem  string `json:"problem,omitempty"` // why not
}

// Retirement is what is known of whether a route may retire.
type Retirement struct {
	Route     string          `json:"route"`
	Phase     strangler.Phase `json:"phase"`
	Ready     bool            `json:"ready"`     // nothing stands in the way; its unit may
	Obstacles []string        `json:"obstacles"` // what does, and force gets past
	Invalid   string          `json:"invalid,omitempty"`
	// From is when the time begins in which legacy must not have been called.
	RetireAfter string       `json:"retire_after"` // such as 45d
	From        time.Time    `json:"from"`
	Since       time.Time    `json:"since,omitzero"` // calls to legacy are on record from then on
	Calls       []LegacyCall `json:"calls"`          // the last one first
	OpenGroups  []OpenGroup  `json:"open_groups"`
	Legacy      LegacyTraits `json:"legacy"`
}

// LegacyCall is how often legacy answered a client, for one reason.
type LegacyCall struct {
	Who   string    `json:"who"` // empty: clients that are not told apart
	How   string    `json:"how"` // a phase, fallback or override
	Count int64     `json:"count"`
	First time.Time `json:"first"`
	Last  time.Time `json:"last"`
}

// OpenGroup is a group that nobody has decided about.
type OpenGroup struct {
	ID    string `json:"id"`
	Title string `json:"title"`
}

// LegacyTraits are what helps to read the legacy server's log.
type LegacyTraits struct {
	Path           string   `json:"path,omitempty"`  // that the proxy puts before a request's
	Hosts          []string `json:"hosts"`           // that legacy itself is called by
	ProxyAddresses []string `json:"proxy_addresses"` // from which the proxy's requests come
}
