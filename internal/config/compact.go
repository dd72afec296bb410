package config

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// compact returns what is written as JSON, the same for what means the same to YAML. Variables
// stand in it by their names: what they stand for may be a secret.
func (v value) compact() json.RawMessage {
	text, err := json.Marshal(plainYAML(v.node))
	if err != nil {
		panic("config: a YAML node has no JSON form: " + err.Error()) // all have one
	}
	return text
}

// without returns a value without those of its keys, which may be keys of keys: login.form.
func (v value) without(options ...string) value {
	if !v.isMapping() {
		return v
	}
	n := *v.node
	n.Content = nil
	for i := 0; i+1 < len(v.node.Content); i += 2 {
		key, child := v.node.Content[i], value{v.l, v.src, v.node.Content[i+1], v.path}
		var below []string
		whole := false
		for _, option := range options {
			if rest, ok := strings.CutPrefix(option, key.Value+"."); ok {
				below = append(below, rest)
			}
			whole = whole || option == key.Value
		}
		if !whole {
			n.Content = append(n.Content, key, child.without(below...).node)
		}
	}
	v.node = &n
	return v
}

func plainYAML(n *yaml.Node) any {
	switch n.Kind {
	case yaml.MappingNode:
		all := make(map[string]any, len(n.Content)/2)
		for i := 0; i+1 < len(n.Content); i += 2 {
			name := n.Content[i].Value
			if n.Content[i].ShortTag() == "!!str" && (jsonNumber.MatchString(name) || slices.Contains([]string{"true", "false", "null", "~"}, name)) {
				name = strconv.Quote(name) // a code that is a text, and not the number
			}
			all[name] = plainYAML(n.Content[i+1])
		}
		return all
	case yaml.SequenceNode:
		all := make([]any, len(n.Content))
		for i, child := range n.Content {
			all[i] = plainYAML(child)
		}
		return all
	}
	switch tag := n.ShortTag(); {
	case tag == "!!null":
		return nil
	case tag == "!!bool":
		return strings.EqualFold(n.Value, "true")
	case tag != "!!str" && jsonNumber.MatchString(n.Value):
		return json.Number(n.Value)
	}
	return n.Value
}
