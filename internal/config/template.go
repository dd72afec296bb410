package config

import (
	_ "embed"
	"encoding/json"
	"strings"
)

//go:embed template.yaml
var template string

// Seen is what was seen of a legacy application. The zero value: nothing.
type Seen struct {
	Lines   []string // what a reader of the file should know, a sentence each
	Health  string   // the path that says how it is; empty: none is known
	Session string   // its session cookie; empty: none is known
}

// Template returns a commented file to begin with, which Load accepts: everything goes to the
// legacy application at the URL given, and one route waits to be filled in.
func Template(legacy string, seen Seen) []byte {
	comments := ""
	for _, line := range seen.Lines {
		comments += "# - " + oneLine(line) + "\n"
	}
	if comments != "" {
		comments = "# What was seen of it when this file was written:\n" + comments
	}
	health := "  # health: {path: /healthz} # is asked every 5 s\n"
	if seen.Health != "" {
		health = "  health: {path: " + quote(seen.Health) + "} # is asked every 5 s\n"
	}
	session := "SESSION"
	if seen.Session != "" {
		if session = seen.Session; !plainName.MatchString(session) {
			session = quote(oneLine(session))
		}
	}
	return []byte(strings.NewReplacer("{{legacy}}", quote(legacy), "{{seen}}", comments, "{{health}}", health, "{{session}}", session).Replace(template))
}

// quote returns a text as YAML has it: a JSON string is a YAML one, too.
func quote(text string) string {
	quoted, _ := json.Marshal(text) // a string always has one
	return string(quoted)
}

// oneLine keeps a comment a comment.
func oneLine(text string) string {
	if at, _ := unprintable([]byte(text)); at >= 0 {
		return "(what can't be printed)"
	}
	return strings.NewReplacer("\n", " ", "\r", " ", "\u0085", " ", "\u2028", " ", "\u2029", " ").Replace(strings.ToValidUTF8(text, "\uFFFD"))
}
