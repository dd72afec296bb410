package strangler

import (
	"context"
	"net"
	"net/http"
	"net/url"
)

// call is what one request needs on its way through the stations, made at once. It is the
// request's context too, so that whoever has that finds the Decision.
type call struct {
	context.Context // the server's
	decision        Decision
	observer        observer
	hints           hints
	ids             [2][1]string // values of the headers that station 2 adds
	out             http.Request // what the upstream gets; the fallback's is another
	url             url.URL
	sent            bool     // out is taken
	upstream        net.Conn // of an upgrade, where the transport is net/http's
}

type callKey struct{}

// Value implements context.Context.
func (c *call) Value(key any) any {
	if key == (callKey{}) {
		return c
	}
	return c.Context.Value(key)
}

func callFrom(ctx context.Context) *call {
	c, _ := ctx.Value(callKey{}).(*call)
	return c
}

// room returns where the next request to an upstream and its URL are put.
func (c *call) room() (*http.Request, *url.URL) {
	if c == nil || c.sent {
		return new(http.Request), new(url.URL)
	}
	c.sent = true
	return &c.out, &c.url
}

// forCopy returns the context of a copy that is sent when the request itself may be over: it has
// of the Decision what a transport asks for, and nobody who waits for hints.
func (c *call) forCopy(ctx context.Context) *call {
	copied := &call{Context: ctx}
	if c != nil {
		d := &c.decision
		copied.decision = Decision{Route: d.Route, Unit: d.Unit, Key: d.Key, Repeat: d.Repeat}
	}
	return copied
}
