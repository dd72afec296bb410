package command

import (
	"fmt"
	"io"
	"strings"

	"github.com/strangler-fig/toolkit/web"
)

// printTranslation says what is translated of a route, and how that went; of a route of which nothing is,
// it prints nothing.
func printTranslation(w io.Writer, t web.Translation) {
	if len(t.Parts)+len(t.Bodies)+len(t.Failures) == 0 && t.Session == "" {
		return
	}
	fmt.Fprintln(w)
	heading(w, "TRANSLATES", "LEGACY", "SERVICE", "HOW")
	for _, p := range t.Parts {
		row(w, p.What, orDash(p.Legacy), orDash(p.Service), orDash(p.Note))
	}
	for _, b := range t.Bodies {
		row(w, b.Of, b.Legacy, b.Service, "by "+b.Translator)
		for _, f := range b.Fields {
			row(w, "  field", orDash(strings.Join(f.Legacy, ", ")), orDash(strings.Join(f.Service, ", ")), orDash(f.How))
		}
	}
	if t.Session != "" {
		row(w, "session", t.Session, "", "")
	}
	fmt.Fprintln(w)
	heading(w, "MESSAGES", "TRANSLATED", "FAILED")
	row(w, "requests", t.Requests.Translated, t.Requests.Failed)
	row(w, "answers", t.Answers.Translated, t.Answers.Failed)
	if len(t.Failures) == 0 {
		return
	}
	fmt.Fprintln(w)
	heading(w, "COUNT", "LAST", "WAY", "WHERE", "WHAT")
	for _, f := range t.Failures {
		row(w, f.Count, when(f.Last), f.Direction, orDash(f.Pointer), f.Kind)
	}
}
