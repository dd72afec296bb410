package command

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/web"
)

// The reference says which members the JSON of commands has, and which of them may be missing: whoever
// changes one breaks a contract.
func TestReadmeTellsTheJSON(t *testing.T) {
	text := readme(t)
	for command, of := range map[string]any{
		"`rollback`":            web.RollbackResult{},
		"`retire`":              web.Retired{},
		"`status`":              statusReport{},
		"`divergences`":         web.Divergence{},
		"`groups`, `triage`":    web.Group{},
		"`evidence`":            web.RouteEvidence{},
		"`journal`":             web.Entry{},
		"`explain`":             web.Explanation{},
		"`diff`":                diffReport{},
		"`rules`, `rules drop`": web.Rule{},
		"`ignore`":              web.RuleEffect{},
		"`replay`, `verify`":    replayReport{},
		"`freeze`, `thaw`":      freezeReport{},
		"`compare`":             compared{},
		"`rollout`":             web.Rollout{},
	} {
		t.Run(command, func(t *testing.T) {
			_, rest, found := strings.Cut(text, "\n| "+command+" | ")
			line, _, _ := strings.Cut(rest, "\n")
			if !found {
				t.Fatal("it has no line")
			}
			if _, one, is := strings.Cut(line, "one of `name`"); is {
				line = "`name`" + one // of all, it is another
			}
			line = regexp.MustCompile(`\([^)]*\)`).ReplaceAllString(line, "") // what lies deeper
			var got []string
			missing := false
			for _, part := range regexp.MustCompile("[][]|`[a-z0-9_]+`").FindAllString(line, -1) {
				switch {
				case part == "[", part == "]":
					missing = part == "["
				case missing:
					got = append(got, strings.Trim(part, "`")+"?")
				default:
					got = append(got, strings.Trim(part, "`"))
				}
			}
			want := members(reflect.TypeOf(of))
			slices.Sort(want)
			slices.Sort(got)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-JSON +README), ? may be missing:\n%s", diff)
			}
		})
	}
}

// members returns the names of a struct's members in JSON, those that may be missing with a question mark.
func members(of reflect.Type) (names []string) {
	for i := range of.NumField() {
		f := of.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && name == "":
			names = append(names, members(f.Type)...)
		case name == "" || name == "-":
		case strings.HasPrefix(options, "omit"):
			names = append(names, name+"?")
		default:
			names = append(names, name)
		}
	}
	return names
}
