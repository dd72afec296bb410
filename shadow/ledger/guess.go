package ledger

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/strangler-fig/toolkit/shadow"
)

// guesses count, for each place of a group, the reasons that were guessed of its divergences; an
// empty one is of those that nothing was guessed of.
type guesses map[string]map[string]int64

// What a group's guesses are bounded by: who guesses more differently knows nothing.
const (
	maxGuessedPlaces = 8
	maxGuesses       = 8
	guessShare       = 0.8 // of a place's divergences, from which on they agree
)

// add counts what guess says of each place where a divergence differs, by the first difference there.
func (g guesses) add(differences []shadow.Difference, guess func(shadow.Difference) string) {
	seen := map[string]bool{}
	for _, d := range differences {
		if d.Noise == "" && !seen[d.Pattern] {
			seen[d.Pattern] = true
			said := ""
			if d.Kind != shadow.KindOrder { // which says it already
				said = guess(d)
			}
			g.count(d.Pattern, said, 1)
		}
	}
}

func (g guesses) count(place, guess string, n int64) {
	of := g[place]
	if of == nil {
		if len(g) == maxGuessedPlaces {
			return
		}
		of = map[string]int64{}
		g[place] = of
	}
	if _, known := of[guess]; !known && len(of) >= maxGuesses {
		guess = ""
	}
	of[guess] += n
}

func (g guesses) merge(other guesses) {
	for place, of := range other {
		for guess, n := range of {
			g.count(place, guess, n)
		}
	}
}

// text says what is guessed of most divergences; empty: nothing.
func (g guesses) text() string {
	var texts, places []string
	for _, place := range slices.Sorted(maps.Keys(g)) {
		var sum, most int64
		best := ""
		for _, guess := range slices.Sorted(maps.Keys(g[place])) {
			n := g[place][guess]
			if sum += n; n > most {
				most, best = n, guess
			}
		}
		if best != "" && float64(most) >= guessShare*float64(sum) {
			texts, places = append(texts, best), append(places, place)
		}
	}
	if same := slices.Compact(slices.Clone(texts)); len(same) == 1 && len(texts) == len(g) {
		return same[0]
	}
	for i, place := range places {
		texts[i] = place + ": " + texts[i]
	}
	return strings.Join(texts[:min(2, len(texts))], "; ")
}

func parseGuesses(text []byte) (guesses, error) {
	g := guesses{}
	if err := json.Unmarshal(text, &g); err != nil {
		return nil, fmt.Errorf("read what was guessed: %w", err)
	}
	if g == nil {
		g = guesses{}
	}
	return g, nil
}
