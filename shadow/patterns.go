package shadow

// Comparer returns one that compares as c does, and in whose differences' patterns no key stands that is
// to be redacted, but a *: as they are recorded, learnt and grouped. Nil stays nil.
func (s *Shadow) Comparer(c Comparer) Comparer {
	if c == nil {
		return nil
	}
	return patterns{c, s.redact}
}

type patterns struct {
	Comparer
	redact redactor
}

// Compare implements Comparer.
func (p patterns) Compare(legacy, service *Answer) ([]Difference, error) {
	found, err := p.Comparer.Compare(legacy, service)
	return p.redact.generalise(found), err
}

// Reordered implements Reorderer; nil where the Comparer inside doesn't.
func (p patterns) Reordered(pointers []string) Comparer {
	inner, ok := p.Comparer.(Reorderer)
	if !ok {
		return nil
	}
	if c := inner.Reordered(pointers); c != nil {
		return patterns{c, p.redact}
	}
	return nil
}

// RedactedDifferences returns differences of two answers as they would be recorded.
func (s *Shadow) RedactedDifferences(list []Difference, legacy, service *Answer) []Difference {
	return s.redact.differences(list, legacy, service)
}
