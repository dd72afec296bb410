package suggest

import (
	"fmt"
	"strings"

	"github.com/strangler-fig/toolkit/acl/format"
)

// Translators returns the proposal as translators: its own and then those of its lists, each
// field with its reason, and what is left as a comment at the end.
func (p *Proposal) Translators(legacy, service format.Config) []Translator {
	all := p.translators(legacy, service, "proposed from "+counted(p.Examples, "example"))
	last := &all[len(all)-1]
	if left := p.left(); left != "" {
		last.After = strings.TrimPrefix(last.After+"\n"+left, "\n")
	}
	return all
}

func (p *Proposal) translators(legacy, service format.Config, said string) []Translator {
	if p.More != "" {
		said += "; " + p.More
	}
	if p.Order != "" {
		said += "; the elements are " + p.Order + ", which no field can say"
	}
	t := Translator{Name: p.Name, Legacy: legacy, Service: service, Records: p.Records, Lens: p.Definition(), Before: said}
	for _, f := range p.Fields {
		t.Fields = append(t.Fields, fmt.Sprintf("%.0f %%: %s", 100*f.Confidence, f.Reason))
	}
	all := []Translator{t}
	for _, n := range p.Nested {
		inner := format.Config{Name: format.JSON} // what a lens is of doesn't count
		all = append(all, n.translators(inner, inner, "elements of "+p.Name+": "+counted(n.Examples, "pair"))...)
	}
	return all
}

// left tells what stayed over, and what the examples don't decide.
func (p *Proposal) left() string {
	var b strings.Builder
	section := func(title string, lines []string) {
		if len(lines) > 0 {
			fmt.Fprintf(&b, "%s, %s:\n  %s\n", title, p.Name, strings.Join(lines, "\n  "))
		}
	}
	for _, c := range p.Choices {
		var lines []string
		for _, f := range c.Fields {
			lines = append(lines, "- "+FieldYAML(f.Field))
		}
		section("The examples don't decide between these", lines)
	}
	for _, side := range []struct {
		title string
		rest  []Rest
	}{{"Left over on legacy's side", p.Legacy}, {"Left over on the service's side", p.Service}} {
		var lines []string
		for _, r := range side.rest {
			line := r.Path + ", such as " + r.Example
			if r.Note != "" {
				line += " (" + r.Note + ")"
			}
			lines = append(lines, line)
		}
		section(side.title, lines)
	}
	for _, n := range p.Nested {
		if left := n.left(); left != "" {
			b.WriteString(left + "\n")
		}
	}
	return strings.TrimRight(b.String(), "\n")
}
