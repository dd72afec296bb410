package dashboard

import (
	"fmt"
	"slices"

	"github.com/strangler-fig/toolkit/web"
)

// translationOf returns what is translated of a route, as far as the viewer may see; nil: nothing is.
func translationOf(q *query, route string) (*web.Translation, error) {
	t, err := q.System.Translation(q.Context(), route)
	if err != nil {
		return nil, fmt.Errorf("read what is translated of route %q: %w", route, err)
	}
	if len(t.Parts)+len(t.Bodies)+len(t.Failures) == 0 && t.Session == "" {
		return nil, nil
	}
	if !slices.ContainsFunc(t.Failures, web.TranslationFailure.HasExample) {
		return &t, nil
	}
	if q.Who.Read {
		q.noteRead(keyRoute, route)
	} else {
		t.Withhold()
	}
	return &t, nil
}
