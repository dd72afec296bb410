package dashboard

import (
	"bytes"
	"fmt"
	"net/http"

	"github.com/strangler-fig/toolkit/web"
	"github.com/strangler-fig/toolkit/web/export"
)

// exportForm is the choice that a page offers of how stored exchanges are written.
type exportForm struct {
	Path    string // of the download
	Formats []exportFormat
	Sides   []string
	Base    string // where requests go
}

type exportFormat struct{ Name, Text string }

// defaultBase is where the command lets exported requests go.
const defaultBase = "http://127.0.0.1:8080"

// formatText says what each format is.
var formatText = map[string]string{"hurl": "Hurl, with asserts", "curl": "curl, a line each", "har": "HTTP archive", "go": "Go test"}

func exportFormOf(path string) exportForm {
	f := exportForm{Path: path + "/export", Sides: export.Sides(), Base: defaultBase}
	for _, name := range export.Formats() {
		f.Formats = append(f.Formats, exportFormat{name, formatText[name]})
	}
	return f
}

// export answers with a file of what is stored of a group or a route.
func (d *dashboard) export(target func(*query) (web.ExchangeQuery, string)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		q := d.query(r)
		which, of := target(q)
		name, body, err := exported(q, which, of)
		if err != nil {
			d.problem(w, q, err)
			return
		}
		q.noteRead(keyGroup, which.Group, keyRoute, which.Route, keyExport, name)
		h := w.Header()
		h.Set("Content-Type", "application/octet-stream") // no browser shows what strangers wrote
		h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
		w.Write(body) // whether the client is still there is its own business
	}
}

func exported(q *query, which web.ExchangeQuery, of string) (name string, body []byte, err error) {
	ask := q.URL.Query()
	e := export.Export{Of: of, Side: ask.Get("side"), As: ask.Get("as")}
	if e.Side == "" {
		e.Side = export.Sides()[0]
	}
	if e.As == "" {
		e.As = export.Formats()[0]
	}
	base := ask.Get("base")
	if base == "" {
		base = defaultBase
	}
	if e.Base, err = export.ParseBase(base); err != nil {
		return "", nil, fmt.Errorf("%w: where requests go is %w", errForm, err)
	}
	stored, err := q.System.Exchanges(q.Context(), which)
	if err != nil {
		return "", nil, fmt.Errorf("read what is stored of %s: %w", of, err)
	}
	if len(stored) == 0 {
		return "", nil, &web.NotFoundError{What: "stored request of", Name: of + ": divergences keep examples, and keep_matches keeps others"}
	}
	var b bytes.Buffer
	if err := e.Write(&b, stored); err != nil {
		return "", nil, fmt.Errorf("%w: %w", errForm, err)
	}
	return e.FileName(), b.Bytes(), nil
}

func exportedGroup(q *query) (web.ExchangeQuery, string) {
	return web.ExchangeQuery{Group: groupID(q)}, groupID(q)
}

func exportedRoute(q *query) (web.ExchangeQuery, string) {
	return web.ExchangeQuery{Route: routeName(q)}, routeName(q)
}
