package config

import (
	"slices"
	"strings"

	"github.com/strangler-fig/toolkit/acl/document"
	"github.com/strangler-fig/toolkit/acl/format"
)

// RedactedInService returns the JSON pointers in a service's answers of what Shadow.Redact names in legacy's,
// as far as a translation's fields tell where that stands. Those that are the same on both sides aren't
// among them.
func (c *Config) RedactedInService(t *Translation) (pointers []string) {
	if !t.Declared() {
		return nil
	}
	lenses := c.lenses(nil).Lenses
	for _, name := range t.Names() {
		used, known := c.Translators[name]
		if !known {
			continue
		}
		records := used.Records || onlyRecords(used.Legacy) || onlyRecords(used.Service)
		for _, rule := range c.Shadow.Redact {
			if !strings.HasPrefix(rule, "/") {
				continue
			}
			place, in := inside(used.Legacy, records, pointerTokens(rule))
			if !in {
				continue
			}
			for _, found := range used.Lens.Counterparts(lenses, place, spelling(used.Legacy)) {
				pointer := tokensPointer(outside(used.Service, records, found))
				if !slices.Contains(c.Shadow.Redact, pointer) && !slices.Contains(pointers, pointer) {
					pointers = append(pointers, pointer)
				}
			}
		}
	}
	return pointers
}

// around are the names around what a document holds of a body, as pointers into bodies have them. There is
// an element more where a body is a list of records.
func around(f format.Config, records bool) (names []string) {
	switch f.Name {
	case format.SOAP:
		names = []string{"Envelope", "Body"}
		fallthrough
	case format.XML:
		if f.Root != "" {
			names = append(names, localName(f.Root))
		}
	}
	if records {
		names = append(names, "*")
	}
	return names
}

// onlyRecords reports a format whose bodies are lists of records.
func onlyRecords(f format.Config) bool {
	return f.Name == format.NDJSON || f.Name == format.CSV || f.Name == format.FixedWidth
}

// spelling is how pointers into bodies have the names of a format's documents: those of XML without prefix.
func spelling(f format.Config) func(string) string {
	if f.Name == format.XML || f.Name == format.SOAP {
		return localName
	}
	return func(name string) string { return name }
}

// inside returns where in a document something stands that is at a place of a body.
func inside(f format.Config, records bool, place []string) (rest []string, in bool) {
	for _, name := range around(f, records) {
		if len(place) == 0 {
			return nil, true // it is all of the document
		}
		if place[0] != "*" && name != "*" && spelling(f)(place[0]) != name {
			return nil, false
		}
		place = place[1:]
	}
	return place, true
}

// outside is inside the other way round.
func outside(f format.Config, records bool, place []string) []string {
	all, spell := around(f, records), spelling(f)
	for _, name := range place {
		all = append(all, spell(name))
	}
	return all
}

// localName is a name without its prefix.
func localName(name string) string { return name[strings.LastIndexByte(name, ':')+1:] }

func pointerTokens(pointer string) []string {
	tokens := strings.Split(pointer[1:], "/")
	for i, t := range tokens {
		tokens[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(t)
	}
	return tokens
}

func tokensPointer(tokens []string) string {
	var b strings.Builder
	for _, t := range tokens {
		b.WriteString("/" + document.EscapePointer(t))
	}
	return b.String()
}
