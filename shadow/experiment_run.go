package shadow

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime/debug"
	"time"
)

// Run calls use, legacy's code, and returns exactly what it does: its value, its error, its panic.
// For a share of the calls (RunIf, Percent) it has try, the service's code, run on a goroutine of
// the experiment's, with ctx's values, without its end, and with the experiment's time-out. Both
// may run at once: neither may change what the other reads, and try must have no effects of which
// there may not be two.
func (e *Experiment[T]) Run(ctx context.Context, use, try func(context.Context) (T, error)) (T, error) {
	if ctx == nil || try == nil || !e.wanted(ctx) {
		return use(ctx)
	}
	t := &trial[T]{e: e, ctx: ctx, try: try, at: e.config.Now(), legacy: make(chan *Outcome[T], 1)}
	e.tally.sample()
	if !e.config.Sequential {
		t.start()
	}
	began, done := e.config.Now(), false
	defer func() {
		if !done { // a panic, which goes on to the caller as it is
			t.hand(nil)
		}
	}()
	value, err := use(ctx)
	done = true
	t.hand(&Outcome[T]{Value: value, Err: err, Latency: e.config.Now().Sub(began)})
	return value, err
}

// wanted decides whether a call is tried.
func (e *Experiment[T]) wanted(ctx context.Context) (yes bool) {
	defer e.guard(func(any) { yes = false })
	if e.config.RunIf != nil && !e.config.RunIf(ctx) {
		return false
	}
	return e.config.Percent == nil || rand.Float64()*100 < e.config.Percent()
}

// guard is deferred around what is called of somebody else's: a panic is logged and goes no further.
func (e *Experiment[T]) guard(then func(v any)) {
	v := recover()
	if v == nil {
		return
	}
	defer func() { recover() }() // of a Logger's or Recorder's, which is all that is left
	if unsaid, say := e.panics.due(e.config.Now()); say {
		e.config.Logger.Error("run an experiment", "experiment", e.name, "panic", sentence(v), "unsaid", unsaid, "stack", string(debug.Stack()))
	}
	then(v)
}

// trial is one call that is tried.
type trial[T any] struct {
	e      *Experiment[T]
	ctx    context.Context // the caller's
	try    func(context.Context) (T, error)
	at     time.Time
	legacy chan *Outcome[T] // has legacy's outcome once; nil: its code panicked

	turnedAway bool // there was no room for it; only the caller's goroutine asks
	settled    bool // only one goroutine settles it: the caller's, before there is another, or its own
}

// start begins the service's code, unless there is no room for it.
func (t *trial[T]) start() {
	if reason := t.e.begin(t.follow); reason != "" {
		t.turnAway(reason, "")
	}
}

// turnAway skips a trial whose code isn't run, on the caller's goroutine.
func (t *trial[T]) turnAway(reason, detail string) {
	t.turnedAway = true
	t.skip(reason, detail)
}

// hand gives the trial what legacy's code came to, on the caller's goroutine.
func (t *trial[T]) hand(legacy *Outcome[T]) {
	switch {
	case t.turnedAway:
		return
	case legacy != nil && legacy.Err == nil && t.e.config.Copy != nil:
		legacy = t.copied(legacy)
	}
	if !t.e.config.Sequential {
		t.legacy <- legacy
		return
	}
	if legacy == nil {
		t.turnAway(SkipCutShort, noOutcome)
		return
	}
	t.legacy <- legacy
	t.start()
}

const noOutcome = "legacy's code panicked, or its value could not be copied"

// copied returns legacy's outcome with a copy of the value; nil if none could be made.
func (t *trial[T]) copied(legacy *Outcome[T]) (own *Outcome[T]) {
	defer t.e.guard(func(any) { own = nil })
	legacy.Value = t.e.config.Copy(legacy.Value)
	return legacy
}

// follow is a trial's goroutine. It has the service's code run, settles the trial when both sides
// have ended or their time has, and keeps the place until the code ends.
func (t *trial[T]) follow() {
	defer func() { <-t.e.slots }()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.ctx), t.e.config.Timeout)
	var service attempt[T]
	ended := make(chan struct{})
	t.e.group.Go(func() {
		defer close(ended)
		service.run(ctx, t.try, t.e.config.Now)
	})
	defer func() {
		cancel()
		<-ended
	}()
	defer t.e.guard(func(v any) { t.fail(FailInternal, sentence(v)) })

	select {
	case <-ended:
	case <-ctx.Done():
		t.fail(FailTimeout, "no outcome within "+t.e.config.Timeout.String())
		return
	case <-t.e.life.Done():
		t.skip(SkipShuttingDown, "given up")
		return
	}
	if service.late {
		t.fail(FailTimeout, "no outcome within "+t.e.config.Timeout.String())
		return
	}
	legacy := time.NewTimer(t.e.config.Timeout)
	defer legacy.Stop()
	select {
	case l := <-t.legacy:
		t.judge(l, &service.Outcome)
	case <-legacy.C:
		t.skip(SkipCutShort, "legacy's code was still running")
	case <-t.e.life.Done():
		t.skip(SkipShuttingDown, "given up")
	}
}

// attempt is a run of the service's code.
type attempt[T any] struct {
	Outcome[T]
	late bool
}

func (a *attempt[T]) run(ctx context.Context, try func(context.Context) (T, error), now func() time.Time) {
	began, returned := now(), false
	defer func() {
		a.Latency = now().Sub(began)
		a.late = a.failed() && ctx.Err() != nil
	}()
	defer a.catch(&returned)
	a.Value, a.Err = try(ctx)
	returned = true
}

// cutShort reports whether legacy's code failed since its caller had left.
func (t *trial[T]) cutShort(legacy *Outcome[T]) bool {
	return t.ctx.Err() != nil && (errors.Is(legacy.Err, context.Canceled) || errors.Is(legacy.Err, context.DeadlineExceeded))
}
