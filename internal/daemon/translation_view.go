package daemon

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/strangler-fig/toolkit/acl/exchange"
	"github.com/strangler-fig/toolkit/acl/lens"
	"github.com/strangler-fig/toolkit/internal/config"
	"github.com/strangler-fig/toolkit/web"
)

// describeTranslation says what a definition translates.
func describeTranslation(cfg *config.Config, t *config.Translation) (parts []web.TranslationPart, bodies []web.TranslatedBody, session string) {
	parts, bodies = []web.TranslationPart{}, []web.TranslatedBody{}
	if t == nil {
		return parts, bodies, ""
	}
	for _, name := range t.Go {
		parts = append(parts, web.TranslationPart{What: "translator", Legacy: name, Service: name, Note: "written in Go"})
	}
	x := &t.Exchange
	if x.Method != (lens.Sides[string]{}) {
		parts = append(parts, web.TranslationPart{What: "method", Legacy: x.Method.Legacy, Service: x.Method.Service})
	}
	if x.Path != (lens.Sides[string]{}) {
		note := ""
		if x.DropQuery {
			note = "other parameters are dropped"
		}
		parts = append(parts, web.TranslationPart{What: "path", Legacy: x.Path.Legacy, Service: x.Path.Service, Note: note})
	}
	for _, f := range x.Params {
		parts = append(parts, web.TranslationPart{What: "parameter", Legacy: strings.Join(f.Legacy, ", "), Service: strings.Join(f.Service, ", "), Note: f.How()})
	}
	for _, s := range x.Status {
		parts = append(parts, web.TranslationPart{What: "status", Legacy: strconv.Itoa(s.Legacy), Service: strconv.Itoa(s.Service), Note: howStatus(s)})
	}
	for _, h := range x.Headers {
		parts = append(parts, web.TranslationPart{What: "header", Legacy: h.Legacy, Service: h.Service, Note: howHeader(h)})
	}
	for _, c := range x.Cookies {
		parts = append(parts, web.TranslationPart{What: "cookie path", Legacy: c.Legacy, Service: c.Service})
	}
	add := func(of, name string) {
		if b, ok := bodyView(cfg, of, name); ok {
			bodies = append(bodies, b)
		}
	}
	add("request", t.Request)
	add("answer", t.Answer)
	for i, name := range t.With {
		add(fmt.Sprintf("status %d", x.Status[i].Service), name)
	}
	return parts, bodies, t.Session
}

// howStatus says in words which answers of legacy's are meant.
func howStatus(s exchange.Status) string {
	var parts []string
	for _, m := range s.When {
		parts = append(parts, m.Path+" = "+m.Is.Text)
	}
	note := strings.Join(parts, " and ")
	if note != "" {
		note = "where " + note
	}
	if to := s.Location; to != (lens.Sides[string]{}) {
		if note != "" {
			note += "; "
		}
		note += "to " + to.Legacy
	}
	return note
}

func howHeader(h exchange.Header) string {
	var parts []string
	switch {
	case h.Const != "":
		parts = append(parts, "always "+h.Const)
	case h.Legacy == "" || h.Service == "":
		parts = append(parts, "taken off")
	}
	if len(h.Values) > 0 {
		parts = append(parts, (lens.Field{Values: &lens.Values{Pairs: h.Values}}).How())
	}
	switch {
	case h.Request:
		parts = append(parts, "of requests")
	case h.Answer:
		parts = append(parts, "of answers")
	}
	return strings.Join(parts, "; ")
}

// bodyView says how one kind of body is translated; nothing where no translator is named.
func bodyView(cfg *config.Config, of, name string) (b web.TranslatedBody, ok bool) {
	t, ok := cfg.Translators[name]
	if !ok {
		return b, false
	}
	b = web.TranslatedBody{Of: of, Translator: name, Legacy: t.Legacy.Name, Service: t.Service.Name, Fields: []web.TranslatedField{}, Losses: []string{}}
	for _, f := range t.Lens.Fields {
		b.Fields = append(b.Fields, web.TranslatedField{Legacy: orNone(f.Legacy), Service: orNone(f.Service), How: f.How()})
	}
	for _, loss := range t.Losses {
		b.Losses = append(b.Losses, loss.Text())
	}
	return b, true
}

func orNone(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// explainTranslation says in one line what is translated on the way to the service.
func explainTranslation(t *config.Translation) string {
	if t == nil {
		return ""
	}
	var parts []string
	switch {
	case len(t.Go) > 0:
		parts = append(parts, "with "+strings.Join(t.Go, ", ")+" (written in Go)")
	case t.Request != "" && t.Request == t.Answer:
		parts = append(parts, "with "+t.Request)
	default:
		if t.Request != "" {
			parts = append(parts, "requests with "+t.Request)
		}
		if t.Answer != "" {
			parts = append(parts, "answers with "+t.Answer)
		}
	}
	for _, one := range []struct {
		what string
		lens.Sides[string]
	}{{"method", t.Exchange.Method}, {"path", t.Exchange.Path}} {
		if one.Legacy != "" {
			parts = append(parts, one.what+" "+one.Legacy+" → "+one.Service)
		}
	}
	if t.Session != "" {
		parts = append(parts, "session "+t.Session)
	}
	if len(parts) == 0 {
		return "statuses, headers or cookies"
	}
	return strings.Join(parts, "; ")
}
