package command

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"

	"go.yaml.in/yaml/v3"
)

// encodeYAML writes v as YAML with the members that its JSON has, in the same order; another document
// is told from the one before it.
func encodeYAML(w io.Writer, v any, another bool) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber() // or large ones would be rounded
	node, err := yamlOf(decoder)
	if err != nil {
		return fmt.Errorf("read JSON again: %w", err)
	}
	if another {
		if _, err := io.WriteString(w, "---\n"); err != nil {
			return err
		}
	}
	encoder := yaml.NewEncoder(w)
	encoder.SetIndent(2)
	return errors.Join(encoder.Encode(node), encoder.Close())
}

// other matches the texts that are booleans and numbers in YAML 1.1, which many still read
// (https://yaml.org/type/bool.html, int.html), and need no quotes in YAML 1.2.
var other = regexp.MustCompile(`^(?i:y|yes|n|no|on|off)$|^[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?$`)

// yamlOf reads the next JSON value.
func yamlOf(d *json.Decoder) (*yaml.Node, error) {
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t := token.(type) {
	case json.Delim:
		node := &yaml.Node{Kind: yaml.MappingNode}
		if t == '[' {
			node.Kind = yaml.SequenceNode
		}
		for d.More() {
			member, err := yamlOf(d) // of an object a name, then its value
			if err != nil {
				return nil, err
			}
			node.Content = append(node.Content, member)
		}
		if len(node.Content) == 0 {
			node.Style = yaml.FlowStyle // {} and []: there is no other way
		}
		_, err := d.Token()
		return node, err
	case string:
		node := new(yaml.Node)
		node.SetString(t)
		if other.MatchString(t) {
			node.Style = yaml.DoubleQuotedStyle
		}
		return node, nil
	case json.Number:
		return &yaml.Node{Kind: yaml.ScalarNode, Value: t.String()}, nil
	case bool:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: fmt.Sprint(t)}, nil
	default:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Value: "null"}, nil
	}
}
