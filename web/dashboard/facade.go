package dashboard

import (
	"slices"

	"github.com/strangler-fig/toolkit/web"
)

const keyFacade = "facade"

// facadePage says what services ask of legacy through a facade, and what of it could not be translated.
var facadePage = page{name: "facade", build: buildFacade}

type facadeView struct {
	frame
	web.FacadeDetail
}

func buildFacade(q *query) (view, error) {
	f, err := q.System.Facade(q.Context(), web.PathParam(q.Request, "name"))
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(f.Failures, web.TranslationFailure.HasExample) {
		if q.Who.Read {
			q.noteRead(keyFacade, f.Name)
		} else {
			f.Withhold()
		}
	}
	return &facadeView{frame{Title: visible(f.Name), Section: "services"}, f}, nil
}
