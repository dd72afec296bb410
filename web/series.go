package web

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/strangler-fig/toolkit/shadow/ledger"
)

// Chronicle reads what happened on routes over time.
type Chronicle interface {
	// What Series returns is others' too: it is not to be changed. It takes no less than q says: the first step is the one that holds From. It bounds nothing;
	// see SeriesQuery.Bounded. Error: *strangler.UnknownRouteError where one of q.Routes is none and
	// has no points either.
	Series(ctx context.Context, q SeriesQuery) (Series, error)
}

// SeriesQuery selects series.
type SeriesQuery struct {
	// Routes are whose; nil: all, and what no route takes. The empty name is what no route takes,
	// "facade:NAME" what services ask legacy through a facade, which is only told where it is asked for.
	Routes   []string
	From, To time.Time // [From, To)
	Step     SeriesStep
	ByRoute  bool // a line for each route; else all routes together are one
	// NoLatency leaves quantiles out, which is much cheaper to read where there are many lines.
	NoLatency bool
}

// Series are lines over the same time. Their points' begins are multiples of the step since 1970, UTC.
type Series struct {
	From time.Time  `json:"from"` // the begin of the first step
	To   time.Time  `json:"to"`
	Step SeriesStep `json:"step"`
	// Since is since when there can be points of this step: what is older has only coarser ones. Zero: since ever.
	Since time.Time    `json:"since,omitzero"`
	Lines []SeriesLine `json:"lines"` // by route, those without points left out; else exactly one
}

// SeriesLine is what happened on one route, or on several together.
type SeriesLine struct {
	Route  string        `json:"route"`  // empty: what no route takes; and where routes are together
	Points []SeriesPoint `json:"points"` // oldest first, those in which nothing happened left out
}

// SeriesPoint is what happened in [At, At + step).
type SeriesPoint struct {
	At          time.Time         `json:"at"`
	Legacy      SeriesSide        `json:"legacy"`
	Service     SeriesSide        `json:"service"`
	Fallbacks   int64             `json:"fallbacks"` // requests that the service failed and legacy answered
	Comparisons SeriesComparisons `json:"comparisons"`
}

// SeriesSide is what one side did for clients; copies are not in it.
type SeriesSide struct {
	Requests int64            `json:"requests"`
	Failed   int64            `json:"failed"`             // of them
	Failures map[string]int64 `json:"failures,omitempty"` // the same by class, see FailureClasses
	// Quantiles of the time until an answer's end, in milliseconds and within 5 %. Zero: no answer, or
	// SeriesQuery.NoLatency.
	P50MS float64 `json:"p50_ms,omitempty"`
	P90MS float64 `json:"p90_ms,omitempty"`
	P99MS float64 `json:"p99_ms,omitempty"`
}

// SeriesComparisons are comparisons that ended, by verdict.
type SeriesComparisons struct {
	Match    int64 `json:"match,omitempty"`
	Noise    int64 `json:"noise,omitempty"`
	Lag      int64 `json:"lag,omitempty"`
	Diverged int64 `json:"diverged,omitempty"`
	Failed   int64 `json:"failed,omitempty"`
	Skipped  int64 `json:"skipped,omitempty"`
}

// FailureClasses lists the classes of failures of a side: no connection, out of time, a broken connection
// or answer, turned away by the circuit breaker, by the bulkhead, not translatable, nobody knows who
// the client is, an answer with a status of 500 or more, and any other.
func FailureClasses() []string {
	return []string{"connect", "timeout", "broken", "open", "full", "translate", "identity", "status", ledger.OtherClass}
}

// SeriesStep is how long a point is: one of SeriesSteps. Its text is such as "5m".
type SeriesStep time.Duration

var seriesSteps = []struct {
	step SeriesStep
	text string
}{{SeriesStep(time.Minute), "1m"}, {SeriesStep(5 * time.Minute), "5m"}, {SeriesStep(15 * time.Minute), "15m"}, {SeriesStep(time.Hour), "1h"}, {SeriesStep(6 * time.Hour), "6h"}, {SeriesStep(24 * time.Hour), "1d"}}

