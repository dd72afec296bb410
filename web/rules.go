package web

import "github.com/strangler-fig/toolkit/shadow"

// Where a Rule is from.
const (
	RuleOfConfiguration = "configuration"
	RuleOfJournal       = "journal"
)

// The kinds of Rule that can be made from evidence.
const (
	RuleIgnore    = "ignore"
	RuleUnordered = "unordered"
	RuleKeyed     = "keyed"
	RuleTolerance = "tolerance"
)

// Covering returns rules for a group: those that its examples suggest, else such as cover its places.
// Those left out are a status, or a whole body: to ignore that hides nearly everything.
func (g Group) Covering() (rules []Suggestion, left []GroupCause) {
	if len(g.Suggested) > 0 {
		return g.Suggested, nil
	}
	for _, c := range g.Causes {
		switch {
		case c.Kind == shadow.KindStatus || c.Pointer == "":
			left = append(left, c)
		case c.Kind == shadow.KindOrder:
			rules = append(rules, Suggestion{Kind: RuleUnordered, Pointer: c.Pointer})
		default:
			rules = append(rules, Suggestion{Kind: RuleIgnore, Pointer: c.Pointer})
		}
	}
	return rules, left
}
