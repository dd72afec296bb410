package dashboard

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/strangler-fig/toolkit/web"
)

// settingsView is a route's configuration as in force: what somebody says, and what nobody does.
type settingsView struct {
	Said, Usual []settingRow
}

// settingRow is a setting in words.
type settingRow struct {
	Name  string
	Value string
	From  string // who says it
	Place string // file and line, as far as there is one
	Path  string // the same with the folder
}

// originText says who says a setting.
var originText = map[string]string{
	"route": "the route", "unit": "another route of its unit", "service": "its service", "defaults": "defaults",
	"file": "for everything", "program": "nobody: it is the default",
}

func settingsOf(all []web.Setting) *settingsView {
	v := &settingsView{}
	for _, s := range all {
		row := settingRow{Name: s.Name, Value: settingText(s.Value), From: originText[s.From]}
		if s.File != "" {
			row.Place = fmt.Sprintf("%s:%d", filepath.Base(s.File), s.Line)
			row.Path = fmt.Sprintf("%s:%d", s.File, s.Line)
		}
		if s.From == "program" {
			v.Usual = append(v.Usual, row)
		} else {
			v.Said = append(v.Said, row)
		}
	}
	return v
}

// settingText writes a value as a file would have it, on a line.
func settingText(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return visible(text)
	}
	var list []string
	if json.Unmarshal(raw, &list) == nil && list != nil {
		return visible(strings.Join(list, ", "))
	}
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil {
		return visible(string(raw))
	}
	return visible(b.String())
}
