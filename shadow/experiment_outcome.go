package shadow

import (
	"fmt"
	"reflect"
	"runtime/debug"
	"time"
)

// Outcome is what one side's code came to.
type Outcome[T any] struct {
	Value   T
	Err     error
	Panic   any    // what the code panicked with, or a sentence if it ended its goroutine; nil: neither
	Stack   []byte // of the panic, bounded
	Latency time.Duration

	kept    any // what may be kept of Value, if cleaned
	cleaned bool
}

// failed reports whether there is no value.
func (o *Outcome[T]) failed() bool { return o.Err != nil || o.Panic != nil }

// Result is what came of one call.
type Result[T any] struct {
	Experiment      string
	Legacy, Service *Outcome[T] // nil: there is none
	Verdict         Verdict
	Reason          string       // why it was skipped or failed, one of the Skip and Fail constants; else empty
	Detail          string       // more about the reason
	Ignored         bool         // Ignore took a difference for a match
	Differences     []Difference // only if diverged; at most 100, redacted
	More            int          // differences beyond those
}

const maxStack = 4 << 10

// catch completes the outcome of code that runs with this deferred, and returned or not.
func (o *Outcome[T]) catch(returned *bool) {
	if *returned {
		return
	}
	if o.Panic = recover(); o.Panic == nil {
		o.Panic = "the code ended its goroutine (runtime.Goexit)"
	}
	stack := debug.Stack()
	o.Stack = stack[:min(len(stack), maxStack)]
}

// sentence returns the text of an error or of what somebody panicked with, bounded. Package fmt
// catches the panics of its methods; what has none may refer to itself, and is named by its type.
func sentence(v any) string {
	text := ""
	switch v.(type) {
	case error, fmt.Stringer:
		text = fmt.Sprint(v)
	default:
		if kind := reflect.ValueOf(v).Kind(); kind <= reflect.Complex128 || kind == reflect.String {
			text = fmt.Sprint(v)
		} else {
			text = fmt.Sprintf("a %T", v)
		}
	}
	const most = 4 << 10
	if len(text) > most {
		text = text[:most] + "…"
	}
	return text
}
