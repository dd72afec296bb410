package strangler

import (
	"context"
	"net/http"
)

// Head is a request's head as it was written to the upstream that answered the client. A shadow's copy to
// an upstream that would be sent the same takes it over, and spares what making it anew costs.
type Head interface {
	// Bytes are the lines with the empty one at the end. Nobody writes to them.
	Bytes() []byte
	// Length is that of the body which they announce, in bytes.
	Length() int64
	// Release is called when nobody has anything of the bytes any more.
	Release()
}

// KeepHead takes the head that the request was sent with whose context this is, if that is wanted, and
// reports whether it did: then it is somebody else's until its Release is called, which may never be. It is
// called by the goroutine that serves the request, before RoundTrip returns.
//
// It is for transports that write requests themselves, and as they are; they say so by a method Verbatim()
// http.RoundTripper that returns the transport. What is put around one by embedding it has a method that returns
// another than itself, so that what it adds for one side never gets to the other.
func KeepHead(ctx context.Context, head Head) bool {
	c := callFrom(ctx)
	if c == nil || !c.keeps {
		return false
	}
	if c.head != nil { // an attempt's before this one
		c.head.Release()
	}
	c.head = head
	return true
}

// WantsHead reports whether KeepHead would take a head, for those to whom it costs something to have one that may wait.
func WantsHead(ctx context.Context) bool {
	c := callFrom(ctx)
	return c != nil && c.keeps
}

// HeadFrom returns the head that a request is to be sent with, whose own header has only what comes in
// addition; nil, as mostly: one that is made of the request. Its Release isn't the caller's.
func HeadFrom(ctx context.Context) Head {
	head, _ := ctx.Value(headKey{}).(Head)
	return head
}

type headKey struct{}

// verbatim reports whether a transport calls KeepHead and asks HeadFrom.
func verbatim(t http.RoundTripper) bool {
	v, ok := t.(interface{ Verbatim() http.RoundTripper })
	return ok && v.Verbatim() == t
}
