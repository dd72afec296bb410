package dashboard

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/strangler-fig/toolkit/web"
)

// rulesPage lists what counts as a difference, and makes rules: what is asked for in the address is
// previewed, so that a preview can be passed on as a link.
var rulesPage = page{name: "rules", build: func(q *query) (view, error) {
	form := q.URL.Query()
	if id := form.Get("group"); id != "" {
		g, err := q.System.Group(q.Context(), id)
		if err != nil {
			return nil, err
		}
		form = url.Values{"route": {g.Route}, "rules": {rulesFor(g)}}
	}
	return buildRules(q, form)
}}

type rulesView struct {
	frame
	Routes []string
	Rules  []web.Rule
	Route  string // asked for; empty: all routes' rules are listed, and none is previewed
	Text   string // the rules asked for, one a line
	Reason string
	Effect *web.RuleEffect // of those; nil: none were asked for, or they make no sense
	Notice *notice
}

func buildRules(q *query, form url.Values) (*rulesView, error) {
	v := &rulesView{frame: frame{Title: "Rules", Section: "rules"}, Route: form.Get("route"), Text: form.Get("rules"), Reason: form.Get("reason")}
	for _, r := range q.System.Routes() {
		v.Routes = append(v.Routes, r.Name)
	}
	var err error
	if v.Rules, err = q.System.Rules(v.Route); err != nil {
		return nil, err
	}
	if strings.TrimSpace(v.Text) == "" {
		return v, nil
	}
	rules, err := parseRules(v.Text)
	if err == nil {
		var effect web.RuleEffect
		if effect, err = q.System.PreviewRules(q.Context(), web.NewRules{Route: v.Route, Rules: rules}); err == nil {
			v.Effect = &effect
		}
	}
	if err != nil {
		v.Notice = noticeOf(err)
	}
	return v, nil
}

// rulesFor returns rules for a group, as parseRules reads them.
func rulesFor(g web.Group) string {
	rules, _ := g.Covering()
	var lines []string
	for _, r := range rules {
		lines = append(lines, strings.TrimSpace(r.Kind+" "+r.Pointer+" "+r.Value))
	}
	return strings.Join(lines, "\n")
}

// parseRules reads rules one a line: the kind, the pointer and perhaps a value. A pointer may have
// blanks in it, a value has none.
func parseRules(text string) ([]web.Rule, error) {
	var rules []web.Rule
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		kind, rest, _ := strings.Cut(line, " ")
		r := web.Rule{Kind: kind, Pointer: strings.TrimSpace(rest)}
		if kind == web.RuleKeyed || kind == web.RuleTolerance {
			at := strings.LastIndexByte(r.Pointer, ' ')
			if at < 0 {
				return nil, fmt.Errorf("%w: %q lacks a value: write it as in keyed /items id, or tolerance /total 0.01", errForm, line)
			}
			r.Pointer, r.Value = strings.TrimSpace(r.Pointer[:at]), r.Pointer[at+1:]
		}
		rules = append(rules, r)
	}
	return rules, nil
}

// addRules saves rules.
func (d *dashboard) addRules(w http.ResponseWriter, r *http.Request) {
	q := d.query(r)
	err := parseForm(w, r)
	var rules []web.Rule
	if err == nil {
		rules, err = parseRules(r.PostForm.Get("rules"))
	}
	if err == nil {
		_, err = d.System.AddRules(r.Context(), web.NewRules{Route: r.PostForm.Get("route"), Rules: rules, Reason: r.PostForm.Get("reason"), Actor: actor(w, r)})
	}
	d.ruled(w, q, err)
}

// dropRule ends a rule of the journal.
func (d *dashboard) dropRule(w http.ResponseWriter, r *http.Request) {
	q := d.query(r)
	err := parseForm(w, r)
	if err == nil {
		err = d.System.DropRule(r.Context(), web.DroppedRule{ID: web.PathParam(r, "id"), Reason: r.PostForm.Get("reason"), Actor: actor(w, r)})
	}
	d.ruled(w, q, err)
}

// ruled answers a change of rules: after a success through a redirect, else with the page.
func (d *dashboard) ruled(w http.ResponseWriter, q *query, err error) {
	if err == nil {
		http.Redirect(w, q.Request, "/rules?"+url.Values{"route": {q.PostForm.Get("route")}}.Encode(), http.StatusSeeOther)
		return
	}
	n := noticeOf(err)
	d.log(n, q)
	v, readErr := buildRules(q, q.PostForm)
	if readErr != nil {
		d.problem(w, q, readErr)
		return
	}
	v.Notice = n
	d.answer(w, q, n.Status, rulesPage, v)
}
