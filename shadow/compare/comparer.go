package compare

import (
	"bytes"
	"errors"
	"hash/maphash"
	"sync"

	"github.com/strangler-fig/toolkit/shadow"
)

// Comparer finds where two answers differ, under one set of rules. It is immutable and safe for
// concurrent use.
type Comparer struct {
	rules Rules
	plan  plan
	seed  maphash.Seed
	walks sync.Pool // of *walk: the trees are large
	codec codec

	others struct {
		sync.Mutex
		by map[string]*Comparer // by the pointers that are unordered besides; nil: it can't be
	}
}

var (
	_ shadow.Comparer  = (*Comparer)(nil)
	_ shadow.Reflexive = (*Comparer)(nil)
)

// New returns a Comparer for the rules. The error joins a *RuleError for each problem.
func New(rules Rules) (*Comparer, error) {
	plan, problems := rules.compile()
	if len(problems) > 0 {
		errs := make([]error, len(problems))
		for i, problem := range problems {
			errs[i] = problem
		}
		return nil, errors.Join(errs...)
	}
	c := &Comparer{rules: rules, plan: plan, seed: maphash.MakeSeed()}
	c.walks.New = func() any { return &walk{seed: c.seed} }
	return c, nil
}

// Reflexive implements shadow.Reflexive.
func (c *Comparer) Reflexive() bool { return true }

// Compare returns where the answers differ, at most MaxDifferences, none if they don't. The
// error is a *shadow.SkipError where they can't be compared. Both bodies are only read, and
// nothing that is returned refers to them.
func (c *Comparer) Compare(legacy, service *shadow.Answer) ([]shadow.Difference, error) {
	if legacy == nil || service == nil {
		return nil, errors.New("compare needs both answers: one is nil")
	}
	switch legacy.Status {
	case 206, 304, 412, 416: // RFC 9110: they depend on what the client or its cache holds
		return nil, &shadow.SkipError{Reason: shadow.SkipConditional}
	}
	var diffs []shadow.Difference
	if c.plan.status && legacy.Status != service.Status {
		diffs = append(diffs, statusDifference(legacy.Status, service.Status))
	}
	diffs = append(diffs, c.headers(legacy, service)...)
	trailing, failed := c.trailers(legacy, service)
	diffs = append(diffs, trailing...)
	if !c.plan.body || failed || c.plan.status && legacy.Status/100 != service.Status/100 {
		return diffs, nil
	}
	body, err := c.bodies(legacy, service)
	diffs = append(diffs, body...)
	if len(diffs) > 0 {
		err = nil // they diverge, whatever else there is to find
	}
	return diffs[:min(len(diffs), MaxDifferences)], err
}

func (c *Comparer) bodies(legacy, service *shadow.Answer) ([]shadow.Difference, error) {
	coding, otherCoding := codings(legacy.Header), codings(service.Header)
	if legacy.TooLarge() || service.TooLarge() {
		if legacy.Size == service.Size && legacy.Hash == service.Hash && coding == otherCoding {
			return nil, nil
		}
		return nil, &shadow.SkipError{Reason: shadow.SkipTooLarge}
	}
	if coding == otherCoding && bytes.Equal(legacy.Body, service.Body) {
		return nil, nil
	}
	a, errA := c.codec.decode(legacy.Body, coding)
	b, errB := c.codec.decode(service.Body, otherCoding)
	for _, err := range []error{errA, errB} {
		if _, ok := errors.AsType[*shadow.SkipError](err); ok {
			return nil, err
		}
	}
	if errA != nil || errB != nil {
		return []shadow.Difference{{
			Kind:    shadow.KindEncoding,
			Legacy:  describeCoding(legacy.Body, coding, errA),
			Service: describeCoding(service.Body, otherCoding, errB),
		}}, nil
	}
	if bytes.Equal(a, b) {
		return nil, nil
	}
	return c.content(newDocument(a, legacy.Header), newDocument(b, service.Header))
}

// release lets go of the answers, and of memory that few comparisons need.
func (w *walk) release() {
	const keep = 1 << 14
	for _, t := range []*tree{&w.legacy, &w.service} {
		t.src = nil
		if cap(t.nodes) > keep || cap(t.names) > 16*keep || cap(t.open) > keep || cap(t.members) > keep {
			*t = tree{}
		}
	}
	w.diffs = nil
	w.shape = shape{}
	clear(w.path[:cap(w.path)])
}
