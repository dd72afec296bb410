package roundtrip_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/acl/body"
	"github.com/strangler-fig/toolkit/acl/document"
	"github.com/strangler-fig/toolkit/acl/format"
	"github.com/strangler-fig/toolkit/acl/lens"
	"github.com/strangler-fig/toolkit/acl/roundtrip"
)

var jsonBoth = body.Definition{Legacy: format.Config{Name: format.JSON}, Service: format.Config{Name: format.JSON}}

func ways(u lens.Unknown) lens.Ways[lens.Unknown] {
	return lens.Ways[lens.Unknown]{ToService: u, ToLegacy: u}
}

func one(legacy, service string) lens.Field {
	return lens.Field{Legacy: []string{legacy}, Service: []string{service}}
}

func text(s string) *lens.Literal { return &lens.Literal{Kind: document.String, Text: s} }

// run tests bodies that go that way first.
func run(t *testing.T, d lens.Definition, set lens.Set, way body.Direction, bodies ...string) roundtrip.Report {
	t.Helper()
	c := roundtrip.Config{Definition: jsonBoth, Set: set, From: way, Hidden: func(s string) bool { return strings.Contains(s, "[redacted") }}
	c.Definition.Lens = d
	return runConfig(t, c, bodies...)
}

func runConfig(t *testing.T, c roundtrip.Config, bodies ...string) roundtrip.Report {
	t.Helper()
	test, err := roundtrip.New(c)
	if err != nil {
		t.Fatal(err)
	}
	for i, b := range bodies {
		if err := test.Add(t.Context(), roundtrip.Body{Name: fmt.Sprintf("body %d", i+1), Text: []byte(b)}); err != nil {
			t.Fatal(err)
		}
	}
	return test.Report()
}

