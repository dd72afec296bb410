package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/acl/ids"
	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/strangler/journal"
	"github.com/strangler-fig/toolkit/web"
)

// openapiDoc is what the tests need of the document.
type openapiDoc struct {
	OpenAPI    string                          `json:"openapi"`
	Paths      map[string]map[string]operation `json:"paths"`
	Components struct {
		Responses map[string]response `json:"responses"`
		Schemas   map[string]*schema  `json:"schemas"`
	} `json:"components"`
}

type operation struct {
	OperationID string              `json:"operationId"`
	Description string              `json:"description"`
	Parameters  []parameter         `json:"parameters"`
	RequestBody *content            `json:"requestBody"`
	Responses   map[string]response `json:"responses"`
}

type parameter struct {
	Name, In string
	Schema   *schema
}

type response struct {
	Ref string `json:"$ref"`
	content
}

type content struct {
	Content map[string]struct {
		Schema *schema `json:"schema"`
	} `json:"content"`
}

type schema struct {
	Ref        string             `json:"$ref"`
	Type       string             `json:"type"`
	Properties map[string]*schema `json:"properties"`
	Required   []string           `json:"required"`
	Items      *schema            `json:"items"`
	Enum       []string           `json:"enum"`
	OneOf      []*schema          `json:"oneOf"`
	Additional json.RawMessage    `json:"additionalProperties"`
	Minimum    *float64           `json:"minimum"`
	Maximum    *float64           `json:"maximum"`
}

