package exchange

import (
	"fmt"

	"github.com/strangler-fig/toolkit/acl/body"
	"github.com/strangler-fig/toolkit/acl/format"
	"github.com/strangler-fig/toolkit/acl/lens"
)

// Loss is something that an exchange doesn't bring over.
type Loss struct {
	Option    string // as in Problem; of an entry of params the field
	Index     int
	Direction string // as in lens.Loss
	What      string // a sentence without a full stop
}

// Losses tells what is lost of exchanges whose requests go in that direction, as a [Exchange.Front]'s go to the
// service, beside what their translators of bodies lose, which tell it themselves.
func (x *Exchange) Losses(ask body.Direction) []Loss {
	var losses []Loss
	add := func(option string, index int, way body.Direction, format string, args ...any) {
		losses = append(losses, Loss{option, index, direction(way), fmt.Sprintf(format, args...)})
	}
	if x.pair.params != nil {
		for _, l := range x.pair.params.Losses() {
			if l.Direction == direction(ask) && l.Lens == "" {
				add("params", l.Field, ask, "%s", l.What)
			}
		}
	}
	if x.pair.drop {
		add("query", -1, ask, "parameters that no template names are dropped")
	}
	x.statusLosses(ask.Reverse(), add)
	for i, h := range x.headers {
		for _, m := range []message{{way: ask}, {way: ask.Reverse(), answer: true}} {
			if !h.has(m) {
				continue
			}
			if from, to := h.names(m.way); from != "" && to == "" && h.constant == "" {
				add("headers", i, m.way, "the header %s is taken off", from)
			}
		}
	}
	return losses
}

func direction(way body.Direction) string {
	if way == body.ToLegacy {
		return lens.ToLegacy
	}
	return lens.ToService
}

// statusLosses tells which answers don't become the other side's own.
func (x *Exchange) statusLosses(way body.Direction, add func(option string, index int, way body.Direction, format string, args ...any)) {
	for i := range x.status {
		for j := range x.status[:i] {
			first, s := &x.status[j], &x.status[i]
			switch {
			case way == body.ToService && first.service == s.service && first.legacy != s.legacy:
				add("status", i, way, "legacy's status %d becomes %d, which comes back as %d", s.legacy, s.service, first.legacy)
			case way == body.ToLegacy && first.legacy == s.legacy && first.service != s.service && len(first.when) == 0 && first.location.Legacy == nil:
				add("status", i, way, "the service's status %d becomes %d, which comes back as %d", s.service, s.legacy, first.service)
			}
		}
	}
	if x.answer == nil || x.tellsFaults() {
		return // bodies pass as they are in any case; or what fails has a form of its own on either side
	}
	owner := "the service's"
	if way == body.ToService {
		owner = "legacy's"
	}
	which := "answers with a status of 300 and more"
	if len(x.status) > 0 {
		which += ", but for those that an entry of status fits,"
	}
	add("status", -1, way, "%s pass in %s own form, problem documents as well", which, owner)
}

// tellsFaults reports whether a side's format has messages for what went wrong, so that they are translated
// whatever the statuses say.
func (x *Exchange) tellsFaults() bool {
	_, read := x.answer.Read(body.ToLegacy).(format.Faults)
	_, written := x.answer.Written(body.ToLegacy).(format.Faults)
	return read || written
}
