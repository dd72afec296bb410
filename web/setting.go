package web

import "encoding/json"

// Setting is a setting of a route as it is in force, and where its value comes from.
type Setting struct {
	Name  string          `json:"name"`  // as a file has it, below the route: shadow.sample
	Value json.RawMessage `json:"value"` // secrets left out
	// From is who says it: route, unit (another route of it), service, defaults, file (for everything) or
	// program (nobody).
	From string `json:"from"`
	File string `json:"file,omitempty"` // where it is written; empty: nowhere
	Line int    `json:"line,omitempty"`
}

// SettingOrigins are the values of Setting.From.
func SettingOrigins() []string {
	return []string{"route", "unit", "service", "defaults", "file", "program"}
}
