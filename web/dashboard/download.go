package dashboard

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"

	"github.com/strangler-fig/toolkit/web"
)

// download answers with the whole body of a recorded answer, of which a page draws a part.
func (d *dashboard) download(w http.ResponseWriter, r *http.Request) {
	q := d.query(r)
	id, side := web.PathParam(r, "id"), web.PathParam(r, "side")
	found, err := q.System.Divergence(r.Context(), id)
	if err != nil {
		d.problem(w, q, err)
		return
	}
	answer := map[string]*web.Answer{"legacy": found.Legacy, "service": found.Service}[side]
	if side == "untranslated" && found.Service != nil {
		answer = found.Service.Untranslated
	}
	if answer == nil {
		d.problem(w, q, &web.NotFoundError{What: "kept answer of divergence", Name: id + ", " + side})
		return
	}
	body := []byte(answer.Body)
	if answer.Binary {
		if body, err = base64.StdEncoding.DecodeString(answer.Body); err != nil {
			d.problem(w, q, fmt.Errorf("read the answer of divergence %s: %w", id, err))
			return
		}
	}
	q.noteRead(keyDivergence, found.ID, keyRoute, found.Route, keyExport, side)
	h := w.Header()
	h.Set("Content-Type", "application/octet-stream") // no browser shows what strangers wrote
	h.Set("Content-Disposition", `attachment; filename="`+url.PathEscape(id)+"-"+side+"."+extensionOf(answer)+`"`)
	w.Write(body) // whether the client is still there is its own business
}

// extensionOf is how the name of a file with the body ends, so that an editor knows what it is.
func extensionOf(a *web.Answer) string {
	switch media := mediaOf(a); {
	case a.Binary:
		return "bin"
	case looksLikeJSON(a):
		return "json"
	case isXML(media):
		return "xml"
	case media == "text/html":
		return "html"
	}
	return "txt"
}
