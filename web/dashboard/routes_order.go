package dashboard

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/strangler"
)

// wordsOf splits a filter; "a b" is one word.
func wordsOf(s string) []string {
	var words []string
	var b strings.Builder
	inside := false
	flush := func() {
		if b.Len() > 0 {
			words = append(words, b.String())
			b.Reset()
		}
	}
	for _, r := range strings.ToLower(s) {
		switch {
		case r == '"':
			inside = !inside
		case r == ' ' && !inside:
			flush()
		default:
			b.WriteRune(r)
		}
	}
	flush()
	return words
}

// filterWord is a word of a filter, though it has spaces.
func filterWord(s string) string {
	if strings.ContainsAny(s, " \t") {
		return `"` + strings.ReplaceAll(s, `"`, "") + `"`
	}
	return strings.ReplaceAll(s, `"`, "")
}

// has reports whether a row has all words: in its name, what it matches, service, unit, owner or
// phase, or as owner:WORD and the like in just that.
func (r *routeRow) has(words []string) bool {
	if len(words) == 0 {
		return true
	}
	field := func(name string) (string, bool) {
		switch name {
		case "name":
			return r.Name, true
		case "path":
			return r.Match.Path, true
		case "service":
			return r.Service, true
		case "unit":
			return r.Unit, true
		case "owner":
			return r.Owner, true
		case "phase":
			return r.Phase.String(), true
		}
		return "", false
	}
	all := strings.ToLower(strings.Join([]string{r.Name, matchText(r.Match), r.Service, r.Unit, r.Owner, r.Phase.String()}, "\n"))
	for _, w := range words {
		if name, value, ok := strings.Cut(w, ":"); ok {
			if text, known := field(name); known {
				text = strings.ReplaceAll(strings.ToLower(text), `"`, "")
				if text == value || (name == "name" || name == "path") && strings.Contains(text, value) {
					continue
				}
				return false
			}
		}
		if !strings.Contains(all, w) {
			return false
		}
	}
	return true
}

// sort orders rows; equal ones stay in the configuration's order.
func (v *routesView) sort(rows []routeRow) {
	failed := func(r *routeRow) float64 {
		s := r.Stats
		return zero(part(s.Legacy.Failures+s.Service.Failures, s.Legacy.Requests+s.Service.Requests))
	}
	by := map[string]func(a, b *routeRow) int{
		"name": func(a, b *routeRow) int { return strings.Compare(a.Name, b.Name) },
		"phase": func(a, b *routeRow) int {
			return strangler.Position{Phase: a.Phase, Weight: a.Weight}.Compare(strangler.Position{Phase: b.Phase, Weight: b.Weight})
		},
		"split": func(a, b *routeRow) int { return cmp.Compare(a.ServiceShare(), b.ServiceShare()) },
		"rate": func(a, b *routeRow) int {
			return cmp.Compare(a.Stats.Legacy.PerSecond+a.Stats.Service.PerSecond, b.Stats.Legacy.PerSecond+b.Stats.Service.PerSecond)
		},
		"legacy":   func(a, b *routeRow) int { return -cmp.Compare(a.Stats.Legacy.Requests, b.Stats.Legacy.Requests) },
		"failures": func(a, b *routeRow) int { return cmp.Compare(failed(a), failed(b)) },
		"latency": func(a, b *routeRow) int {
			return cmp.Compare(max(a.Stats.Legacy.P99MS, a.Stats.Service.P99MS), max(b.Stats.Legacy.P99MS, b.Stats.Service.P99MS))
		},
		"divergence": func(a, b *routeRow) int {
			return cmp.Compare(diverging(a.Stats.Comparisons), diverging(b.Stats.Comparisons))
		},
	}[v.Sort]
	if by == nil {
		v.Sort = ""
		return
	}
	order := make([]*routeRow, len(rows)) // rows are large: what is moved about is where they are
	for i := range rows {
		order[i] = &rows[i]
	}
	slices.SortStableFunc(order, func(a, b *routeRow) int {
		if v.Down {
			return -by(a, b)
		}
		return by(a, b)
	})
	sorted := make([]routeRow, len(rows))
	for i, r := range order {
		sorted[i] = *r
	}
	copy(rows, sorted)
}

func zero(v float64) float64 {
	if math.IsNaN(v) {
		return 0
	}
	return v
}

func diverging(c shadow.Counts) float64 {
	return zero(part(c.Diverged, c.Match+c.Noise+c.Lag+c.Diverged))
}
