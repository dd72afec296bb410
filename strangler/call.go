package strangler

import (
	"context"
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
	forwarded       [2][1]string // values of the forwarding headers
	in              http.Request // what the chain gets
	out             http.Request // what the upstream gets; the fallback's is another
	url             url.URL
	up              *upload // of the attempt that is under way
	traced          *traced // what a transport that doesn't know this package tells; nil: it does
	sent            bool    // out is taken
	copied          bool    // a copy may be sent with the head that this was sent with
	keeps           bool    // that is kept of the attempt which is under way
	head            Head    // nil: it isn't known
}

type (
	callKey     struct{}
	decisionKey struct{}
)

// Value implements context.Context.
func (c *call) Value(key any) any {
	switch key {
	case callKey{}:
		return c
	case decisionKey{}:
		return &c.decision
	case headKey{}:
		return nil
	}
	return c.Context.Value(key)
}

func callFrom(ctx context.Context) *call {
	c, _ := ctx.Value(callKey{}).(*call)
	return c
}

// outgoing is room for the request that an upstream gets.
type outgoing struct {
	request   *http.Request
	url       *url.URL
	forwarded *[2][1]string
}

// room returns where the next request to an upstream is put.
func (c *call) room() outgoing {
	if c == nil || c.sent {
		return outgoing{new(http.Request), new(url.URL), new([2][1]string)}
	}
	c.sent = true
	return outgoing{&c.out, &c.url, &c.forwarded}
}
