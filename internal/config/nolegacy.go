package config

import (
	"go.yaml.in/yaml/v3"

	"github.com/strangler-fig/toolkit/strangler"
)

// noLegacy is what stands for a legacy application that there is no more.
const noLegacy = "none"

// readNoLegacy reads legacy: none, and reports whether it stands there.
func (l *loader) readNoLegacy(v value) bool {
	if v.node.Kind != yaml.ScalarNode || v.node.Value != noLegacy {
		return false
	}
	l.cfg.NoLegacy, l.cfg.noLegacy = true, v.problem("")
	return true
}

// checkNoLegacy looks at what holds only where there is a legacy application, or only where there is
// none. Whether the routes are retired only the journal knows.
func (l *loader) checkNoLegacy() {
	for _, d := range l.drafts {
		switch {
		case l.cfg.NoLegacy && d.Service == "" && d.Gone == "" && !d.bad["service"]:
			d.at.fail("the route has no service, and there is no legacy application to answer; name a service, or say what it answers (gone)")
			d.bad["start"] = true
		case !l.cfg.NoLegacy && d.Start.Phase == strangler.PhaseRetired:
			d.parts["start"].fail("a route doesn't start retired, since legacy is never called then; start it live, and retire it with: strangler shift ROUTE retired")
			d.bad["start"] = true
		}
	}
}

// NoLegacyProblem returns a Problem with legacy: none, at its place in the file where it has one.
func (c *Config) NoLegacyProblem(message string) Problem {
	p := c.noLegacy
	if p.File == "" {
		p = Problem{Path: "legacy"}
	}
	p.Message = message
	return p
}
