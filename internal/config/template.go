package config

import (
	_ "embed"
	"encoding/json"
	"strings"
)

//go:embed template.yaml
var template string

// Template returns a commented file to begin with, which Load accepts: everything goes to the
// legacy application at the URL given, and one route waits to be filled in.
func Template(legacy string) []byte {
	quoted, _ := json.Marshal(legacy) // a JSON string is a YAML one, too; a string always has one
	return []byte(strings.Replace(template, "{{legacy}}", string(quoted), 1))
}
