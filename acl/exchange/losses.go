package exchange

import (
	"fmt"
	"net/http"

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
			switch from, to := h.names(m.way); {
			case from != "" && to == "" && h.constant == "":
				add("headers", i, m.way, "the header %s is taken off", from)
			case from != "" && to != "" && from != to:
				add("headers", i, m.way, "a header %s of the message's own is taken off, since %s becomes that", to, from)
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
	for i := range x.status {
		if what := x.bodyLoss(&x.status[i], way); what != "" {
			add("status", i, way, "%s", what)
		}
	}
	if x.answer != nil && x.tellsOnlyJSON(way) {
		add("status", -1, way, "of answers with a status of 400 and more whose body is no JSON object, nothing but the status is told in the fault")
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

// bodyLoss tells what becomes of the body of answers that an entry fits, where nothing translates it; empty: it is
// not lost, or it is that of a redirection, which says where to go on.
func (x *Exchange) bodyLoss(s *status, way body.Direction) string {
	read, written := s.codes(way)
	if x.translatorFor(s, s.service, s.legacy) != nil || noContent(read) || noContent(written) || s.written(way) != nil && written >= 300 && written < 400 {
		return ""
	}
	from, to := "the service's", "legacy's"
	if way == body.ToService {
		from, to = to, from
	}
	lost := fmt.Sprintf("the body of %s %d is dropped, and %s %d ", from, read, to, written)
	const with = " (with: TRANSLATOR says how it is translated)"
	failed := written >= http.StatusBadRequest
	if failed && way == body.ToLegacy && x.answer != nil && x.writesFaults(way) {
		switch {
		case len(s.when) == 0:
			return "" // it becomes a fault
		case s.marks("faultstring") || s.marks("Reason.Text"):
			return lost + "is a fault that says nothing but what when says"
		}
		return lost + "is a fault that says nothing but its title and what when says"
	}
	switch {
	case failed && way == body.ToService && (len(s.when) > 0 || read < http.StatusBadRequest):
		return lost + "is a problem document that says nothing but the status" + with
	case failed && way == body.ToService:
		return "" // it passes
	case way == body.ToLegacy && len(s.when) > 0:
		return lost + "has nothing but what when says" + with
	}
	return lost + "comes empty" + with
}

// writesFaults reports whether the format that answers are written in has messages for what went wrong.
func (x *Exchange) writesFaults(way body.Direction) bool {
	_, is := x.answer.Written(way).(format.Faults)
	return is
}

// tellsOnlyJSON reports whether what fails becomes a fault, and isn't one yet: JSON is all that goes into one.
func (x *Exchange) tellsOnlyJSON(way body.Direction) bool {
	_, read := x.answer.Read(way).(format.Faults)
	return !read && x.writesFaults(way)
}

// tellsFaults reports whether a side's format has messages for what went wrong, so that they are translated
// whatever the statuses say.
func (x *Exchange) tellsFaults() bool {
	_, read := x.answer.Read(body.ToLegacy).(format.Faults)
	_, written := x.answer.Written(body.ToLegacy).(format.Faults)
	return read || written
}
