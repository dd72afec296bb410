package web

// The outcomes of a request that is sent again.
const (
	OutcomeFixed   = "fixed"   // it differed and doesn't
	OutcomeRemains = "remains" // it differs as it did
	OutcomeNew     = "new"     // it differs, and didn't so
	OutcomeSame    = "same"    // it matched, or was only recorded, and matches
	OutcomeSkipped = "skipped" // it can't be sent, or its answers not be compared
	OutcomeFailed  = "failed"  // a side gave no answer
)

// Outcomes lists all of them.
func Outcomes() []string {
	return []string{OutcomeFixed, OutcomeRemains, OutcomeNew, OutcomeSame, OutcomeSkipped, OutcomeFailed}
}

// Count counts one more request.
func (s *ReplaySummary) Count(outcome string) {
	s.Done++
	switch outcome {
	case OutcomeFixed:
		s.Fixed++
	case OutcomeRemains:
		s.Remains++
	case OutcomeNew:
		s.New++
	case OutcomeSame:
		s.Same++
	case OutcomeSkipped:
		s.Skipped++
	case OutcomeFailed:
		s.Failed++
	}
}
