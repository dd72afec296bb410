package daemon

import (
	"context"
	"fmt"
	"time"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/strangler/rollout"
)

const (
	askAgain     = time.Minute // after a webhook refused a promotion, or didn't answer
	answerStands = time.Minute // a promotion that isn't made by then is asked for again
)

// proposal is a promotion that webhooks are asked about.
type proposal struct {
	to      strangler.Position
	since   time.Time // of where the routes stand
	pending bool
	at      time.Time // of the answer
	refused string    // empty: they allow it
}

// ask asks the webhooks of a walker whether it may be promoted, without waiting for them: as long as
// they haven't answered it may not. It says why it may not, empty if it may, and whether that is what
// a webhook says. The caller holds walks.mu.
func (d *Daemon) ask(ctx context.Context, k walked) (why string, refusal bool) {
	hooks := hooksOn(k.Plan.Webhooks, rollout.BeforePromote)
	if len(hooks) == 0 {
		return "", false
	}
	a := d.walks.asked[k.walker.key]
	if a == nil || a.to != k.decision.To || !a.since.Equal(k.Situation.Since) {
		a = &proposal{to: k.decision.To, since: k.Situation.Since}
		d.walks.asked[k.walker.key] = a
	}
	shown := "every gate holds"
	if k.Position.Phase == strangler.PhaseLegacy {
		shown = "nothing has to be shown"
	}
	asking := fmt.Sprintf("holding at %s: %s; asking %s whether it may go on to %s", k.Position, shown, hooks[0].Shown(), a.to)
	switch {
	case a.pending:
		return asking, false
	case a.at.IsZero(), a.refused != "" && k.Now.Sub(a.at) >= askAgain, a.refused == "" && k.Now.Sub(a.at) >= answerStands:
		a.pending = true
		what := noticeOf(k, noticePromoting)
		d.walks.aside.Go(func() {
			refused := d.answers(ctx, hooks, what)
			d.walks.mu.Lock()
			a.pending, a.at, a.refused = false, time.Now(), refused
			d.walks.mu.Unlock()
			d.walks.hurry()
		})
		return asking, a.refused != ""
	case a.refused != "":
		return "holding at " + k.Position.String() + ": " + shown + ", but " + a.refused, true
	}
	return "", false
}

// answers asks webhooks one after another and says why one of them refuses; empty: none does.
func (d *Daemon) answers(ctx context.Context, hooks []rollout.Webhook, what notice) string {
	for _, hook := range hooks {
		refused, err := d.notices.ask(ctx, hook, what)
		switch {
		case err != nil:
			return err.Error()
		case refused != "":
			return hook.Shown() + " refuses: " + refused
		}
	}
	return ""
}
