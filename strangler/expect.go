package strangler

import (
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"
)

// expectation is that of a client that sends its body only when it is asked to: Expect:
// 100-continue (RFC 9110 section 10.1.1). Reading the body is what asks. An upstream that
// answers without asking doesn't want the body, but net/http's transport would send it all the
// same, to keep the connection: here it waits until the client has its answer.
type expectation struct {
	waiting  atomic.Bool   // the transport waits for the upstream's word, which hasn't come
	ask      func()        // for the body
	answered chan struct{} // closed when the attempt is over
	over     chan struct{} // closed when the request is
}

// answerLag is how long an answer that the transport has may take to reach us; where none came
// by then it is the upstream that didn't say anything, and the body is sent.
const answerLag = 250 * time.Millisecond

func expects(r *http.Request) bool { return listHas(r.Header["Expect"], "100-continue") }

// watch lets the expectation know what the upstream says.
func (e *expectation) watch(trace *httptrace.ClientTrace) {
	trace.Wait100Continue = func() { e.waiting.Store(true) }
	trace.Got100Continue = func() { e.waiting.Store(false) }
}

// unwanted waits until it is known whether the body is to be read, and reports whether it isn't.
// Where it is the client is asked for it, before net/http does that itself when it reads: unlike
// net/http, who asks here waits for another informational answer that is just being written.
func (e *expectation) unwanted() bool {
	if e.awaited() {
		return true
	}
	e.ask()
	return false
}

func (e *expectation) awaited() bool {
	if !e.waiting.Load() {
		return false
	}
	silence := time.NewTimer(answerLag)
	defer silence.Stop()
	select {
	case <-e.answered:
		<-e.over
		return true
	case <-silence.C:
		e.waiting.Store(false)
		return false
	}
}
