package daemon

import (
	"context"
	"fmt"
	"time"

	"github.com/strangler-fig/toolkit/strangler/journal"
	"github.com/strangler-fig/toolkit/strangler/rollout"
	"github.com/strangler-fig/toolkit/web"
)

// frozen says why nothing is promoted at present; empty: nothing is in the way.
func (d *Daemon) frozen(plan *rollout.Plan, now time.Time) string {
	if f := d.journal.Frozen(); f != nil && (f.Until.IsZero() || now.Before(f.Until)) {
		text := "frozen by " + f.Author.Actor
		if !f.Author.Verified {
			text += " (unverified)"
		}
		if !f.Until.IsZero() {
			text += " until " + f.Until.Format("2006-01-02 15:04 MST")
		}
		if f.Author.Reason != "" {
			text += ": " + f.Author.Reason
		}
		return text
	}
	if w := plan.Window; w != nil && !w.Contains(now) {
		return fmt.Sprintf("outside the window %s, which opens %s", w, w.Next(now).Format("Mon 2006-01-02 15:04 MST"))
	}
	if err := d.ledger.Stats().Err; err != nil {
		return "comparisons can't be recorded: " + err.Error()
	}
	return ""
}

// Freeze implements web.Automation.
func (d *Daemon) Freeze() *web.Freeze {
	f := d.journal.Frozen()
	if f == nil || !f.Until.IsZero() && !time.Now().Before(f.Until) {
		return nil
	}
	is := freezeOf(*f)
	return &is
}

func freezeOf(f journal.Freeze) web.Freeze {
	return web.Freeze{Until: f.Until, At: f.At, Reason: f.Author.Reason, Actor: f.Author.Actor, Verified: f.Author.Verified}
}

// SetFreeze implements web.Automation.
func (d *Daemon) SetFreeze(ctx context.Context, f web.Freeze) (web.Freeze, error) {
	if !f.Until.IsZero() && !f.Until.After(time.Now()) {
		return web.Freeze{}, &web.InvalidError{Why: "until is over already: " + f.Until.Format(time.RFC3339)}
	}
	d.changing.Lock()
	err := d.journal.Freeze(ctx, f.Until, journal.Author{Actor: f.Actor, Verified: f.Verified, Reason: f.Reason})
	frozen := d.journal.Frozen() // before anybody thaws it, and though it may be over meanwhile
	d.changing.Unlock()
	if err != nil {
		return web.Freeze{}, err
	}
	d.log.Info("promotions are frozen", keyUntil, f.Until, keyActor, f.Actor, keyReason, f.Reason)
	d.notices.tell(notice{Type: noticeFrozen, Actor: f.Actor, Why: f.Reason})
	d.walks.hurry()
	return freezeOf(*frozen), nil
}

// Thaw implements web.Automation.
func (d *Daemon) Thaw(ctx context.Context, by web.Actor, reason string) error {
	d.changing.Lock()
	was := d.journal.Frozen() != nil
	err := d.journal.Thaw(ctx, author(by, reason))
	d.changing.Unlock()
	if err != nil || !was {
		return err
	}
	d.log.Info("promotions are made again", keyActor, by.Name, keyReason, reason)
	d.notices.tell(notice{Type: noticeThawed, Actor: by.Name, Why: reason})
	d.walks.hurry()
	return nil
}
