package rollout

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/strangler-fig/toolkit/strangler"
)

// Retirement is all that says whether legacy is still needed for a route.
type Retirement struct {
	Route    strangler.Route
	Position strangler.Position
	Now      time.Time
	After    time.Duration // legacy must not have been called for so long; 0: that isn't asked

	// Since when calls through the proxy are on record; the zero time: none are. Calls are those that
	// legacy answered for clients, with shadowing left out, in any order.
	Since time.Time
	Calls []Call

	Groups []OpenGroup // of divergences

	// Log is what the legacy server's own log says; nil: nobody looked. ProxyOnly says that somebody
	// vouches for there being no way around the proxy.
	Log       *AccessLog
	ProxyOnly bool
}

// Call is how often somebody had legacy answer.
type Call struct {
	Who   string // empty: clients that are not told apart
	How   string // why legacy answered: a phase, "fallback", "override"; of a log: empty
	Maybe bool   // the request may have been another route's: a log doesn't tell
	Count int64
	Last  time.Time
}

// OpenGroup is a group of divergences that nobody has decided about.
type OpenGroup struct{ ID, Title string }

// AccessLog is what the legacy server's log says about a route, with the proxy's own requests left out.
type AccessLog struct {
	From, Until time.Time // of its first and last line; zero: it has none
	// GapFrom and GapUntil are the ends of the longest time without any line; zero: no gap is long.
	GapFrom, GapUntil time.Time
	Lines, Unread     int64 // and how many of them say nothing that could be read
	Calls             []Call
}

const (
	// grace is by how much a log may begin too late or end too early: logs are rotated by the day.
	grace = 24 * time.Hour
	// longestGap is for how long a log may be silent without a file of it seeming to be missing: a
	// weekend is shorter.
	longestGap = 3 * 24 * time.Hour
	// mostUnread is the share of lines that may be anything.
	mostUnread = 0.01
)

// Retire returns the moves that retire routes together, one for each of them, also where it is retired
// already. What stands in the way of one stands in the way of all, and is named for all of them.
// Errors: *InvalidError, *RefusedError.
func Retire(all []Retirement, force bool) ([]Move, error) {
	var refused *RefusedError
	moves := make([]Move, 0, len(all))
	to := strangler.At(strangler.PhaseRetired)
	for i := range all {
		r := &all[i]
		why, err := r.Obstacles()
		switch {
		case err != nil:
			return nil, err
		case len(why) == 0 || force:
			moves = append(moves, Move{r.Route.Name, r.Position, to})
		case refused == nil:
			refused = &RefusedError{Route: r.Route.Name, Why: strings.Join(why, "; also "), Force: true}
		default:
			refused.Why += fmt.Sprintf("; and route %q: %s", r.Route.Name, strings.Join(why, "; also "))
		}
	}
	if refused != nil {
		return nil, refused
	}
	return moves, nil
}

// Obstacles says what stands in the way of the route's retiring, each in words of its own, and all of
// it such that force gets past; none: nothing does. The error is what force gets not past, if there
// is such: *InvalidError or *RefusedError.
func (r *Retirement) Obstacles() ([]string, error) {
	if r.Position.Phase == strangler.PhaseRetired {
		return nil, nil
	}
	var why []string
	add := func(text string) {
		if text != "" {
			why = append(why, text)
		}
	}
	if err := Check(r.Route, r.Position, strangler.At(strangler.PhaseRetired), false); err != nil {
		refused, ok := errors.AsType[*RefusedError](err)
		if !ok || !refused.Force {
			return nil, err
		}
		add(refused.Why)
	}
	add(r.called())
	add(r.unrecorded())
	add(r.open())
	for _, text := range r.around() {
		add(text)
	}
	return why, nil
}

// called says who had legacy answer, of late.
func (r *Retirement) called() string {
	calls := r.late(r.Calls)
	if len(calls) == 0 {
		return ""
	}
	return fmt.Sprintf("legacy was called for it in the last %s: %s", Days(r.After), r.callers(calls))
}

// late returns the calls that are not long enough ago, the last one first.
func (r *Retirement) late(calls []Call) []Call {
	var late []Call
	for _, c := range calls {
		if c.Last.After(r.Now.Add(-r.After)) {
			late = append(late, c)
		}
	}
	slices.SortStableFunc(late, func(a, b Call) int { return cmp.Or(b.Last.Compare(a.Last), cmp.Compare(a.Who, b.Who)) })
	return late
}

// named is how many callers a refusal names.
const named = 3

