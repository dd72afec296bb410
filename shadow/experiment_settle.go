package shadow

import (
	"net/http"

	"github.com/cespare/xxhash/v2"
)

// Call is the method of a comparison that an Experiment made; its path is the experiment's name.
const Call = "CALL"

func (t *trial[T]) skip(reason, detail string) {
	t.settle(Result[T]{Verdict: Skipped, Reason: reason, Detail: detail})
}

func (t *trial[T]) fail(reason, detail string) {
	t.settle(Result[T]{Verdict: Failed, Reason: reason, Detail: detail})
}

// settle counts the verdict, records the comparison and tells who wants to know, once.
func (t *trial[T]) settle(r Result[T]) {
	if t.settled {
		return
	}
	t.settled = true
	defer t.e.guard(func(any) {})
	r.Experiment = t.e.name
	r.Detail = bounded(t.e.scribe.redact.string(r.Detail))
	t.e.tally.settle(r.Verdict, r.Reason)
	if wanted := t.e.scribe.wants(r.Verdict, r.Reason); wanted || r.Verdict == Diverged {
		c := Comparison{ID: NewID(t.at), Route: t.e.name, At: t.at, Served: Legacy, Verdict: r.Verdict, Reason: r.Reason, Detail: r.Detail,
			Request: Request{Method: Call, Path: t.e.name}, Differences: r.Differences, More: r.More}
		c.Legacy, c.Service = t.answer(r.Legacy, r.Verdict), t.answer(r.Service, r.Verdict)
		t.e.scribe.clean(&c)
		r.Differences = c.Differences
		if wanted {
			t.e.scribe.recorder.Record(c)
		}
	}
	if t.turnedAway {
		return // this is the caller's goroutine, which waits for nobody
	}
	if r.Verdict == Diverged && t.e.config.OnMismatch != nil {
		t.tell(t.e.config.OnMismatch, r)
	}
	if t.e.config.OnResult != nil {
		t.tell(t.e.config.OnResult, r)
	}
}

// tell calls a hook.
func (t *trial[T]) tell(hook func(Result[T]), r Result[T]) {
	defer t.e.guard(func(any) {})
	hook(r)
}

// status is that of the answer that stands for an outcome.
func (o *Outcome[T]) status() int {
	if o.failed() {
		return http.StatusInternalServerError
	}
	return http.StatusOK
}

// answer returns an outcome as an answer: a value as status 200 and JSON, an error or panic as
// status 500 and an object that says so. Bodies are kept of divergences only.
func (t *trial[T]) answer(o *Outcome[T], v Verdict) *Answer {
	if o == nil {
		return nil
	}
	a := &Answer{Status: o.status(), Latency: o.Latency}
	if v != Diverged {
		return a
	}
	switch {
	case o.Panic != nil:
		a.Body = jsonOf(map[string]string{"panic": sentence(o.Panic), "stack": string(o.Stack)})
	case o.Err != nil:
		a.Body = jsonOf(map[string]string{"error": sentence(o.Err)})
	default:
		a.Body = jsonOf(t.kept(o))
	}
	a.Header = http.Header{"Content-Type": {"application/json"}}
	a.Size, a.Hash = int64(len(a.Body)), xxhash.Sum64(a.Body)
	return a
}

// scribe knows what a Recorder is to be told, and what not.
type scribe struct {
	name     string
	recorder Recorder // nil: none
	counter  Counter  // the Recorder, if it is one; else nil
	redact   redactor
}

// wants counts a verdict, and reports whether the Recorder wants to be told more.
func (s *scribe) wants(v Verdict, reason string) bool {
	return s.recorder != nil && (s.counter == nil || !s.counter.Count(s.name, v, reason, false))
}

// clean takes out of a comparison what must not be remembered.
func (s *scribe) clean(c *Comparison) {
	whole := c.Verdict == Diverged
	c.Differences = s.redact.differences(c.Differences, c.Legacy, c.Service)
	c.Legacy, c.Service = s.redact.answer(c.Legacy, false, whole), s.redact.answer(c.Service, false, whole)
}
