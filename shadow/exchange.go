package shadow

import (
	"io"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// exchange is one sampled exchange on its way to a verdict. Three goroutines may hold it: the
// request's, the one that reads the request's body for the handler, and a worker. Whatever
// happens first that rules a comparison out settles it; what the others still do is ignored.
type exchange struct {
	s      *Shadow
	p      *point
	at     time.Time
	client *http.Request // only on the request's goroutine, but for its trailers
	length int64         // of the request's body, as it says; -1: unknown
	trails bool          // the request announced trailers
	key    string        // copies of the same one are sent one after another; empty: as they come
	copy   http.Request  // without header and body, until the worker that sends it puts them in
	asks   fields        // copy's header
	omits  bool          // something of the request's header isn't in it
	sent   http.Header   // copy's header, if it is its own; nil: there is none yet, or the Repeater knows it
	target
	// uncopied is why no copy goes, where that is known from the request alone and it is still
	// to be seen whether the service answered; empty: a copy may go.
	uncopied string
	records  bool // it is only to be kept: no copy goes, and nothing is counted

	// What lies here spares an allocation each.
	context copyContext // copy's
	url     url.URL     // copy's
	reads   requestTee

	holders atomic.Int32 // see reuse.go
	spent   bool         // it came to a match, and nobody but its holders has anything of it

	mu      sync.Mutex
	settled bool // the verdict is out: nothing below changes any more
	whole   bool // the request's body was read to its end
	headed  bool // the answer's head is out, and nothing in it rules a copy out
	queued  bool // the copy was put into the queue, or was refused there
	copied  bool // the copy was answered
	ended   bool // the client's answer ended

	served  Side
	asked   capture     // the request's body
	trailer http.Header // the request's; nil: none
	answer  Answer      // the client's, without body, and without header until it is filled
	told    fields      // its header
	says    int64       // its Content-Length; -1: none
	body    capture     // its body
	sniffed string      // the Content-Type that net/http finds for a handler that names none
	broken  bool        // writing the answer met an error
	repeat  bool        // the same was asked for shortly before
	unsent  bool        // the side that failed was never asked: see Performance.Unsent

	other     *Answer // the copy's; nil: none
	reply     Answer  // what other points to
	otherBody capture
	lent      http.RoundTripper // what the copy is sent by
	clean     bool              // all of that is to be given back

	tap     *tap     // of the service's answer, before it is translated; nil: it isn't
	compare Comparer // other than the point's, see order.go; nil: the point's
	again   *again   // nil: nobody was asked again
}

// read takes what the handler read of the request's body.
func (x *exchange) read(p []byte, err error) {
	defer x.s.guard(x)
	x.mu.Lock()
	if x.settled || x.whole {
		x.mu.Unlock()
		return
	}
	x.asked.write(p)
	// Some handlers read as far as Content-Length says and not to the end, where trailers come.
	x.whole = err == io.EOF || x.length >= 0 && x.asked.size >= x.length && !x.trails
	if err == io.EOF {
		x.trailer = x.client.Trailer.Clone() // which the server filled in within this reading
	}
	over, broke := x.asked.over(), x.asked.broke
	ready := !over && !broke && x.ready()
	x.mu.Unlock()
	switch {
	case over:
		x.skip(x.p.tooLarge(), "the request's body is over the bound")
	case broke:
		x.skip(SkipQueueFull, "no memory is left for captured bodies")
	case ready:
		x.queue(x.s.config.Now())
	}
}

// head takes the final head of the client's answer.
func (x *exchange) head(status int, header http.Header) {
	defer x.s.guard(x)
	served, failure, overridden := x.p.Serves, "", false
	if x.s.config.Served != nil {
		served, failure, overridden = x.s.config.Served(x.client)
	}

	x.mu.Lock()
	if x.settled {
		x.mu.Unlock()
		return
	}
	now := x.s.config.Now()
	x.served = served
	x.answer.Status = status
	for name, values := range header { // trailers are still to come into this one
		x.told = append(x.told, field{name, values})
	}
	x.answer.Latency = now.Sub(x.at)
	x.says = contentLength(header)
	x.body.hint = x.says
	x.mu.Unlock()

	switch {
	case overridden:
		x.skip(SkipOverridden, "")
	case x.failed(served, failure):
	case status == http.StatusSwitchingProtocols:
		x.skip(SkipUpgrade, "")
	case conditional(status):
		x.skip(SkipConditional, "status "+strconv.Itoa(status))
	case served == Service && header["Set-Cookie"] != nil:
		x.skip(SkipCookieSet, "")
	default:
		x.mu.Lock()
		x.headed = true
		ready := x.ready()
		x.mu.Unlock()
		if ready {
			x.queue(now)
		}
	}
}

// contentLength returns what a head says; -1: nothing, or nothing that is a length.
func contentLength(header http.Header) int64 {
	if said := header["Content-Length"]; len(said) > 0 {
		if length, err := strconv.ParseInt(said[0], 10, 64); err == nil {
			return length
		}
	}
	return -1
}

// failed settles the exchange where the side that was to answer the client failed: that is a
// failed comparison by itself, and nothing is sent again.
func (x *exchange) failed(served Side, failure string) bool {
	if failure == SkipMalformed {
		x.skip(SkipMalformed, "")
		return true
	}
	if failure == untranslatable {
		x.mu.Lock()
		x.unsent = true
		x.mu.Unlock()
		failure = FailTranslate
	}
	switch {
	case served != x.p.Serves:
		x.fail(x.p.Serves, FailFallback, failure)
	case failure == FailConnect || failure == FailTimeout || failure == FailTranslate || failure == FailIdentity:
		x.fail("", failure, "the client was not answered by "+string(served))
	default:
		return false
	}
	return true
}

// judgeUncopied settles an exchange of which no copy goes, when the handler is done with it.
func (x *exchange) judgeUncopied() {
	defer x.s.guard(x)
	if x.s.config.Served != nil {
		if served, failure, _ := x.s.config.Served(x.client); x.failed(served, failure) {
			return
		}
	}
	x.skip(x.uncopied, "")
}

// ready reports, once, that all is known that the copy takes: the whole request, and that the
// answer's head rules nothing out. Then queue is to be called.
func (x *exchange) ready() bool {
	ready := x.whole && x.headed && !x.queued && !x.settled && !x.records
	x.queued = x.queued || ready
	return ready
}

// queue puts the copy into the queue.
func (x *exchange) queue(now time.Time) {
	switch {
	case x.breaker.rests(now):
		x.skip(SkipResting, "")
		return
	case x.p.Serves == Service && !x.p.budget.allow(now, x.p.copies()):
		x.skip(SkipLegacyBudget, "")
		return
	}
	if reason := x.s.put(x); reason != "" {
		x.skip(reason, "")
	}
}

// wrote takes what the handler wrote of the client's answer.
func (x *exchange) wrote(p []byte, err error) {
	defer x.s.guard(x)
	x.mu.Lock()
	if x.settled || x.ended { // a handler may go on writing when it has returned, against the rules
		x.mu.Unlock()
		return
	}
	x.broken = x.broken || !harmless(err)
	if x.copy.Method != http.MethodHead { // net/http takes a HEAD's body and drops it
		if x.body.size == 0 && len(p) > 0 && x.untyped() {
			x.sniffed = http.DetectContentType(p)
		}
		x.body.write(p)
	}
	broke := x.body.broke
	x.mu.Unlock()
	if broke {
		x.skip(SkipQueueFull, "no memory is left for captured bodies")
	}
}

// hijacked notes that the handler took the connection over.
func (x *exchange) hijacked() {
	defer x.s.guard(x)
	x.skip(SkipUpgrade, "the connection was taken over")
}

// finish ends the client's half. Returned says that the handler did rather than panic, gone
// that the client left before that.
func (x *exchange) finish(returned, gone bool, header http.Header) {
	defer x.s.guard(x)
	x.mu.Lock()
	if x.answer.Status == 0 && returned && !x.settled {
		x.mu.Unlock()
		x.head(http.StatusOK, header)
		x.mu.Lock()
	}
	if x.settled {
		x.mu.Unlock()
		return
	}
	detail := ""
	switch {
	case !returned:
		detail = "the handler panicked"
	case x.broken || gone:
		detail = "the client went away, or what its answer was copied from broke off"
	case x.short():
		detail = "the answer ended before its Content-Length"
	case !x.whole:
		detail = "the handler did not read the request's body to its end"
	}
	if detail != "" {
		x.mu.Unlock()
		x.skip(SkipCutShort, detail)
		return
	}
	x.seal(header)
	x.ended = true
	if x.records {
		x.mu.Unlock()
		x.keep()
		x.skip("", "")
		return
	}
	if x.copied {
		x.s.wake(x)
	}
	x.mu.Unlock()
}

// short reports whether the answer's body is not as long as its head said.
func (x *exchange) short() bool {
	if x.copy.Method == http.MethodHead || x.answer.Status == http.StatusNoContent {
		return false
	}
	return x.says >= 0 && x.says != x.body.size
}

// untyped reports whether the answer's head leaves its Content-Type for the server to find.
func (x *exchange) untyped() bool {
	_, named := x.told.of("Content-Type")
	coded, _ := x.told.of("Content-Encoding")
	return !named && coded == nil
}

// seal completes the client's answer from what is known only at its end: the trailers, and the
// Content-Type that net/http has added by itself.
func (x *exchange) seal(header http.Header) {
	a := &x.answer
	a.Size, a.Body = x.body.size, x.body.buf
	if x.body.over() {
		a.Hash = x.body.hash()
	}
	announced, _ := x.told.of("Trailer")
	a.Trailer = trailers(announced, header)
	location, _ := x.told.of("Location")
	a.Hosts = x.hostsOf(x.served, location)
	if x.sniffed != "" {
		if x.body.buf != nil {
			x.sniffed = http.DetectContentType(x.body.buf)
		}
		x.told = append(x.told, field{"Content-Type", []string{x.sniffed}})
	}
}

// over reports whether the exchange is settled, so that nothing more needs to be captured.
func (x *exchange) over() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.settled
}

// conditional reports whether an answer depends on what the client already has.
func conditional(status int) bool {
	switch status {
	case http.StatusNotModified, http.StatusPartialContent, http.StatusPreconditionFailed, http.StatusRequestedRangeNotSatisfiable:
		return true
	}
	return false
}
