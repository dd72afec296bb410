package dashboard

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/web"
)

// The keys of what the log says about evidence.
const (
	keyActor      = "actor"
	keyVerified   = "verified"
	keyDivergence = "divergence"
	keyRoute      = "route"
	keyGroup      = "group"
	keyExport     = "export"
	keyRemote     = "remote"
)

type divergenceView struct {
	frame
	Example *exampleView
	Group   *web.Group   // nil: it isn't on record
	Nearest *exampleView // of those that are kept, where the example's answers aren't
}

// exampleView is one divergence with its two answers side by side.
type exampleView struct {
	web.Divergence
	Withheld bool // the viewer may not read recorded answers
	Kept     bool // both answers are there
	Pinned   bool // because somebody took the link
	Pins     int  // of its group
	MaxPins  int
	Status   bool // the statuses differ
	Headers  []headerRow
	Left     bodyView // legacy's
	Right    bodyView // the service's
	// Untranslated is the service's before it was translated; of no meaning where there is none.
	Untranslated bodyView
}

type headerRow struct {
	Name            string
	Legacy, Service []string
	Differs         bool
}

func (d *dashboard) buildDivergence(q *query) (view, error) {
	id := web.PathParam(q.Request, "id")
	example, err := d.example(q, id)
	if err != nil {
		return nil, err
	}
	v := &divergenceView{frame: frame{Title: cut(visible(example.Route+": "+example.Method+" "+example.Path), 160), Section: "groups"}, Example: example}
	return v, d.nearest(q, v)
}

// noteRead puts on record that somebody reads what clients and services said to each other.
func (q *query) noteRead(what ...any) {
	name := q.Who.Name
	if name == "" {
		name = defaultActor
	}
	q.Logger.Info("recorded answers read", append([]any{keyActor, name, keyVerified, q.Who.Verified}, append(what, keyRemote, q.RemoteAddr)...)...)
}

// example reads a divergence. Who may not read evidence gets nothing of the recorded answers; of
// who does, the log keeps the name.
func (d *dashboard) example(q *query, id string) (*exampleView, error) {
	found, err := q.System.Divergence(q.Context(), id)
	if err != nil {
		return nil, err
	}
	if !q.Who.Read {
		found.Withhold()
		return &exampleView{Divergence: found, Withheld: true}, nil
	}
	v := &exampleView{Divergence: found}
	q.noteRead(keyDivergence, found.ID, keyRoute, found.Route)
	if found.Legacy == nil || found.Service == nil {
		return v, nil
	}
	v.Kept = true
	v.Status = found.Legacy.Status != found.Service.Status
	v.Headers = headerRows(found)
	v.Left, v.Right = bodyViews(found)
	if u := found.Service.Untranslated; u != nil {
		v.Untranslated = bodyViewOf(u)
	}
	return v, nil
}

// headerRows pairs the headers of both answers, those that differ first.
func headerRows(d web.Divergence) []headerRow {
	differ := make(map[string]bool)
	for _, diff := range d.Differences {
		if name, ok := strings.CutPrefix(diff.Pointer, "header:"); ok {
			differ[http.CanonicalHeaderKey(name)] = true
		}
	}
	var rows []headerRow
	seen := make(map[string]bool)
	for _, headers := range []map[string][]string{d.Legacy.Headers, d.Service.Headers} {
		for name := range headers {
			if !seen[name] {
				seen[name] = true
				rows = append(rows, headerRow{name, d.Legacy.Headers[name], d.Service.Headers[name], differ[http.CanonicalHeaderKey(name)]})
			}
		}
	}
	slices.SortFunc(rows, func(a, b headerRow) int {
		if a.Differs != b.Differs {
			if a.Differs {
				return -1
			}
			return 1
		}
		return strings.Compare(a.Name, b.Name)
	})
	return rows
}

func bodyViews(d web.Divergence) (legacy, service bodyView) {
	if d.Legacy.Binary || d.Service.Binary {
		return binaryView(d.Legacy), binaryView(d.Service)
	}
	if left, right, ok := markupViews(d); ok {
		return left, right
	}
	bodyDiffers := slices.ContainsFunc(d.Differences, func(x shadow.Difference) bool { return x.Kind == shadow.KindBody })
	if !bodyDiffers || looksLikeJSON(d.Legacy) && looksLikeJSON(d.Service) {
		body, changed := inOrderOf(d.Legacy.Body, d.Service.Body)
		left, okLeft := jsonLines(d.Legacy.Body, d.Differences, shadow.Legacy)
		right, okRight := jsonLines(body, d.Differences, shadow.Service)
		if okLeft && okRight {
			legacy, service = viewOf(left, d.Legacy), viewOf(right, d.Service)
			if changed {
				service.Hint = "members in legacy's order"
			}
			return legacy, service
		}
	}
	left, right := textLines(brokenUp(d.Legacy), brokenUp(d.Service))
	return viewOf(left, d.Legacy), viewOf(right, d.Service)
}

func looksLikeJSON(a *web.Answer) bool {
	media := mediaOf(a)
	return media == "application/json" || strings.HasSuffix(media, "+json")
}

// bodyViewOf lays one body out that is compared with nothing.
func bodyViewOf(a *web.Answer) bodyView {
	if a.Binary {
		return binaryView(a)
	}
	// Nothing in it is marked, so that its begin says as much as the rest.
	lines, err := layJSON(a.Body, nil, shadow.Service, false)
	cut := errors.Is(err, errEnough)
	if err != nil && !cut {
		body := brokenUp(a)
		cut = len(body) > roomy
		head := strings.ToValidUTF8(body[:min(len(body), roomy)], "")
		lines, _ = textLines(head, head)
	}
	v := viewOf(nil, a)
	v.Parts = []bodyPart{{Lines: lines}} // nothing differs, so that nothing is to be folded away
	v.bound()
	if v.Cut = v.Cut || cut; v.Cut {
		v.Note = "its begin"
	}
	return v
}

func binaryView(a *web.Answer) bodyView {
	raw := []byte(a.Body)
	if a.Binary {
		raw, _ = base64.StdEncoding.DecodeString(a.Body[:min(len(a.Body), (maxHex/3+1)*4)])
	}
	v := bodyView{Note: fmt.Sprintf("binary, %s; the first %d bytes:", size(a.Size), min(len(raw), maxHex))}
	var lines []bodyLine
	for line := range strings.Lines(hex.Dump(raw[:min(len(raw), maxHex)])) {
		lines = append(lines, bodyLine{Text: strings.TrimRight(line, "\n")})
	}
	v.Parts, v.Cut = []bodyPart{{Lines: lines}}, a.Size > maxHex
	return v
}
