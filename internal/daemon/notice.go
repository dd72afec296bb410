package daemon

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/strangler/rollout"
)

// The types of notification. They are what receivers sort by, and stay as they are.
const (
	noticePromoting  = "strangler.rollout.promoting"   // is about to go on; the answer may refuse it
	noticePromoted   = "strangler.rollout.promoted"    // went on
	noticeRolledBack = "strangler.rollout.rolled_back" // went back
	noticeStopped    = "strangler.rollout.stopped"     // stays where it is until a person says otherwise
	noticeWaiting    = "strangler.rollout.waiting"     // holds, and a person has to look
	noticeRefused    = "strangler.rollout.refused"     // a webhook didn't let it go on
	noticePaused     = "strangler.rollout.paused"      // a person took it over
	noticeResumed    = "strangler.rollout.resumed"     // a person gave it back
	noticeDone       = "strangler.rollout.done"        // is at its last step
	noticeFrozen     = "strangler.rollout.frozen"      // nothing goes on, of any route
	noticeThawed     = "strangler.rollout.thawed"      // what holds no longer does by that
)

// noticeTypes lists them.
func noticeTypes() []string {
	return []string{noticePromoting, noticePromoted, noticeRolledBack, noticeStopped, noticeWaiting, noticeRefused,
		noticePaused, noticeResumed, noticeDone, noticeFrozen, noticeThawed}
}

// notice is what somebody is told about a rollout.
type notice struct {
	Type string
	Time time.Time // zero: now

	Routes   []string // those that moved, or would
	Unit     string   // empty: the route is in none
	Service  string
	Version  string // of the service; empty: not known
	From, To *strangler.Position
	Actor    string // who did it; empty: the automation
	Why      string
	Readings []rollout.Reading
}

// subject is what it is about: the unit, or the route; empty: all of them.
func (n *notice) subject() string {
	switch {
	case n.Unit != "":
		return n.Unit
	case len(n.Routes) == 1:
		return n.Routes[0]
	}
	return ""
}

// cloudEvent is a notice as it is sent: CloudEvents 1.0 in the JSON format.
type cloudEvent struct {
	SpecVersion string     `json:"specversion"`
	ID          string     `json:"id"` // the same whenever it is sent again
	Source      string     `json:"source"`
	Type        string     `json:"type"`
	Subject     string     `json:"subject,omitempty"`
	Time        time.Time  `json:"time"`
	ContentType string     `json:"datacontenttype"`
	Data        noticeData `json:"data"`
}

type noticeData struct {
	Routes   []string        `json:"routes"`
	Unit     string          `json:"unit,omitempty"`
	Service  string          `json:"service,omitempty"`
	Version  string          `json:"service_version,omitempty"`
	From     string          `json:"from,omitempty"`
	To       string          `json:"to,omitempty"`
	Actor    string          `json:"actor,omitempty"`
	Why      string          `json:"why,omitempty"`
	Readings []noticeReading `json:"readings,omitempty"`
}

// noticeReading is a rollout.Reading. What is not a number, as bounds are before anything was
// seen, isn't in it, since JSON has no word for it.
type noticeReading struct {
	Route    string   `json:"route,omitempty"`
	Gate     string   `json:"gate"`
	State    string   `json:"state"`
	Limit    *float64 `json:"limit,omitempty"`
	Estimate *float64 `json:"estimate,omitempty"`
	Lower    *float64 `json:"lower,omitempty"`
	Upper    *float64 `json:"upper,omitempty"`
	Count    int64    `json:"count"`
	Need     int64    `json:"need,omitempty"`
	Why      string   `json:"why,omitempty"`
}

// event returns the notice as it is sent from source.
func (n *notice) event(source string) []byte {
	at := n.Time
	if at.IsZero() {
		at = time.Now()
	}
	data := noticeData{Routes: n.Routes, Unit: n.Unit, Service: n.Service, Version: n.Version, Actor: n.Actor, Why: n.Why}
	if data.Routes == nil {
		data.Routes = []string{}
	}
	if n.From != nil {
		data.From = n.From.String()
	}
	if n.To != nil {
		data.To = n.To.String()
	}
	for _, r := range n.Readings {
		reading := noticeReading{Route: r.Route, Gate: r.Gate, State: string(r.State), Count: r.Count, Need: r.Need, Why: r.Why}
		if r.State != rollout.StateOff {
			reading.Limit, reading.Estimate, reading.Lower, reading.Upper = finite(r.Limit), finite(r.Estimate), finite(r.Lower), upper(r)
		}
		data.Readings = append(data.Readings, reading)
	}
	text, err := json.Marshal(cloudEvent{
		SpecVersion: "1.0", ID: rand.Text(), Source: source, Type: n.Type, Subject: n.subject(), Time: at.UTC(),
		ContentType: "application/json", Data: data,
	})
	if err != nil {
		panic(fmt.Sprintf("daemon: a notice has no JSON form: %v", err)) // all its parts have one
	}
	return text
}

func finite(f float64) *float64 {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil
	}
	return &f
}