// callers names the first few of calls, and counts the others.
func (r *Retirement) callers(calls []Call) string {
	var texts []string
	for _, c := range calls[:min(named, len(calls))] {
		texts = append(texts, c.text())
	}
	if more := calls[min(named, len(calls)):]; len(more) > 0 {
		var sum int64
		for _, c := range more {
			sum += c.Count
		}
		texts = append(texts, fmt.Sprintf("and %s by %s", times(sum), counted(int64(len(more)), "other caller")))
	}
	return strings.Join(texts, ", ")
}

func (c Call) text() string {
	who := c.Who
	if who == "" {
		who = "clients"
	}
	last := "the last at " + moment(c.Last)
	if c.Count == 1 {
		last = "at " + moment(c.Last)
	}
	if c.Maybe {
		last += "; it may have been another route's"
	}
	switch c.How {
	case "":
		return fmt.Sprintf("%s by %s (%s)", times(c.Count), who, last)
	case "fallback":
		return fmt.Sprintf("%s for %s, where the service failed (%s)", times(c.Count), who, last)
	case "override":
		return fmt.Sprintf("%s by %s, who chose legacy (%s)", times(c.Count), who, last)
	}
	return fmt.Sprintf("%s by %s while it stood at %s (%s)", times(c.Count), who, c.How, last)
}

// unrecorded says that too little is known of calls through the proxy.
func (r *Retirement) unrecorded() string {
	switch {
	case r.After == 0:
		return ""
	case r.Since.IsZero():
		return "calls to legacy are not on record, so that nobody knows of any"
	case r.Since.After(r.Now.Add(-r.After)):
		return fmt.Sprintf("calls to legacy are on record only since %s, for %s, and the last %s are asked for",
			moment(r.Since), Days(r.Now.Sub(r.Since)), Days(r.After))
	}
	return ""
}

func (r *Retirement) open() string {
	if len(r.Groups) == 0 {
		return ""
	}
	var texts []string
	for _, g := range r.Groups[:min(named, len(r.Groups))] {
		text := g.ID
		if g.Title != "" {
			text += " (" + g.Title + ")"
		}
		texts = append(texts, text)
	}
	if more := len(r.Groups) - len(texts); more > 0 {
		texts = append(texts, fmt.Sprintf("and %d more", more))
	}
	are := "groups of divergences are"
	if len(r.Groups) == 1 {
		are = "group of divergences is"
	}
	return fmt.Sprintf("%d %s open: %s; mend the service, or say that they are expected", len(r.Groups), are, strings.Join(texts, ", "))
}

// around says what is known, or isn't, of callers that don't come through the proxy.
func (r *Retirement) around() []string {
	if r.ProxyOnly || r.After == 0 {
		return nil
	}
	if r.Log == nil {
		return []string{"nobody has looked for callers that go around the proxy: give the legacy server's access log (--access-log FILE), " +
			"or vouch for there being no way around it (--proxy-only)"}
	}
	var why []string
	begin := r.Now.Add(-r.After)
	log := r.Log
	switch {
	case log.Lines == log.Unread:
		return []string{fmt.Sprintf("the access log says nothing: it has no line that can be read, of %d", log.Lines)}
	case log.From.After(begin.Add(grace)), log.Until.Before(r.Now.Add(-grace)):
		why = append(why, fmt.Sprintf("the access log is of %s to %s, and the last %s are asked for, since %s",
			moment(log.From), moment(log.Until), Days(r.After), moment(begin)))
	}
	if gap := log.GapUntil.Sub(log.GapFrom); gap > longestGap {
		why = append(why, fmt.Sprintf("the access log has no line from %s to %s, as if a file of it were missing", moment(log.GapFrom), moment(log.GapUntil)))
	}
	if float64(log.Unread) > mostUnread*float64(log.Lines) {
		why = append(why, fmt.Sprintf("%d of the access log's %d lines can't be read, and may be anything", log.Unread, log.Lines))
	}
	if calls := r.late(log.Calls); len(calls) > 0 {
		why = append(why, fmt.Sprintf("legacy was called for it around the proxy, says the access log: %s", r.callers(calls)))
	}
	return why
}

// Days returns a duration in the words of the configuration: 45d, 4.5d, 36h0m.
func Days(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d >= 2*day && d%day == 0:
		return fmt.Sprintf("%dd", d/day)
	case d >= 10*day:
		return fmt.Sprintf("%dd", (d+day/2)/day)
	case d >= 2*day:
		return fmt.Sprintf("%.1fd", d.Hours()/24)
	case d >= time.Minute:
		return strings.TrimSuffix(d.Round(time.Minute).String(), "0s")
	}
	return d.Round(time.Millisecond).String()
}

func moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05Z") }

func times(n int64) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

func counted(n int64, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