func document(t testing.TB) *openapiDoc {
	t.Helper()
	doc := new(openapiDoc)
	if err := json.Unmarshal(openapiDocument, doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

func (d *openapiDoc) resolve(s *schema) *schema {
	for s != nil && s.Ref != "" {
		s = d.Components.Schemas[strings.TrimPrefix(s.Ref, "#/components/schemas/")]
	}
	return s
}

func (d *openapiDoc) operation(method, path string) (operation, bool) {
	segments := strings.Split(path, "/")
	for _, template := range slices.Sorted(func(yield func(string) bool) {
		for t := range d.Paths {
			if !yield(t) {
				return
			}
		}
	}) {
		parts := strings.Split(template, "/")
		if slices.EqualFunc(parts, segments, func(part, segment string) bool { return part == segment || strings.HasPrefix(part, "{") }) {
			op, ok := d.Paths[template][strings.ToLower(method)]
			return op, ok
		}
	}
	return operation{}, false
}

// check reports where an answer isn't as documented.
func (d *openapiDoc) check(t *testing.T, r *http.Request, w *http.Response, body []byte) {
	t.Helper()
	path, ours := strings.CutPrefix(r.URL.EscapedPath(), "/api/v1")
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	op, ok := d.operation(method, path)
	if !ours || !ok {
		if w.StatusCode/100 == 2 {
			t.Errorf("%s %s answers %d, and isn't documented", r.Method, path, w.StatusCode)
		}
		return
	}
	want, ok := op.Responses[fmt.Sprint(w.StatusCode)]
	if !ok {
		t.Errorf("%s %s: status %d isn't documented; body %s", r.Method, path, w.StatusCode, body)
		return
	}
	if want.Ref != "" {
		want = d.Components.Responses[strings.TrimPrefix(want.Ref, "#/components/responses/")]
	}
	media, ok := want.Content[w.Header.Get("Content-Type")]
	if !ok {
		t.Errorf("%s %s: %d with Content-Type %q isn't documented", r.Method, path, w.StatusCode, w.Header.Get("Content-Type"))
		return
	}
	if r.Method == http.MethodHead {
		return
	}
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		t.Errorf("%s %s: %v in %s", r.Method, path, err, body)
		return
	}
	for _, wrong := range d.validate("", media.Schema, v) {
		t.Errorf("%s %s: %d %s", r.Method, path, w.StatusCode, wrong)
	}
}

// validate returns where v doesn't follow the schema, as far as this document uses the language.
func (d *openapiDoc) validate(at string, s *schema, v any) (wrong []string) {
	s = d.resolve(s)
	if s == nil || s.Type == "" && s.OneOf == nil {
		return nil
	}
	if s.OneOf != nil {
		for _, one := range s.OneOf {
			if wrong = d.validate(at, one, v); len(wrong) == 0 {
				return nil
			}
		}
		return wrong
	}
	problem := func(format string, args ...any) []string {
		return append(wrong, fmt.Sprintf("%q: ", at)+fmt.Sprintf(format, args...))
	}
	switch v := v.(type) {
	case map[string]any:
		if s.Type != "object" {
			return problem("an object, not %s", s.Type)
		}
		for _, name := range s.Required {
			if _, ok := v[name]; !ok {
				wrong = problem("%s is missing", name)
			}
		}
		for name, value := range v {
			if property, ok := s.Properties[name]; ok {
				wrong = append(wrong, d.validate(at+"/"+name, property, value)...)
			} else if string(s.Additional) == "false" {
				wrong = problem("%s isn't documented", name)
			} else if len(s.Additional) > 0 {
				each := new(schema)
				if err := json.Unmarshal(s.Additional, each); err != nil {
					return problem("additionalProperties: %v", err)
				}
				wrong = append(wrong, d.validate(at+"/"+name, each, value)...)
			}
		}
	case []any:
		if s.Type != "array" {
			return problem("an array, not %s", s.Type)
		}
		for i, one := range v {
			wrong = append(wrong, d.validate(fmt.Sprintf("%s/%d", at, i), s.Items, one)...)
		}
	case string:
		if s.Type != "string" || s.Enum != nil && !slices.Contains(s.Enum, v) {
			return problem("%q is not of %s %q", v, s.Type, s.Enum)
		}
	case float64:
		if s.Type != "number" && (s.Type != "integer" || v != float64(int64(v))) ||
			s.Minimum != nil && v < *s.Minimum || s.Maximum != nil && v > *s.Maximum {
			return problem("%v is no %s, or out of bounds", v, s.Type)
		}
	case bool:
		if s.Type != "boolean" {
			return problem("a boolean, not %s", s.Type)
		}
	case nil:
		return problem("null, not %s", s.Type)
	}
	return wrong
}

func TestDocumentHasEveryRoute(t *testing.T) {
	var registered, documented []string
	err := chi.Walk(newServer(Config{System: newSystem()}).router(), func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		registered = append(registered, method+" "+route)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	for path, operations := range document(t).Paths {
		for method, op := range operations {
			documented = append(documented, strings.ToUpper(method)+" "+path)
			if ids[op.OperationID] {
				t.Errorf("operationId %q stands twice", op.OperationID)
			}
			ids[op.OperationID] = true
			for _, part := range strings.Split(path, "/") {
				if name, ok := strings.CutPrefix(part, "{"); ok && !slices.ContainsFunc(op.Parameters, func(p parameter) bool {
					return p.In == "path" && p.Name+"}" == name
				}) {
					t.Errorf("%s %s: path parameter %s isn't documented", method, path, part)
				}
			}
		}
	}
	slices.Sort(registered)
	slices.Sort(documented)
	if diff := cmp.Diff(registered, documented); diff != "" {
		t.Errorf("routes (-registered +documented):\n%s", diff)
	}
}

// shapes are the Go types that the document's schemas describe.
var shapes = map[string]any{
	"Position": strangler.Position{}, "Match": strangler.Match{}, "Route": web.Route{}, "RouteList": routeList{}, "Service": web.Service{},
	"Connections": web.Connections{}, "HealthCheck": web.HealthCheck{}, "Endpoint": web.Endpoint{}, "Guard": web.Guard{}, "RouteGuard": web.RouteGuard{}, "Bulkhead": web.Bulkhead{}, "Breaker": web.Breaker{},
	"Timeouts": web.Timeouts{}, "Retry": web.Retry{},
	"ServiceList": serviceList{}, "ShiftRequest": ShiftRequest{}, "ShiftManyRequest": ShiftManyRequest{}, "RouteSeen": web.RouteSeen{}, "RefusedMove": web.RefusedMove{}, "UndoRequest": UndoRequest{}, "RollbackRequest": rollbackRequest{},
	"Rollout": web.Rollout{}, "GateReading": web.GateReading{}, "RolloutEvidence": web.RolloutEvidence{}, "RolloutList": rolloutList{}, "SteerRequest": SteerRequest{},
	"Freeze": web.Freeze{}, "FreezeRequest": FreezeRequest{}, "ThawRequest": ThawRequest{}, "FreezeAnswer": freezeAnswer{},
	"MovedRoute": movedRoute{}, "RetireRequest": RetireRequest{}, "AccessLog": web.AccessLog{}, "LogCaller": web.LogCaller{}, "Retired": web.Retired{}, "Report": web.Report{},
	"Setting": web.Setting{}, "SettingList": settingList{}, "Retirement": web.Retirement{}, "LegacyCall": web.LegacyCall{}, "OpenGroup": web.OpenGroup{}, "LegacyTraits": web.LegacyTraits{},
	"Translation": web.Translation{}, "TranslationPart": web.TranslationPart{}, "TranslatedBody": web.TranslatedBody{}, "TranslatedField": web.TranslatedField{},
	"IDTableList": idTableList{}, "IDTable": web.IDTable{}, "IDPair": ids.Pair{}, "IDImport": ids.Imported{},
	"TranslationCount": web.TranslationCount{}, "TranslationFailure": web.TranslationFailure{}, "UntranslatedMessage": web.UntranslatedMessage{},
	"Facade": web.Facade{}, "FacadeList": facadeList{}, "FacadeDetail": web.FacadeDetail{}, "FacadeRoute": web.FacadeRoute{},
	"RollbackResult": web.RollbackResult{}, "Skipped": web.Skipped{}, "Difference": shadow.Difference{}, "Answer": web.Answer{},
	"Divergence": web.Divergence{}, "DivergenceList": divergenceList{}, "Group": web.Group{}, "GroupCause": web.GroupCause{},
	"GroupDay": web.GroupDay{}, "GroupRecent": web.GroupRecent{}, "TriageRequest": TriageRequest{}, "RouteEvidence": web.RouteEvidence{}, "StatusPair": shadow.StatusPair{},
	"Latencies": shadow.Latencies{}, "Quantiles": shadow.Quantiles{}, "Place": shadow.Place{},
	"Suggestion": web.Suggestion{}, "Exchange": web.Exchange{}, "ExchangeList": exchangeList{}, "KeepRequest": keepRequest{}, "Kept": kept{}, "ReplayRequest": replayRequest{}, "ReplayStep": web.ReplayStep{}, "Replayed": web.Replayed{}, "Rule": web.Rule{}, "RuleList": ruleList{}, "NewRule": NewRule{}, "RulesRequest": RulesRequest{}, "DropRequest": DropRequest{},
	"RuleEffect": web.RuleEffect{}, "GroupEffect": web.GroupEffect{}, "GroupList": groupList{}, "Entry": web.Entry{}, "EntryList": entryList{}, "JournalProof": web.JournalProof{}, "State": web.State{}, "StateFreeze": web.StateFreeze{}, "RouteState": web.RouteState{}, "StateRule": web.StateRule{}, "StateRollout": web.StateRollout{}, "StateChange": web.StateChange{}, "RouteMoved": web.RouteMoved{}, "StateRequest": StateRequest{}, "JournalBreak": web.JournalBreak{}, "KnownHead": web.KnownHead{}, "Stats": web.Stats{}, "RouteStats": web.RouteStats{},
	"SideStats": web.SideStats{}, "Counts": shadow.Counts{}, "ShadowStats": web.ShadowStats{}, "LedgerStats": web.LedgerStats{}, "RollbackStats": web.RollbackStats{}, "PendingRollback": web.PendingRollback{},
	"Series": web.Series{}, "SeriesLine": web.SeriesLine{}, "SeriesPoint": web.SeriesPoint{}, "SeriesSide": web.SeriesSide{}, "SeriesComparisons": web.SeriesComparisons{},
	"Explain": web.Explain{}, "Explanation": web.Explanation{}, "Considered": web.Considered{}, "ConfigState": web.ConfigState{}, "Problem": web.Problem{},
	"ComparisonsRequest": ComparisonsRequest{}, "GivenExchange": GivenExchange{}, "GivenAnswer": GivenAnswer{}, "Judgement": web.Judgement{}, "JudgementList": judgementList{},
	"DecisionsRequest": DecisionsRequest{}, "Choice": Choice{}, "Decision": web.Decision{}, "DecisionList": decisionList{},
}

// kinds says what the JSON of types that write it themselves, or mean one of a few words, is.
var kinds = map[reflect.Type]string{
	reflect.TypeFor[strangler.Phase](): "Phase", reflect.TypeFor[strangler.Weight](): "Weight", reflect.TypeFor[strangler.Side](): "Side",
	reflect.TypeFor[shadow.Side](): "Side", reflect.TypeFor[shadow.Verdict](): "Verdict", reflect.TypeFor[shadow.Kind](): "Kind",
	reflect.TypeFor[shadow.Known](): "Known", reflect.TypeFor[web.SeriesStep](): "SeriesStep",
}

func TestDocumentHasEveryMember(t *testing.T) {
	doc := document(t)
	for name := range doc.Components.Schemas {
		if _, ok := shapes[name]; !ok && !slices.Contains([]string{"Phase", "Weight", "Side", "Verdict", "Kind", "Known", "SeriesStep"}, name) {
			t.Errorf("schema %s describes no Go type", name)
		}
	}
	for name, v := range shapes {
		t.Run(name, func(t *testing.T) {
			s := doc.Components.Schemas[name]
			if s == nil || s.Type != "object" || string(s.Additional) != "false" {
				t.Fatalf("schema %+v, want a closed object", s)
			}
			have, required := members(reflect.TypeOf(v))
			var documented []string
			for member, schema := range s.Properties {
				documented = append(documented, member)
				if typ, ok := have[member]; ok {
					if got, want := described(schema), jsonType(typ); got != want {
						t.Errorf("%s is documented as %s, and is %s", member, got, want)
					}
				}
			}
			var members []string
			for member := range have {
				members = append(members, member)
			}
			slices.Sort(members)
			slices.Sort(documented)
			if diff := cmp.Diff(members, documented); diff != "" {
				t.Errorf("members (-Go +documented):\n%s", diff)
			}
			if strings.HasSuffix(name, "Request") {
				return // what the server wants is more than what Go writes; TestShift and others hold it
			}
			slices.Sort(required)
			slices.Sort(s.Required)
			if diff := cmp.Diff(required, s.Required); diff != "" {
				t.Errorf("required (-Go +documented):\n%s", diff)
			}
		})
	}
}

// members returns the JSON members of a struct, and which of them are always there.
func members(t reflect.Type) (all map[string]reflect.Type, required []string) {
	all = map[string]reflect.Type{}
	for i := range t.NumField() {
		f := t.Field(i)
		tag, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case tag == "-":
		case f.Anonymous && tag == "":
			embedded, also := members(f.Type)
			for name, typ := range embedded {
				all[name] = typ
			}
			required = append(required, also...)
		default:
			all[tag] = f.Type
			if !strings.Contains(options, "omit") {
				required = append(required, tag)
			}
		}
	}
	return all, required
}

// jsonType says what the JSON of a Go type is: a schema's name, or a type of JSON.
func jsonType(t reflect.Type) string {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if name, ok := kinds[t]; ok {
		return name
	}
	for name, v := range shapes {
		if reflect.TypeOf(v) == t {
			return name
		}
	}
	switch {
	case t == reflect.TypeFor[json.RawMessage]():
		return "any"
	case t.String() == "time.Time", t.Kind() == reflect.String:
		return "string"
	case t.Kind() == reflect.Bool:
		return "boolean"
	case t.Kind() == reflect.Int, t.Kind() == reflect.Int64:
		return "integer"
	case t.Kind() == reflect.Float64:
		return "number"
	case t.Kind() == reflect.Slice, t.Kind() == reflect.Array:
		return "array of " + jsonType(t.Elem())
	case t.Kind() == reflect.Map:
		return "map of " + jsonType(t.Elem())
	}
	return t.String()
}

func described(s *schema) string {
	if s.Ref != "" {
		return strings.TrimPrefix(s.Ref, "#/components/schemas/")
	}
	switch {
	case s.Type == "":
		return "any"
	case s.Type == "array":
		return "array of " + described(s.Items)
	case s.Type == "object" && len(s.Additional) > 0:
		each := new(schema)
		if json.Unmarshal(s.Additional, each) == nil {
			return "map of " + described(each)
		}
	}
	return s.Type
}

func TestDocumentHasEveryWord(t *testing.T) {
	doc := document(t)
	words := func(n int, name func(int) string) (all []string) {
		for i := range n {
			all = append(all, name(i))
		}
		return all
	}
	var steer *schema
	for _, p := range doc.Paths["/rollouts/{name}/{what}"]["post"].Parameters {
		if p.Name == "what" {
			steer = p.Schema
		}
	}
	codes := doc.Components.Schemas["Problem"].Properties["code"].Enum
	for _, one := range []struct {
		name      string
		documents []string
		want      []string
	}{
		{"phases", doc.Components.Schemas["Phase"].Enum, words(len(strangler.Phases()), func(i int) string { return strangler.Phases()[i].String() })},
		{"verdicts", doc.Components.Schemas["Verdict"].Enum, words(len(shadow.Verdicts()), func(i int) string { return shadow.Verdicts()[i].String() })},
		{"kinds", doc.Components.Schemas["Kind"].Enum, words(len(shadow.Kinds()), func(i int) string { return string(shadow.Kinds()[i]) })},
		{"known", doc.Components.Schemas["Known"].Enum, []string{string(shadow.KnownNoise), string(shadow.KnownCounts), string(shadow.KnownUnknown)}},
		{"outcomes", doc.Components.Schemas["Replayed"].Properties["outcome"].Enum, web.Outcomes()},
		{"states of groups", doc.Components.Schemas["Group"].Properties["state"].Enum, web.GroupStates()},
		{"steps of series", doc.Components.Schemas["SeriesStep"].Enum, words(len(web.SeriesSteps()), func(i int) string { return web.SeriesSteps()[i].String() })},
		{"sides", doc.Components.Schemas["Side"].Enum, []string{strangler.SideLegacy.String(), strangler.SideService.String()}},
		{"states of rollouts", doc.Components.Schemas["Rollout"].Properties["state"].Enum, web.RolloutStates()},
		{"what rollouts do", doc.Components.Schemas["Rollout"].Properties["action"].Enum, web.RolloutActions()},
		{"gates", doc.Components.Schemas["GateReading"].Properties["gate"].Enum, web.Gates()},
		{"states of gates", doc.Components.Schemas["GateReading"].Properties["state"].Enum, web.GateStates()},
		{"what rollouts are told", steer.Enum, web.Steers()},
		{"kinds of entries", doc.Components.Schemas["Entry"].Properties["kind"].Enum, []string{string(journal.Seen), string(journal.Changed), string(journal.Moved), string(journal.Ruled), string(journal.Steered), string(journal.Removed), string(journal.Frozen), string(journal.Thawed)}},
		{"ways of moving", doc.Components.Schemas["Entry"].Properties["how"].Enum, []string{string(journal.HowShift), string(journal.HowUndo), string(journal.HowRollback), string(journal.HowPromote), string(journal.HowImport)}},
		{"breaker states", doc.Components.Schemas["Breaker"].Properties["state"].Enum, web.BreakerStates()},
		{"codes", codes, web.Codes()},
	} {
		t.Run(one.name, func(t *testing.T) {
			if diff := cmp.Diff(one.want, one.documents); diff != "" {
				t.Errorf("(-Go +documented):\n%s", diff)
			}
		})
	}
}

func TestValidateFindsMistakes(t *testing.T) {
	doc := document(t)
	for name, text := range map[string]string{
		"undocumented member": `{"route":"a","why":"b","more":1}`,
		"missing member":      `{"route":"a"}`,
		"wrong type":          `{"route":1,"why":"b"}`,
		"null":                `{"route":null,"why":"b"}`,
		"not an object":       `[]`,
	} {
		t.Run(name, func(t *testing.T) {
			var v any
			if err := json.Unmarshal([]byte(text), &v); err != nil {
				t.Fatal(err)
			}
			if len(doc.validate("", doc.Components.Schemas["Skipped"], v)) == 0 {
				t.Errorf("%s passes as a Skipped", text)
			}
		})
	}
}
