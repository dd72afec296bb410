package exchange

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/strangler-fig/toolkit/acl/body"
	"github.com/strangler-fig/toolkit/acl/document"
	"github.com/strangler-fig/toolkit/acl/format"
	"github.com/strangler-fig/toolkit/acl/lens"
)

// status is a compiled Status.
type status struct {
	service, legacy int
	when            []condition
	over            grafts // when, as it is written
	with            *body.Translator
	location        lens.Sides[*template]
}

// condition is a compiled Member.
type condition struct {
	path document.Path
	is   lens.Literal
}

func (x *Exchange) newStatus(c Status, problem func(part, message string)) status {
	s := status{service: c.Service, legacy: c.Legacy, with: c.With}
	for _, side := range []struct {
		part string
		code int
	}{{"service", c.Service}, {"legacy", c.Legacy}} {
		if side.code < 200 || side.code > 599 || side.code == http.StatusPartialContent {
			problem(side.part, fmt.Sprintf("%d is no status of a whole answer: 200 to 599, and not 206", side.code))
		}
	}
	for _, m := range c.When {
		path, err := document.ParsePath(m.Path)
		switch {
		case err != nil:
			problem("when", err.Error())
			continue
		case len(path) == 0 || slices.ContainsFunc(path, func(s document.Step) bool { return s.Name == "" }):
			problem("when", fmt.Sprintf("%s isn't the place of a member: names, with dots between them", m.Path))
			continue
		}
		if s.ofFault(x) && !faultMember(path) {
			problem("when", fmt.Sprintf("%s isn't a part of a SOAP fault; those are faultcode, faultstring, faultactor and detail, or Code.Value, Reason.Text, Role, Node and Detail, and what is below detail", m.Path))
		}
		if err := s.checkNames(x, path); err != nil {
			problem("when", fmt.Sprintf("%s: %v", m.Path, err))
			continue
		}
		s.when = append(s.when, condition{path, m.Is})
		s.over.put(path, m.Is)
	}
	for _, side := range []struct {
		part, text string
		to         **template
	}{{"location.legacy", c.Location.Legacy, &s.location.Legacy}, {"location.service", c.Location.Service, &s.location.Service}} {
		if side.text == "" {
			continue
		}
		var err error
		if *side.to, err = parseTemplate(side.text); err != nil {
			problem(side.part, err.Error())
		}
	}
	switch t := s.reader(x); {
	case len(s.when) == 0:
	case t == nil:
		problem("when", "it looks into legacy's body, and no translator says how that is written; name one in with")
	case t.Streams(body.ToLegacy):
		problem("when", "legacy's body is a list of records, in which it has no place; name another translator in with")
	}
	return s
}

// ofFault reports whether legacy's answers with that status are faults.
func (s *status) ofFault(x *Exchange) bool {
	if s.with != nil || x.answer == nil || s.legacy < 400 || s.service < 400 {
		return false
	}
	_, is := x.answer.Written(body.ToLegacy).(format.Faults)
	return is
}

// reader is the translator that knows how legacy writes the body of such answers.
func (s *status) reader(x *Exchange) *body.Translator {
	if s.with != nil {
		return s.with
	}
	return x.answer
}

// checkNames says what of a condition's path legacy's bodies have no names for, so that it would never hold
// and couldn't be written; nil: nothing.
func (s *status) checkNames(x *Exchange, path document.Path) error {
	t := s.reader(x)
	if t == nil || t.Streams(body.ToLegacy) {
		return nil // which is told besides
	}
	names, ok := t.Written(body.ToLegacy).(format.Names)
	if !ok {
		return nil
	}
	return names.CheckPath(path)
}

// checkShadowed reports what can never be reached in either direction.
func checkShadowed(all []status, problem func(Problem)) {
	for i := range all {
		for j := range all[:i] {
			if a, b := &all[j], &all[i]; a.service == b.service && a.legacy == b.legacy && len(a.when) == 0 && a.location.Legacy == nil {
				problem(Problem{Option: "status", Index: i, Message: fmt.Sprintf(
					"%d and %d are there before, without a when, so that this one is never reached", b.service, b.legacy)})
				break
			}
		}
	}
}

// CheckLocations reports names of a Location that is written in a direction, of legacy's or the service's answers,
// that nothing fills: the other side's Location hasn't them, and there is no translated body that could have
// them. Each such answer would be one that can't be translated.
func (x *Exchange) CheckLocations(way body.Direction) (found Problems) {
	written, read := "location.legacy", "location.service"
	if way == body.ToService {
		written, read = read, written
	}
	for i := range x.status {
		s := &x.status[i]
		t := s.written(way)
		if t == nil || x.makesDocument(s, way) {
			continue
		}
		for _, name := range t.names() {
			if slices.Contains(s.written(!way).names(), name) || t.optional(name) || way == body.ToLegacy && s.marks(name) {
				continue
			}
			remedy := "name it in " + read + ", or in with the translator of such a body"
			if s.written(!way) == nil {
				remedy = "say in " + read + " where it stands, or in with which translator makes a body that has it"
			}
			if _, status := s.codes(way); noContent(status) || s.with != nil {
				remedy = "name it in " + read // a body of another translator would be none either
			}
			found = append(found, Problem{Option: "status", Index: i, Part: "location", Message: fmt.Sprintf(
				"{%s} of %s is nowhere to be taken from: %s lacks it, and the body of these answers becomes none that could have it; %s", name, written, read, remedy)})
		}
	}
	return found
}

// makesDocument reports whether the body of such answers is translated as one document in a direction, which
// may have what a Location needs.
func (x *Exchange) makesDocument(s *status, way body.Direction) bool {
	_, to := s.codes(way)
	t := x.translatorFor(s, s.service, s.legacy)
	return t != nil && !t.Streams(way) && !noContent(to)
}

// marks reports whether a condition puts something at that name into legacy's bodies.
func (s *status) marks(name string) bool {
	return slices.ContainsFunc(s.when, func(c condition) bool { return c.path.String() == name })
}

// codes returns the status that is read and the one that is written.
func (s *status) codes(way body.Direction) (read, written int) {
	if way == body.ToLegacy {
		return s.service, s.legacy
	}
	return s.legacy, s.service
}

// find returns what an answer's status becomes; nil: it stays.
func (x *Exchange) find(in *incoming) (*status, error) {
	for i := range x.status {
		s := &x.status[i]
		if read, _ := s.codes(in.way); read != in.resp.StatusCode {
			continue
		}
		if in.way == body.ToLegacy {
			return s, nil
		}
		if s.location.Legacy != nil {
			in.located = in.locatedBy(s.location.Legacy, x.pair.prefix.Legacy)
			if in.located == nil {
				continue
			}
		}
		if len(s.when) == 0 {
			return s, nil
		}
		holds, err := in.holds(s.reader(x), s.when)
		if holds || err != nil {
			return s, err
		}
	}
	return nil, nil
}
