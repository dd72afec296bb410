package dashboard

import (
	"fmt"
	"net/textproto"
	"strings"

	"github.com/strangler-fig/toolkit/web"
)

// explainForm is the form on a route's page that asks what would happen to a request.
type explainForm struct {
	Asked   web.Explain
	Header  string // as typed, one "Name: value" a line
	Answer  *web.Explanation
	Problem string
}

// explain answers the page's form; without one it proposes a request.
func (v *routeView) explain(q *query) {
	f := &v.Explain
	ask := q.URL.Query()
	f.Asked = web.Explain{Method: ask.Get("method"), URL: ask.Get("url"), Address: ask.Get("address")}
	f.Header = ask.Get("headers")
	asked := f.Asked.URL != ""
	if f.Asked.Method == "" {
		f.Asked.Method = "GET"
		if m := v.Row.Match.Methods; len(m) > 0 {
			f.Asked.Method = m[0]
		}
	}
	if !asked {
		f.Asked.URL = v.Row.Match.Path
		return
	}
	header, err := parseHeader(f.Header)
	if err == nil {
		f.Asked.Header = header
		var answer web.Explanation
		if answer, err = q.System.Explain(f.Asked); err == nil {
			f.Answer = &answer
			return
		}
	}
	f.Problem = visible(err.Error())
}

// parseHeader reads headers as a person types them, one "Name: value" a line.
func parseHeader(text string) (map[string][]string, error) {
	all := make(map[string][]string)
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok || strings.TrimSpace(name) == "" {
			return nil, fmt.Errorf("read header %q: write one a line, as Name: value", cut(line, 80))
		}
		name = textproto.CanonicalMIMEHeaderKey(strings.TrimSpace(name))
		all[name] = append(all[name], strings.TrimSpace(value))
	}
	return all, nil
}