func TestDifferences(t *testing.T) {
	two := 2
	active := &lens.Values{Pairs: []lens.Pair{{Legacy: *text("A"), Service: *text("active")}, {Legacy: *text("B"), Service: *text("active")}},
		Back: []lens.Pair{{Legacy: *text("A"), Service: *text("active")}}}
	status := one("STS", "status")
	status.Values = active
	trimmed := one("NM", "name")
	trimmed.Trim = true
	amount := one("BAL", "balance")
	amount.Number = &lens.Number{Scale: 2, Decimals: &two}
	lines := one("LINES", "lines")
	lines.Each = "line"
	line := lens.Definition{Fields: []lens.Field{one("NO", "number")}, Unknown: ways(lens.Drop)}
	set := lens.Set{Lenses: map[string]lens.Definition{"line": line}}

	tests := []struct {
		name   string
		fields []lens.Field
		body   string
		want   []string // KNOWN KIND POINTER BEFORE AFTER
	}{
		{"nothing differs", []lens.Field{one("A", "a"), one("B", "b")}, `{"A":1,"B":[{"x":1.50}]}`, nil},
		{"the order of members doesn't count", []lens.Field{one("A", "a"), one("B", "b")}, `{"B":1,"A":{"y":1,"x":2}}`, nil},
		{"what no field names is dropped", []lens.Field{one("A", "a")}, `{"A":1,"FAX":{"NO":"7","EXT":null}}`,
			[]string{`true lost /FAX/EXT null `, `true lost /FAX/NO "7" `}},
		{"a dropped field", []lens.Field{one("A", "a"), {Legacy: []string{"X"}, Drop: true}}, `{"A":1,"X":2}`, []string{`true lost /X 2 `}},
		{"a constant that wasn't there", []lens.Field{one("A", "a"), {Legacy: []string{"V"}, Const: text("2")}}, `{"A":1}`, []string{`true added /V  "2"`}},
		{"what is generated", []lens.Field{one("A", "a"), {Legacy: []string{"R"}, Generate: lens.Random}}, `{"A":1}`, []string{`true added /R  random`}},
		{"one of several codes", []lens.Field{status}, `{"STS":"B"}`, []string{`true value /STS "B" "A"`}},
		{"spaces", []lens.Field{trimmed}, `{"NM":"Ada  "}`, []string{`true value /NM "Ada  " "Ada"`}},
		{"zeros in front", []lens.Field{amount}, `{"BAL":"0012"}`, []string{`true value /BAL "0012" "12"`}},
		{"in lists", []lens.Field{lines}, `{"LINES":[{"NO":1,"X":1},{"NO":2,"X":2},{"NO":3}]}`, []string{`true lost /LINES/*/X 1 `}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := run(t, lens.Definition{Fields: tt.fields, Unknown: ways(lens.Drop)}, set, body.ToService, tt.body)
			if len(r.Failures) > 0 {
				t.Fatalf("it can't be translated: %+v", r.Failures)
			}
			var got []string
			for _, p := range r.Places {
				after := p.Examples[0].After
				if p.Pointer == "/R" {
					after = "random"
				}
				got = append(got, fmt.Sprintf("%t %s %s %s %s", p.Known, p.Kind, p.Pointer, p.Examples[0].Before, after))
				if p.Known != (p.Why != "") {
					t.Errorf("%s is known: %t, because of %q", p.Pointer, p.Known, p.Why)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// What no field names is lost knowingly or not by what the lens says that it stands in, on the way there
// and on the way back.
func TestUnknownOfNestedLenses(t *testing.T) {
	each, with := one("LINES", "lines"), one("CUST", "customer")
	each.Each, with.With = "inner", "inner"
	keep, drop := ways(lens.Keep), ways(lens.Drop)
	thereAlone, backAlone := lens.Ways[lens.Unknown]{ToService: lens.Drop, ToLegacy: lens.Keep}, lens.Ways[lens.Unknown]{ToService: lens.Keep, ToLegacy: lens.Drop}
	const lines = `{"LINES":[{"NO":1,"X":{"Y":1}}]}`
	inLines, atRoot := []string{"true lost /LINES/*/X/Y"}, []string{"true lost /X/Y"}
	for _, tt := range []struct {
		name        string
		root, inner lens.Ways[lens.Unknown]
		from        body.Direction
		body        string
		want        []string
	}{
		{"dropped in a list, the root keeps", keep, drop, body.ToService, lines, inLines},
		{"dropped in a list, the root refuses", ways(lens.Refuse), drop, body.ToService, lines, inLines},
		{"dropped in an object", keep, drop, body.ToService, `{"CUST":{"NO":1,"X":1}}`, []string{"true lost /CUST/X"}},
		{"dropped deeper", keep, drop, body.ToService, `{"CUST":{"LINES":[{"X":1,"NO":2}]}}`, []string{"true lost /CUST/LINES/*/X"}},
		{"kept in a list, the root drops", drop, keep, body.ToService, lines, nil},
		{"at the root, which drops", drop, keep, body.ToService, `{"X":{"Y":1}}`, atRoot},
		{"at the root, which keeps", keep, drop, body.ToService, `{"X":{"Y":1}}`, nil},
		{"dropped on the way there alone", thereAlone, thereAlone, body.ToService, lines, inLines},
		{"dropped on the way back alone, in a list", keep, backAlone, body.ToService, lines, inLines},
		{"dropped on the way back alone, at the root", backAlone, keep, body.ToService, `{"X":{"Y":1}}`, atRoot},
		{"from the service, dropped there", backAlone, keep, body.ToLegacy, `{"x":{"Y":1}}`, []string{"true lost /x/Y"}},
		{"from the service, dropped back", keep, thereAlone, body.ToLegacy, `{"lines":[{"number":1,"x":1}]}`, []string{"true lost /lines/*/x"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inner := lens.Definition{Fields: []lens.Field{one("NO", "number"), each}, Unknown: tt.inner}
			set := lens.Set{Lenses: map[string]lens.Definition{"inner": inner}}
			r := run(t, lens.Definition{Fields: []lens.Field{each, with}, Unknown: tt.root}, set, tt.from, tt.body)
			if len(r.Failures) > 0 {
				t.Fatalf("it can't be translated: %+v", r.Failures)
			}
			var got []string
			for _, p := range r.Places {
				got = append(got, fmt.Sprintf("%t %s %s", p.Known, p.Kind, p.Pointer))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// A jq program loses things without saying so: those are surprises, of every kind.
func TestSurprises(t *testing.T) {
	tests := []struct{ name, toService, toLegacy, body, want string }{
		{"a member is lost", "del(.b)", ".", `{"a":1,"b":{"c":2}}`, "lost /b/c 2 "},
		{"one is added", ".", ".z = 1", `{"a":1}`, "added /z  1"},
		{"another value", ".a += 1", ".", `{"a":1}`, "value /a 1 2"},
		{"true for false", ".a |= not", ".", `{"a":true}`, "value /a true false"},
		{"another type", ".a |= tostring", ".", `{"a":1}`, `type /a 1 "1"`},
		{"another spelling", `.a |= (. * 10 / 10)`, ".", `{"a":1.50}`, "spelling /a 1.50 1.5"},
		{"another order", ".a |= reverse", ".", `{"a":[1,2]}`, "value /a/* 1 2"},
		{"an element less", "del(.a[1])", ".", `{"a":[1,2]}`, "lost /a/* 2 "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := roundtrip.Config{Definition: jsonBoth}
			c.Definition.JQ = lens.Ways[string]{ToService: tt.toService, ToLegacy: tt.toLegacy}
			r := runConfig(t, c, tt.body)
			if len(r.Places) != 1 || r.Surprising != 1 || !r.Surprised() {
				t.Fatalf("report %+v", r)
			}
			p := r.Places[0]
			if got := fmt.Sprintf("%s %s %s %s", p.Kind, p.Pointer, p.Examples[0].Before, p.Examples[0].After); got != tt.want || p.Known {
				t.Errorf("got %s (known: %t), want %s", got, p.Known, tt.want)
			}
		})
	}
}

// What a field with a loss makes of a value is known; what a program makes of it is not, even if the
// field loses something there.
func TestWhatFieldsMake(t *testing.T) {
	two := 2
	status := one("STS", "status")
	status.Values = &lens.Values{Pairs: []lens.Pair{{Legacy: *text("A"), Service: *text("active")}, {Legacy: *text("B"), Service: *text("active")}, {Legacy: *text("I"), Service: *text("inactive")}},
		Back: []lens.Pair{{Legacy: *text("A"), Service: *text("active")}}}
	number := one("N", "n")
	number.Number = &lens.Number{Scale: 2, Decimals: &two, Round: lens.RoundHalfUp, Decimal: ","}
	rounded := number
	one := 1
	rounded.Number = &lens.Number{Scale: 2, Decimals: &one, Round: lens.RoundHalfUp}
	vip := lens.Field{Legacy: []string{"VIP"}, Service: []string{"vip"}, Bool: &lens.Bool{True: []lens.Literal{*text("Y"), *text("J")}, False: []lens.Literal{*text("N")}}}
	flags := lens.Field{Legacy: []string{"F"}, Service: []string{"a", "b"}, Bits: []int{0, 1}, OtherBit: lens.Drop}
	day := lens.Field{Legacy: []string{"D"}, Service: []string{"d"}, Time: &lens.Time{Layout: lens.Sides[string]{Legacy: "2006-01-02 15:04", Service: "date"}}}
	drop := lens.Field{Legacy: []string{"X"}, Drop: true}
	fixed := lens.Field{Legacy: []string{"V"}, Const: text("2")}

	tests := []struct {
		name  string
		field lens.Field
		jq    string
		body  string
		want  []string // KNOWN KIND POINTER
	}{
		{"one of several codes", status, "", `{"STS":"B"}`, []string{"true value /STS"}},
		{"a code of another value", status, `.STS = "I"`, `{"STS":"A"}`, []string{"false value /STS"}},
		{"a number that is rounded", rounded, "", `{"N":"1234"}`, []string{"true value /N"}},
		{"another number", number, `.N = "777"`, `{"N":"1,00"}`, []string{"false value /N"}},
		{"a code for true", vip, "", `{"VIP":"J"}`, []string{"true value /VIP"}},
		{"a bit that none names", flags, "", `{"F":7}`, []string{"true value /F"}},
		{"a time that becomes a day", day, "", `{"D":"2024-01-02 15:04"}`, []string{"true value /D"}},
		{"a constant", fixed, ".", `{"V":"1"}`, []string{"false value /V"}},
		{"a drop stays one", drop, ".", `{"X":"1"}`, []string{"true lost /X"}},
		{"but not what a program makes there", drop, `.X = "2"`, `{"X":"1"}`, []string{"false value /X"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := roundtrip.Config{Definition: jsonBoth}
			c.Definition.Lens = lens.Definition{Fields: []lens.Field{tt.field}, Unknown: ways(lens.Drop)}
			c.Definition.JQ.ToLegacy = tt.jq
			r := runConfig(t, c, tt.body)
			var got []string
			for _, p := range r.Places {
				got = append(got, fmt.Sprintf("%t %s %s", p.Known, p.Kind, p.Pointer))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s\n%+v", diff, r)
			}
		})
	}
}

func TestShares(t *testing.T) {
	status := one("STS", "status")
	status.Values = &lens.Values{Pairs: []lens.Pair{{Legacy: *text("A"), Service: *text("active")}}}
	d := lens.Definition{Fields: []lens.Field{status, one("CUST", "customer")}, Unknown: ways(lens.Drop)}
	r := run(t, d, lens.Set{}, body.ToService, `{"STS":"A"}`, `{"STS":"A","FAX":1}`, `{"STS":"X"}`, `{"STS":"Q"}`, `{`, `{"STS":"A","CUST":"[redacted]"}`)
	if diff := cmp.Diff([]int{6, 2, 1, 0, 3}, []int{r.Bodies, r.Same, r.Lossy, r.Surprising, r.Failed}); diff != "" {
		t.Errorf("bodies, same, lossy, surprising, failed (-want +got):\n%s", diff)
	}
	if len(r.Places) != 1 || r.Places[0].Share != 1.0/6 {
		t.Errorf("places %+v", r.Places)
	}
	if len(r.Failures) != 2 || r.Failures[0].Pointer != "/STS" || r.Failures[0].Bodies != 2 || r.Failures[0].Step != roundtrip.StepThere ||
		r.Failures[0].Examples[0].Before != `"X"` || r.Failures[1].Step != roundtrip.StepRead {
		t.Errorf("failures %+v", r.Failures)
	}
	if diff := cmp.Diff([]roundtrip.HiddenPlace{{Pointer: "/CUST", Bodies: 1}}, r.Hidden); diff != "" {
		t.Errorf("hidden (-want +got):\n%s", diff)
	}
}

// What can't be translated for want of a value that was taken out isn't tested, and what fails for
// another reason is a failure.
func TestHidden(t *testing.T) {
	required := func(legacy, service string) lens.Field {
		f := one(legacy, service)
		f.Required = true
		return f
	}
	codes := one("STS", "status")
	codes.Values = &lens.Values{Pairs: []lens.Pair{{Legacy: *text("A"), Service: *text("active")}}}
	lines := one("LINES", "lines")
	lines.Each = "line"
	set := lens.Set{Lenses: map[string]lens.Definition{"line": {Fields: []lens.Field{required("NO", "id")}, Unknown: ways(lens.Drop)}}}
	tests := []struct {
		name     string
		fields   []lens.Field
		toLegacy string
		body     string
		want     []int // bodies, failed, untested
	}{
		{"a value that has to be there", []lens.Field{required("NO", "id")}, "", `{"NO":"[redacted]","X":1}`, []int{0, 0, 1}},
		{"one that nobody took out", []lens.Field{required("NO", "id"), one("C", "c")}, "", `{"C":"[redacted]","X":1}`, []int{1, 1, 0}},
		{"another place", []lens.Field{codes, one("C", "c")}, "", `{"C":"[redacted]","STS":"Q"}`, []int{1, 1, 0}},
		{"in a list", []lens.Field{lines}, "", `{"LINES":[{"NO":"1"},{"NO":"[redacted]"}]}`, []int{0, 0, 1}},
		{"another element", []lens.Field{lines}, "", `{"LINES":[{},{"NO":"[redacted]"}]}`, []int{1, 1, 0}},
		{"a program that wants it back", []lens.Field{one("C", "c")}, `if .C == null then error("no C") else . end`, `{"C":"[redacted]"}`, []int{0, 0, 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := roundtrip.Config{Definition: jsonBoth, Set: set, Hidden: func(s string) bool { return s == "[redacted]" }}
			c.Definition.Lens = lens.Definition{Fields: tt.fields, Unknown: ways(lens.Drop)}
			c.Definition.JQ.ToLegacy = tt.toLegacy
			r := runConfig(t, c, tt.body)
			if diff := cmp.Diff(tt.want, []int{r.Bodies, r.Failed, r.Untested}); diff != "" {
				t.Errorf("bodies, failed, untested (-want +got):\n%s%+v", diff, r.Failures)
			}
		})
	}
}

// A name that is a number is a name; only an index is one of many.
func TestNumbersForNames(t *testing.T) {
	year := one("YEARS.2024", "year")
	year.Values = &lens.Values{Pairs: []lens.Pair{{Legacy: *text("A"), Service: *text("active")}, {Legacy: *text("B"), Service: *text("active")}},
		Back: []lens.Pair{{Legacy: *text("A"), Service: *text("active")}}}
	elements := one("L[0].STS", "first")
	elements.Values = year.Values
	d := lens.Definition{Fields: []lens.Field{year, elements}, Unknown: ways(lens.Drop)}
	r := run(t, d, lens.Set{}, body.ToService, `{"YEARS":{"2024":"B"},"L":[{"STS":"B"}]}`, `{"YEARS":{"2024":"Q"}}`, `{"L":[{"STS":"Q"}]}`)
	var got []string
	for _, p := range r.Places {
		got = append(got, fmt.Sprintf("%t %s", p.Known, p.Pointer))
	}
	for _, f := range r.Failures {
		got = append(got, f.Pointer)
	}
	if diff := cmp.Diff([]string{"true /L/*/STS", "true /YEARS/2024", "/L/*/STS", "/YEARS/2024"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// What a body stands for counts in shares.
func TestWeight(t *testing.T) {
	c := roundtrip.Config{Definition: jsonBoth}
	c.Definition.Lens = lens.Definition{Fields: []lens.Field{one("A", "a")}, Unknown: ways(lens.Drop)}
	test, err := roundtrip.New(c)
	if err != nil {
		t.Fatal(err)
	}
	for body, weight := range map[string]float64{`{"A":1}`: 0, `{"A":1,"X":2}`: 3} {
		if err := test.Add(t.Context(), roundtrip.Body{Text: []byte(body), Weight: weight}); err != nil {
			t.Fatal(err)
		}
	}
	if r := test.Report(); r.Places[0].Share != 0.75 || r.Places[0].Bodies != 1 {
		t.Errorf("report %+v", r)
	}
}

// The way back can fail by itself.
func TestFailsBack(t *testing.T) {
	c := roundtrip.Config{Definition: jsonBoth}
	c.Definition.JQ = lens.Ways[string]{ToService: ".", ToLegacy: "error(\"no way\")"}
	r := runConfig(t, c, `{"a":1}`)
	if len(r.Failures) != 1 || r.Failures[0].Step != roundtrip.StepBack || !strings.Contains(r.Failures[0].Reason, "no way") {
		t.Errorf("failures %+v", r.Failures)
	}
}

// From the service's side, and through a textual format, in which one element is a list of one.
func TestFromTheService(t *testing.T) {
	tags := one("TAGS.TAG", "tags")
	tags.Each = "tag"
	d := body.Definition{Legacy: format.Config{Name: format.XML, Root: "C"}, Service: format.Config{Name: format.JSON},
		Lens: lens.Definition{Fields: []lens.Field{one("NM", "name"), tags}, Unknown: ways(lens.Drop)}}
	set := lens.Set{Lenses: map[string]lens.Definition{"tag": {Fields: []lens.Field{one("T", "text")}, Unknown: ways(lens.Drop)}}}
	r := runConfig(t, roundtrip.Config{Definition: d, Set: set, From: body.ToLegacy},
		`{"name":"Ada","tags":[{"text":"a","id":"1"}]}`, `{"name":"Bo","tags":[{"text":"a"},{"text":"b","id":"2"}]}`)
	if len(r.Places) != 1 || r.Places[0].Pointer != "/tags/*/id" || !r.Places[0].Known || r.Places[0].Bodies != 2 {
		t.Errorf("report %+v", r)
	}
	r = runConfig(t, roundtrip.Config{Definition: d, Set: set, From: body.ToService},
		`<C><NM>Ada</NM><TAGS><TAG><T>a</T></TAG></TAGS></C>`, `<C><NM>Ada</NM><TAGS><TAG><T>a</T><X>1</X></TAG><TAG><T>a</T><X>1</X></TAG></TAGS></C>`,
		`<C><NM>Ada</NM><TAGS><TAG><T>a</T><X>1</X></TAG></TAGS></C>`)
	if len(r.Places) != 1 || r.Places[0].Pointer != "/TAGS/TAG/*/X" || r.Places[0].Bodies != 2 || r.Places[0].Times != 3 {
		t.Errorf("report %+v", r)
	}
}

func TestBounded(t *testing.T) {
	c := roundtrip.Config{Definition: jsonBoth}
	c.Definition.JQ = lens.Ways[string]{ToService: "{}", ToLegacy: "."}
	var bodies []string
	for i := range 30 {
		var b strings.Builder
		for k := range 100 {
			fmt.Fprintf(&b, `,"m%d_%d":"%s"`, i, k, strings.Repeat("ü", 300))
		}
		bodies = append(bodies, "{"+b.String()[1:]+"}")
	}
	r := runConfig(t, c, bodies...)
	if len(r.Places) != 1000 || r.More != 2000 || r.Surprising != 30 {
		t.Errorf("%d places, %d more, %d surprising", len(r.Places), r.More, r.Surprising)
	}
	if before := r.Places[0].Examples[0].Before; len(before) > 210 {
		t.Errorf("an example of %d bytes", len(before))
	}
}

func TestEnds(t *testing.T) {
	c := roundtrip.Config{Definition: jsonBoth}
	c.Definition.Lens = lens.Definition{Fields: []lens.Field{one("A", "a")}, Unknown: ways(lens.Keep)}
	test, err := roundtrip.New(c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := test.Add(ctx, roundtrip.Body{Name: "one", Text: []byte(`{}`)}); err != context.Canceled {
		t.Errorf("error %v, want that of the context", err)
	}
	c.Definition.Lens.Fields[0].Values = &lens.Values{}
	if _, err := roundtrip.New(c); err == nil {
		t.Error("a definition that is wrong is no error")
	}
}

func FuzzAdd(f *testing.F) {
	for _, seed := range []string{`{"STS":"A"}`, `{"BAL":"00-1","LINES":[{}]}`, `[1e9999,1e-9999]`, `{"LINES":{"NO":[1]}}`, "\xff"} {
		f.Add([]byte(seed))
	}
	lines := one("LINES", "lines")
	lines.Each = "line"
	amount := one("BAL", "balance")
	amount.Number = &lens.Number{Scale: 2}
	c := roundtrip.Config{Definition: jsonBoth, Set: lens.Set{Lenses: map[string]lens.Definition{"line": {Fields: []lens.Field{one("NO", "number")}, Unknown: ways(lens.Keep)}}}}
	c.Definition.Lens = lens.Definition{Fields: []lens.Field{amount, lines}, Unknown: ways(lens.Keep)}
	f.Fuzz(func(t *testing.T, in []byte) {
		test, err := roundtrip.New(c)
		if err != nil {
			t.Fatal(err)
		}
		if err := test.Add(t.Context(), roundtrip.Body{Name: "fuzzed", Text: in}); err != nil {
			t.Fatal(err)
		}
		r := test.Report()
		if r.Same+r.Lossy+r.Surprising+r.Failed != 1 {
			t.Errorf("report %+v", r)
		}
	})
}
