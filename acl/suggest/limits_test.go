package suggest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/strangler-fig/toolkit/acl/document"
	"github.com/strangler-fig/toolkit/acl/format"
	"github.com/strangler-fig/toolkit/acl/lens"
	"github.com/strangler-fig/toolkit/acl/suggest"
)

var asJSON = format.Config{Name: format.JSON}

func propose(t testing.TB, bodies ...string) *suggest.Proposal {
	t.Helper()
	var pairs []suggest.Pair
	for i := 0; i < len(bodies); i += 2 {
		pairs = append(pairs, suggest.Pair{Legacy: decode(t, bodies[i], asJSON), Service: decode(t, bodies[i+1], asJSON)})
	}
	p, err := suggest.Propose(suggest.Config{Name: "x", Hidden: func(s string) bool { return s == "[redacted]" }}, pairs)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func fieldsOf(p *suggest.Proposal) string {
	var lines []string
	for _, f := range p.Fields {
		lines = append(lines, f.YAML)
	}
	return strings.Join(lines, "\n")
}

// What each kind of evidence becomes, by itself.
func TestKinds(t *testing.T) {
	tests := []struct {
		name   string
		bodies []string // legacy's, the service's, and so on
		want   string
	}{
		{"one pair of the same long text", []string{`{"QX":"Ada Lovelace"}`, `{"zz":"Ada Lovelace"}`}, `{legacy: QX, service: zz}`},
		{"the same digit is no evidence", []string{`{"QX":5}`, `{"zz":5}`}, ``},
		{"but with the same name", []string{`{"COUNTER":5}`, `{"counter":5}`}, `{legacy: COUNTER, service: counter}`},
		{"a letter and the word that it begins", []string{`{"STATUS":"A"}`, `{"status":"active"}`}, `{legacy: STATUS, service: status, values: {A: active}}`},
		{"spaces", []string{`{"NAME":"Ada Lovelace   "}`, `{"name":"Ada Lovelace"}`}, `{legacy: NAME, service: name, trim: true}`},
		{"thousandths", []string{`{"WEIGHT_G":12345}`, `{"weight":12.345}`}, `{legacy: WEIGHT_G, service: weight, number: {scale: 3, legacy: number, service: number}}`},
		{"groups and a decimal comma", []string{`{"SUMME":"1.234,50"}`, `{"sum":1234.5}`},
			`{legacy: SUMME, service: sum, number: {scale: 2, legacy: text, service: number, decimal: ",", group: "."}}`},
		{"a minus behind", []string{`{"SALDO":"1234-"}`, `{"balance":-1234}`}, `{legacy: SALDO, service: balance, number: {legacy: text, service: number, sign: behind}}`},
		{"one boolean tells the other", []string{`{"ACTIVE":"J"}`, `{"active":true}`}, `{legacy: ACTIVE, service: active, bool: J/N}`},
		{"ones and zeros", []string{`{"ACTIVE":1}`, `{"active":true}`, `{"ACTIVE":0}`, `{"active":false}`}, `{legacy: ACTIVE, service: active, bool: {true: 1, false: 0}}`},
		{"day before month, told by the other side", []string{`{"D":"03/04/2024"}`, `{"d":"2024-04-03"}`}, `{legacy: D, service: d, time: {legacy: "02/01/2006", service: date}}`},
		{"month before day", []string{`{"D":"03/04/2024"}`, `{"d":"2024-03-04"}`}, `{legacy: D, service: d, time: {legacy: "01/02/2006", service: date}}`},
		{"seconds since 1970", []string{`{"TS":1717405200}`, `{"ts":"2024-06-03T09:00:00Z"}`}, `{legacy: TS, service: ts, time: {legacy: unix, service: RFC3339}}`},
		{"a zone by summer and winter", []string{`{"AT":"2024-07-01 12:00"}`, `{"at":"2024-07-01T16:00:00Z"}`, `{"AT":"2024-01-01 12:00"}`, `{"at":"2024-01-01T17:00:00Z"}`},
			`{legacy: AT, service: at, time: {legacy: "2006-01-02 15:04", service: RFC3339, zone: America/New_York}}`},
		{"the order of parts", []string{`{"WHO":"Lovelace, Ada"}`, `{"first":"Ada","last":"Lovelace"}`}, `{legacy: WHO, service: [last, first], join: ", "}`},
		{"parts, of which the first has none", []string{`{"WHO":""}`, `{}`, `{"WHO":"Lovelace, Ada"}`, `{"first":"Ada","last":"Lovelace"}`, `{"WHO":"Hopper, Grace"}`, `{"first":"Grace","last":"Hopper"}`},
			`{legacy: WHO, service: [last, first], join: ", "}`},
		{"a list of numbers", []string{`{"IDS":"17;4711;9"}`, `{"ids":[17,4711,9]}`}, `{legacy: IDS, service: ids, list: ";", type: {service: number}}`},
		{"several codes for one", []string{`{"ST":"A"}`, `{"state":"active"}`, `{"ST":"B"}`, `{"state":"active"}`, `{"ST":"I"}`, `{"state":"inactive"}`, `{"ST":"A"}`, `{"state":"active"}`,
			`{"ST":"I"}`, `{"state":"inactive"}`, `{"ST":"B"}`, `{"state":"active"}`, `{"ST":"A"}`, `{"state":"active"}`},
			`{legacy: ST, service: state, values: {A: active, B: active, I: inactive}, back: {active: A}}`},
		{"a constant of the service's", []string{`{"NAME":"Ada Lovelace"}`, `{"name":"Ada Lovelace","kind":"person"}`, `{"NAME":"Grace Hopper"}`, `{"name":"Grace Hopper","kind":"person"}`},
			"{legacy: NAME, service: name}\n{service: kind, const: person}"},
		{"lists of single values", []string{`{"TAGS":["red","green"]}`, `{"tags":["red","green"]}`}, `{legacy: TAGS, service: tags}`},
		{"missing there is null here", []string{`{"NAME":"Ada Lovelace"}`, `{"name":"Ada Lovelace"}`, `{}`, `{"name":null}`}, `{legacy: NAME, service: name, absent: {legacy: missing, service: null}}`},
		{"what was redacted says nothing", []string{`{"NAME":"Ada Lovelace","NO":"[redacted]"}`, `{"name":"Ada Lovelace","no":"17"}`, `{"NAME":"Grace Hopper","NO":"[redacted]"}`, `{"name":"Grace Hopper","no":"18"}`},
			`{legacy: NAME, service: name}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := propose(t, tt.bodies...)
			if got := fieldsOf(p); got != tt.want {
				t.Errorf("got\n%s\nwant\n%s\nleft %+v %+v %+v", got, tt.want, p.Legacy, p.Service, p.Choices)
			}
		})
	}
}

// What the examples don't decide is told, and in no definition.
func TestAmbiguity(t *testing.T) {
	p := propose(t, `{"QX":"same old text","WY":"same old text"}`, `{"alpha":"same old text","beta":"same old text"}`)
	if len(p.Fields) > 0 || len(p.Choices) != 1 || len(p.Choices[0].Legacy) != 2 || len(p.Choices[0].Service) != 2 || len(p.Choices[0].Fields) != 4 {
		t.Fatalf("fields %v, choices %+v", fieldsOf(p), p.Choices)
	}
	text := string(suggest.AppendYAML(nil, p.Translators(asJSON, asJSON)))
	if !strings.Contains(text, "    #   - {legacy: QX, service: alpha}\n") || !strings.Contains(text, "don't decide") {
		t.Errorf("the choice isn't told:\n%s", text)
	}
	p = propose(t, `{"BILL_CITY":"Springfield","SHIP_CITY":"Springfield"}`, `{"shipping":{"city":"Springfield"},"billing":{"city":"Springfield"}}`)
	if got, want := fieldsOf(p), "{legacy: BILL_CITY, service: billing.city}\n{legacy: SHIP_CITY, service: shipping.city}"; got != want {
		t.Errorf("names decide: got\n%s", got)
	}
}

// A field whose lens doesn't do what its values promised is taken back, with the reason: NAME is the
// same where it is there, but the other bodies are no objects.
func TestProven(t *testing.T) {
	p := propose(t, `{"NAME":"Ada Lovelace"}`, `{"name":"Ada Lovelace"}`, `5`, `null`, `6`, `null`)
	if len(p.Fields) > 0 {
		t.Errorf("proposed is\n%s", fieldsOf(p))
	}
	const want = "to the service it is right in 1 of 3 examples"
	if !slices.ContainsFunc(p.Legacy, func(r suggest.Rest) bool { return r.Path == "NAME" && strings.Contains(r.Note, want) }) {
		t.Errorf("left is %+v, and NAME is to say %q", p.Legacy, want)
	}
}

// Of fields that can't stand together one is taken back, also in a list's lens.
func TestSettled(t *testing.T) {
	for name, bodies := range map[string][]string{
		"of the whole": {`{"XX":"Ada Lovelace"}`, `{"a":"Ada Lovelace"}`, `{"YY":"Grace Hopper"}`, `{"a":{"b":"Grace Hopper"}}`},
		"of a list":    {`{"L":[{"XX":"Ada Lovelace"},{"YY":"Grace Hopper"}]}`, `{"l":[{"a":"Ada Lovelace"},{"a":{"b":"Grace Hopper"}}]}`},
	} {
		t.Run(name, func(t *testing.T) {
			p := propose(t, bodies...)
			if _, err := lens.New(p.Definition(), p.Set()); err != nil {
				t.Fatal(err)
			}
			if len(p.Nested) == 1 {
				p = p.Nested[0]
			}
			if got, want := fieldsOf(p), "{legacy: XX, service: a}"; got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
			if len(p.Legacy) != 1 || p.Legacy[0].Path != "YY" || !strings.Contains(p.Legacy[0].Note, "a field can't say it: ") {
				t.Errorf("left is %+v", p.Legacy)
			}
		})
	}
}

func TestNothingToCompare(t *testing.T) {
	for name, pairs := range map[string][]suggest.Pair{"no pair": nil, "no documents": {{}},
		"lists of other lengths without a key": {{Legacy: decode(t, `[{"A":1},{"A":1}]`, asJSON), Service: decode(t, `[{"a":1}]`, asJSON)}}} {
		t.Run(name, func(t *testing.T) {
			if p, err := suggest.Propose(suggest.Config{}, pairs); err == nil {
				t.Errorf("no error, and %+v", p)
			}
		})
	}
}

// Whatever the documents are, what is proposed compiles and is configuration.
func TestAnyDocuments(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		var pairs []suggest.Pair
		for range rapid.IntRange(1, 5).Draw(t, "pairs") {
			pairs = append(pairs, suggest.Pair{Legacy: anyDocument(t), Service: anyDocument(t)})
		}
		p, err := suggest.Propose(suggest.Config{Name: "x"}, pairs)
		if err != nil {
			return // nothing in common
		}
		if _, err := lens.New(p.Definition(), p.Set()); err != nil && len(p.Fields) > 0 {
			t.Fatalf("%v\n%s", err, fieldsOf(p))
		}
		if len(p.Fields) > 0 {
			if _, err := loadIn(dir, string(suggest.AppendYAML(nil, p.Translators(asJSON, asJSON)))); err != nil {
				t.Fatal(err)
			}
		}
		for _, f := range p.Fields {
			if f.Confidence < 0 || f.Confidence > 1 || f.Holds > f.Of || f.Reason == "" {
				t.Fatalf("%+v", f)
			}
		}
	})
}

func anyDocument(t *rapid.T) document.Value {
	b := document.NewBuilder(nil, 16)
	b.Repeats(rapid.Bool().Draw(t, "repeats"))
	var value func(depth int)
	texts := rapid.SampledFrom([]string{"", "A", "a,b", "Y", "N", "2024-01-02", "02.01.2024", "12.50", "Ada Lovelace", "0", "00.00.0000", "ü", "[0].x"})
	value = func(depth int) {
		switch rapid.IntRange(0, 7).Draw(t, "kind") {
		case 0, 1:
			if depth > 3 {
				b.Null()
				return
			}
			b.Object()
			for range rapid.IntRange(0, 4).Draw(t, "members") {
				b.Name(rapid.SampledFrom([]string{"a", "A", "B", "b.c", "", "x y", "ID", "größen", "счета", strings.Repeat("long", 40)}).Draw(t, "name"))
				value(depth + 1)
			}
			b.End()
		case 2:
			if depth > 3 {
				b.Bool(true)
				return
			}
			b.Array()
			for range rapid.IntRange(0, 3).Draw(t, "elements") {
				value(depth + 1)
			}
			b.End()
		case 3:
			b.Number(rapid.SampledFrom([]string{"0", "1", "5", "1250", "12.5", "-0.00", "1e400", "9007199254740993"}).Draw(t, "number"))
		case 4:
			b.Bool(rapid.Bool().Draw(t, "bool"))
		case 5:
			b.Null()
		default:
			b.String(texts.Draw(t, "text"))
		}
	}
	value(0)
	d, err := b.Document()
	if err != nil {
		t.Fatal(err)
	}
	return d.Root()
}

// Renamed members with values of their own are all found, whatever they are called.
func TestRenamed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, rows := rapid.IntRange(1, 12).Draw(t, "members"), rapid.IntRange(1, 4).Draw(t, "rows")
		names := rapid.SliceOfNDistinct(rapid.StringMatching(`[A-Z]{2,5}`), 2*n, 2*n, rapid.ID).Draw(t, "names")
		order := rapid.Permutation(names[n:]).Draw(t, "order")
		var pairs []suggest.Pair
		for range rows {
			values := rapid.SliceOfNDistinct(rapid.StringMatching(`[a-z]{9}`), n, n, rapid.ID).Draw(t, "values")
			to := map[string]string{}
			a, b := document.NewBuilder(nil, 8), document.NewBuilder(nil, 8)
			a.Object()
			for i, v := range values {
				a.Name(names[i])
				a.String(v)
				to[names[n+i]] = v
			}
			a.End()
			b.Object()
			for _, name := range order {
				b.Name(name)
				b.String(to[name])
			}
			b.End()
			legacy, _ := a.Document()
			service, _ := b.Document()
			pairs = append(pairs, suggest.Pair{Legacy: legacy.Root(), Service: service.Root()})
		}
		p, err := suggest.Propose(suggest.Config{}, pairs)
		if err != nil {
			t.Fatal(err)
		}
		right := map[string]bool{}
		for i := range n {
			right[names[i]+" "+names[n+i]] = true
		}
		for _, f := range p.Fields {
			if !right[f.Legacy[0]+" "+f.Service[0]] {
				t.Fatalf("%s is wrong", f.YAML)
			}
		}
		if len(p.Fields) != n {
			t.Fatalf("%d of %d found", len(p.Fields), n)
		}
	})
}

// The largest documents that are looked at take seconds, not minutes.
func TestBounds(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	var pairs []suggest.Pair
	for row := range 300 {
		var sides [2]strings.Builder
		for side := range sides {
			for i := range 400 {
				fmt.Fprintf(&sides[side], `,"%c%d":"2024-01-%02d"`, 'a'+side, i, 1+(row+i)%28)
			}
		}
		pairs = append(pairs, suggest.Pair{Legacy: decode(t, "{"+sides[0].String()[1:]+"}", asJSON), Service: decode(t, "{"+sides[1].String()[1:]+"}", asJSON)})
	}
	begin := time.Now()
	p, err := suggest.Propose(suggest.Config{}, pairs)
	if err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begin); took > time.Minute {
		t.Errorf("it took %s", took)
	}
	if !strings.Contains(p.More, "300 examples") || !strings.Contains(p.More, "100 more paths") {
		t.Errorf("it says %q", p.More)
	}
}

func FuzzPropose(f *testing.F) {
	f.Add([]byte(`{"A":1,"L":[{"X":"a,b"}]}`), []byte(`{"a":1,"l":[{"x":["a","b"]}]}`))
	f.Add([]byte(`[{"A":"J","B":"01.02.2024"}]`), []byte(`[{"a":true,"b":"2024-02-01"}]`))
	f.Fuzz(func(t *testing.T, legacy, service []byte) {
		json, err := format.New(asJSON)
		if err != nil {
			t.Fatal(err)
		}
		a, err := json.Decode(legacy, "")
		if err != nil {
			return
		}
		b, err := json.Decode(service, "")
		if err != nil {
			return
		}
		p, err := suggest.Propose(suggest.Config{Name: "x"}, []suggest.Pair{{Legacy: a.Root(), Service: b.Root()}})
		if err == nil && len(p.Fields) > 0 {
			if _, err := lens.New(p.Definition(), p.Set()); err != nil {
				t.Error(err)
			}
		}
	})
}
