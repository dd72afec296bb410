package config

import (
	"bytes"
	_ "embed"
)

//go:embed schema.json
var schema []byte

// Schema returns the JSON Schema (2020-12) of a configuration file, for editors; included: of a
// file that another includes. It knows every key, and which values are none; what holds between
// values only Load knows.
func Schema(included bool) []byte {
	if !included {
		return bytes.Clone(schema)
	}
	return bytes.Replace(schema, []byte(`"$ref": "#/$defs/main"`), []byte(`"$ref": "#/$defs/included"`), 1)
}
