package daemon

import (
	"slices"
	"strings"
	"sync/atomic"

	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/shadow/ledger"
	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web"
)

var failureClasses = web.FailureClasses()

// classes is how many of them there are, which a test holds.
const classes = 9

// classStatus is the class of answers that tell of a failure by their status.
const classStatus = "status"

// failures counts failures by class, as failureClasses has them.
type failures [classes]atomic.Int64

// add counts one; failure is as strangler.Decision has it, or a class.
func (f *failures) add(failure string) {
	switch {
	case strings.HasPrefix(failure, "status "):
		failure = classStatus
	case failure == strangler.FailureUntranslatable:
		failure = shadow.FailTranslate
	}
	class := slices.Index(failureClasses, failure)
	if class < 0 {
		class = slices.Index(failureClasses, ledger.OtherClass)
	}
	f[class].Add(1)
}

// sum returns how many there are of all classes.
func (f *failures) sum() (n int64) {
	for class := range f {
		n += f[class].Load()
	}
	return n
}

// malformed reports a request that the service never got, as nobody can read it: it tells nothing of either
// side.
func malformed(o strangler.Observation) bool {
	return o.Decision.Failure == strangler.FailureMalformed
}

// ofAnswer returns how the side whose answer a client got failed; empty: it didn't.
func ofAnswer(o strangler.Observation) string {
	switch {
	case malformed(o) && !o.Decision.FellBack: // whatever the status that the client is told so with
		return ""
	case !o.Decision.FellBack && o.Decision.Failure != "": // else it is the other side's
		return o.Decision.Failure
	case o.Status >= 500:
		return classStatus
	}
	return ""
}