// SeriesSteps lists all steps, the shortest first.
func SeriesSteps() []SeriesStep {
	all := make([]SeriesStep, len(seriesSteps))
	for i, s := range seriesSteps {
		all[i] = s.step
	}
	return all
}

// ParseSeriesStep reads the text of a step.
func ParseSeriesStep(text string) (SeriesStep, error) {
	for _, s := range seriesSteps {
		if s.text == text {
			return s.step, nil
		}
	}
	return 0, &InvalidError{Why: fmt.Sprintf("step %q is none; it is 1m, 5m, 15m, 1h, 6h or 1d", text)}
}

// Since returns since when there is something of points of this length, at a moment; the zero time:
// since ever.
func (s SeriesStep) Since(now time.Time) time.Time {
	_, since, _ := ledger.SeriesStep(time.Duration(s), now)
	return since
}

// String returns its text.
func (s SeriesStep) String() string {
	for _, one := range seriesSteps {
		if one.step == s {
			return one.text
		}
	}
	return time.Duration(s).String()
}

// MarshalText implements encoding.TextMarshaler.
func (s SeriesStep) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *SeriesStep) UnmarshalText(text []byte) (err error) {
	*s, err = ParseSeriesStep(string(text))
	return err
}

// What a query of series may ask for.
const (
	seriesUsual    = 300     // points of a line, where nobody said the step
	seriesMost     = 1500    // points of a line
	seriesMostEver = 150_000 // points of all lines
)

// Bounded fills in what a query leaves open, and refuses one that asks for too much: at most 1,500
// points of a line, and 150,000 of all lines, of which there may be so many. Without To it is up to now,
// without From the hour before; without Step it has the shortest of at most 300 points for which there
// is something at From. Error: *InvalidError, which names a step that fits.
func (q SeriesQuery) Bounded(now time.Time, lines int) (SeriesQuery, error) {
	if q.To.IsZero() {
		q.To = now
	}
	if q.From.IsZero() {
		q.From = q.To.Add(-time.Hour)
	}
	if !q.From.Before(q.To) {
		return q, &InvalidError{Why: fmt.Sprintf("from, %s, isn't before to, %s", q.From.Format(time.RFC3339), q.To.Format(time.RFC3339))}
	}
	if !q.ByRoute {
		lines = 1
	}
	fits := func(step SeriesStep, most int64) bool {
		n := q.points(step)
		return n <= most && n*int64(max(lines, 1)) <= seriesMostEver
	}
	finest := func(most int64) int {
		return slices.IndexFunc(SeriesSteps(), func(s SeriesStep) bool { return fits(s, most) })
	}
	if q.Step == 0 {
		for _, q.Step = range SeriesSteps() {
			if fits(q.Step, seriesUsual) && !q.From.Before(q.Step.Since(now)) {
				return q, nil
			}
		} // which leaves the longest
	}
	if fits(q.Step, seriesMost) {
		return q, nil
	}
	could := "and no step is long enough: ask for less time, or for fewer routes"
	if i := finest(seriesMost); i >= 0 {
		could = fmt.Sprintf("step=%s fits", SeriesSteps()[i])
	}
	return q, &InvalidError{Why: fmt.Sprintf("step %s from %s to %s makes %d points a line, with %d lines; there may be %d of one and %d of all, %s",
		q.Step, q.From.Format(time.RFC3339), q.To.Format(time.RFC3339), q.points(q.Step), max(lines, 1), seriesMost, seriesMostEver, could)}
}

// points returns how many points a line may have.
func (q SeriesQuery) points(step SeriesStep) int64 {
	length := int64(time.Duration(step) / time.Second)
	first, last := floorDiv(q.From.Unix(), length), floorDiv(q.To.Add(-1).Unix(), length)
	return last - first + 1
}

func floorDiv(a, b int64) int64 {
	if a < 0 {
		return -((b - 1 - a) / b)
	}
	return a / b
}
