package lens

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/strangler-fig/toolkit/acl/document"
)

// TestLossesTold holds the words in which losses are told.
func TestLossesTold(t *testing.T) {
	tests := []struct {
		name  string
		field Field
		want  string // lines: direction: what
	}{
		{"nothing", f("A", "a", Field{}), ""},
		{"codes", f("A", "a", Field{Values: &Values{Pairs: pairs("A", "active", "B", "active"), Back: pairs("A", "active"), Other: Sides[*Literal]{Service: ptr(str("unknown"))}}}),
			`to service: what isn't among the values becomes "unknown" and doesn't come back
to service: "B" becomes "active", which comes back as "A"`},
		{"bool", f("A", "a", Field{Bool: &Bool{True: []Literal{str("Y"), str("J")}, False: []Literal{str("N")}}}), `to service: "J" becomes true, which comes back as "Y"`},
		{"rounding", f("A", "a", Field{Number: &Number{Scale: 2, Round: RoundHalfUp, Legacy: TypeNumber}}),
			`to service: exponents and zeros at the end of a number don't come back
to legacy: exponents and zeros at the end of a number don't come back: 12.30 does as 12.3
to legacy: a number is rounded to the 2 digits behind the point that legacy has place for`},
		{"time", f("A", "a", Field{Time: &Time{Layout: Sides[string]{Legacy: "02.01.06", Service: "unix"}, Zone: Sides[string]{Legacy: "Europe/Berlin"}}}),
			`to legacy: the hour is lost, for which legacy's layout has no place
to legacy: the minute is lost, for which legacy's layout has no place
to legacy: the second is lost, for which legacy's layout has no place
to legacy: the century is lost: years are from 1969 to 2068`},
		{"repeated hours", f("A", "a", Field{Time: &Time{Layout: Sides[string]{Legacy: "2006-01-02 15:04:05", Service: "unix"}, Zone: Sides[string]{Legacy: "Europe/Berlin"}}}),
			`to legacy: where the clocks of Europe/Berlin are set back, an hour stands for two, and comes back as the first of them`},
		{"spellings", f("A", "a", Field{Time: &Time{Layout: Sides[string]{Legacy: "02-Jan-2006", Service: "date"}}}), `to service: a time comes back as its layout writes it, where that can be read in other spellings too`},
		{"bits", Field{Legacy: []string{"A"}, Service: []string{"a", "b"}, Bits: []int{0, 1}, OtherBit: Drop},
			`to legacy: where some are null and the others are missing, all come back as null
to service: bits that none names are lost and come back as 0`},
		{"spaces", f("A", "a", Field{Trim: true}), `to service: spaces around the text don't come back
to legacy: spaces around the text don't come back, since legacy's are taken off`},
		{"absent", f("A", "a", Field{Absent: &Sides[Literal]{str(""), nullLiteral}}), `to service: a missing value, null and "" come back as the same, ""
to legacy: a missing value and null come back as the same, null
to legacy: a value that becomes "" is taken for none on the way back`},
		{"default", f("A", "a", Field{Default: Sides[*Literal]{Service: ptr(no)}}), `to service: a missing value and null become false
to legacy: a missing value and null come back as false`},
		{"const", Field{Legacy: []string{"A"}, Const: ptr(str("2"))}, `to service: where it is missing, it comes back as "2"`},
		{"generate", Field{Legacy: []string{"A"}, Generate: Random}, `to service: whatever it is, it comes back as one made anew`},
		{"drop", Field{Service: []string{"a"}, Drop: true}, `to legacy: it is dropped`},
		{"count", f("A", "a", Field{Count: true}), `to service: it is counted anew
to legacy: the elements are only counted`},
		{"elements", f("A", "a[1]", Field{}), `to service: where it is missing, and an element behind a[1] isn't, it becomes null
to legacy: where a is null or has nothing in it, it comes back as missing`},
		{"type of one side", f("A", "a", Field{Type: Sides[Type]{Service: TypeNumber}}), `to service: legacy's value becomes a number whatever it was: say type: {legacy: …} if it is always the same`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, loss := range mustNew(t, Set{}, Refuse, tt.field).Losses() {
				got = append(got, loss.Direction+": "+loss.What)
			}
			if diff := cmp.Diff(tt.want, strings.Join(got, "\n")); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// TestTypeOfTexts has a type of one side only, where the other has nothing but texts.
func TestTypeOfTexts(t *testing.T) {
	set := Set{Texts: Sides[bool]{Legacy: true}}
	l := mustNew(t, set, Refuse, f("A", "a", Field{Type: Sides[Type]{Service: TypeNumber}}))
	if losses := l.Losses(); len(losses) > 0 {
		t.Errorf("a text is always one there, and there are losses: %v", losses)
	}
	l = mustNew(t, set, Refuse, f("A", "a", Field{Type: Sides[Type]{Legacy: TypeNumber}}))
	if losses := l.Losses(); len(losses) != 1 || losses[0].Direction != ToLegacy {
		t.Errorf("the service's text or number becomes a number: %v", losses)
	}
}

func TestLossesOfUnknown(t *testing.T) {
	l, err := New(Definition{
		Unknown: Ways[Unknown]{Drop, Keep},
		Fields:  []Field{f("A", "a", Field{Each: "line"}), {Legacy: []string{"V"}, Const: ptr(num("1"))}},
	}, Set{Lenses: map[string]Definition{"line": line}})
	if err != nil {
		t.Fatal(err)
	}
	want := []Loss{
		{"", -1, "to service", "members that no field names are dropped"},
		{"line", -1, "to service", "members that no field names are dropped"},
		{"", 1, "to service", "whatever it is, it comes back as 1"},
	}
	if diff := cmp.Diff(want, l.Losses()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestLossesOfWhen(t *testing.T) {
	fields := []Field{f("T", "t", Field{}), f("A", "a", Field{When: &When{Legacy: []Condition{{Path: "T"}}}})}
	var got []string
	for _, loss := range mustNew(t, Set{}, Keep, fields...).Losses() {
		got = append(got, loss.Direction+": "+loss.What)
	}
	want := []string{"to service: where the condition doesn't hold, A is dropped", "to legacy: where the condition doesn't hold, a is dropped"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if losses := mustNew(t, Set{}, Refuse, fields...).Losses(); len(losses) > 0 {
		t.Errorf("where it is an error there is no loss, and there are: %v", losses)
	}
}

func TestHow(t *testing.T) {
	tests := []struct {
		field Field
		want  string
	}{
		{Field{}, ""},
		{Field{Each: "order"}, "each through order"},
		{Field{With: "address", Required: true}, "through address; required"},
		{Field{Values: &Values{Pairs: pairs("A", "active", "I", "not active"), Keep: true}}, `codes A = active, I = "not active", others stay`},
		{Field{Values: &Values{Pairs: pairs("A", "active"), Other: Sides[*Literal]{ptr(str("U")), ptr(str("unknown"))}}}, "codes A = active, others become unknown for the service, others become U for legacy"},
		{Field{Bool: &Bool{True: []Literal{str("Y"), num("1")}, False: []Literal{str("")}}}, `Y or 1 = true, "" = false`},
		{Field{Number: &Number{Scale: 2}}, "2 digits behind the point"},
		{Field{Number: &Number{Decimals: ptr(1), Decimal: ",", Group: ".", Width: 10, Sign: SignBehind, Round: RoundHalfUp}},
			`a number, the service has 1 digit there, legacy's point is ",", legacy's groups have "." between them, legacy has 10 digits with zeros in front, legacy's minus is behind, rounded half up`},
		{Field{Time: &Time{Layout: Sides[string]{Legacy: "02/01/2006"}, Zone: Sides[string]{Legacy: "Europe/Berlin"}}}, "time 02/01/2006 in Europe/Berlin = RFC3339"},
		{Field{Bits: []int{0, 3}}, "bits 0, 3"},
		{Field{Join: " "}, `parts joined by " "`},
		{Field{List: ",", Trim: true}, `a list, "," between its elements; without spaces around it`},
		{Field{IDs: "customers", Type: Sides[Type]{TypeNumber, TypeText}}, "identifiers of customers; a number for legacy, a text for the service"},
		{Field{Type: Sides[Type]{Legacy: TypeNumber}}, "a number for legacy"},
		{Field{Type: Sides[Type]{Service: TypeBool}}, "a boolean for the service"},
		{Field{Count: true}, "how many there are"},
		{Field{Const: ptr(str("2"))}, "always 2"},
		{Field{Generate: Random}, "random letters"},
		{Field{Generate: Now, Time: &Time{Layout: Sides[string]{Legacy: "unix"}}}, "the time of the translation as unix"},
		{Field{Drop: true, Default: Sides[*Literal]{Legacy: ptr(str("x"))}}, "dropped; legacy is told x where there is none"},
		{Field{Absent: &Sides[Literal]{none, nullLiteral}, Default: Sides[*Literal]{Service: ptr(no)}}, "no value is missing for legacy and null for the service; the service is told false where there is none"},
		{Field{When: &When{Legacy: []Condition{{Path: "TYP", Is: []Literal{str("C"), str("F")}}, {Path: "X", Not: true}}, Service: []Condition{{Path: "k"}, {Path: "l", Is: []Literal{yes}, Not: true}}}},
			"when legacy's TYP is C or F and legacy's X is absent and the service's k is present and the service's l isn't true"},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, tt.field.How()); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
	}
}

// TestWall holds that a wall-clock time becomes the first moment at which the clocks show it, or an
// error where they never do, around every change of some zones.
func TestWall(t *testing.T) {
	for _, name := range []string{"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Pacific/Apia", "America/Sao_Paulo"} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		at := time.Date(2005, 1, 1, 0, 0, 0, 0, zone)
		for range 40 {
			_, end := at.ZoneBounds()
			if end.IsZero() {
				break
			}
			first := map[string]time.Time{} // what the clocks show
			for m := -26 * 60; m <= 26*60; m += 15 {
				i := end.Add(time.Duration(m) * time.Minute)
				if show := i.Format(time.DateTime); first[show].IsZero() {
					first[show] = i
				}
			}
			_, before := end.Add(-1).Zone()
			_, after := end.Zone()
			for m := -120; m <= 120; m += 15 {
				local := time.Unix(end.Unix()+int64(before+after)/2+int64(m)*60, 0).UTC()
				got, err := wall(local, zone)
				want, there := first[local.Format(time.DateTime)]
				switch {
				case !there && !errors.Is(err, errGap):
					t.Errorf("%s %s: %s, %v, want an error", name, local, got, err)
				case there && (err != nil || !got.Equal(want)):
					t.Errorf("%s %s: %s, %v, want %s", name, local, got, err, want)
				}
			}
			at = end
		}
	}
}

// TestDigits holds that layouts of digits mean what they mean to package time, but for what that
// reads and wouldn't write.
func TestDigits(t *testing.T) {
	for layout, fixed := range map[string]bool{
		"2006-01-02": true, "20060102150405": true, "02/01/2006 15:04": true, "02.01.2006 15:04:05": true, "15:04": true, "200601": true,
		"15.04.05": true, "2.1.2006": false, "2006-01-02T15:04": false, "2006002": false, "020106": false, "_2/01/2006": false,
		"15:04:05.000": false, "15:04:05.04": false, "2006-2006": false, "03:04": false, "1504": true, "2006-01-02 -0700": false,
	} {
		t.Run(layout, func(t *testing.T) {
			d := parseDigits(layout)
			if got := d != nil; got != fixed {
				t.Fatalf("of digits alone: %t, want %t", got, fixed)
			}
			if !fixed {
				return
			}
			rapid.Check(t, func(t *rapid.T) {
				moment := time.Unix(rapid.Int64Range(minUnix, maxUnix).Draw(t, "moment"), 0).UTC()
				written := moment.Format(layout)
				if got := string(d.append(nil, moment)); got != written {
					t.Fatalf("wrote %s, want %s", got, written)
				}
				text := []byte(written)
				for range rapid.IntRange(0, 3).Draw(t, "changes") {
					text[rapid.IntRange(0, len(text)-1).Draw(t, "where")] = rapid.SampledFrom([]byte("0123456789 :x")).Draw(t, "what")
				}
				if rapid.Bool().Draw(t, "shorter") {
					text = text[:len(text)-1]
				}
				want, err := time.Parse(layout, string(text))
				good := err == nil && want.Format(layout) == string(text)
				if got, ok := d.parse(text); ok != good || ok && !got.Equal(want) {
					t.Fatalf("%s is %s, %t; want %s, %t", text, got, ok, want, good)
				}
			})
		})
	}
}

// TestGrowth holds that a lens which reads a place twice at every depth can't be used to make much
// of little.
func TestGrowth(t *testing.T) {
	present := func(path string) *When { return &When{Legacy: []Condition{{Path: path}}} }
	twice := Definition{Unknown: keepAll(), Fields: []Field{
		f("T", "t", Field{}), f("U", "u", Field{}),
		f("A", "a", Field{With: "twice", When: present("T")}), f("A", "b", Field{With: "twice", When: present("U")}),
	}}
	l, err := New(twice, Set{Lenses: map[string]Definition{"twice": twice}})
	if err != nil {
		t.Fatal(err)
	}
	deep := strings.Repeat(`{"T":1,"U":1,"A":`, 100) + "{}" + strings.Repeat("}", 100)
	start := time.Now()
	_, err = l.ToService(context.Background(), parse(t, deep).Root())
	if err == nil || !errors.Is(err, errWork) {
		t.Errorf("%v, want %v", err, errWork)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("it took %s", took)
	}
	shallow := strings.Repeat(`{"T":1,"A":`, 100) + "{}" + strings.Repeat("}", 100)
	if _, err := l.ToService(context.Background(), parse(t, shallow).Root()); err != nil {
		t.Error(err)
	}
}

// TestDepth holds that what a lens nests more deeply than the body is has an end.
func TestDepth(t *testing.T) {
	deeper := Definition{Unknown: keepAll(), Fields: []Field{f("A", "a.b.c", Field{With: "deeper"})}}
	l, err := New(deeper, Set{Lenses: map[string]Definition{"deeper": deeper}})
	if err != nil {
		t.Fatal(err)
	}
	d := parse(t, strings.Repeat(`{"A":`, 300)+"{}"+strings.Repeat("}", 300))
	var e *document.Error
	if _, err := l.ToService(context.Background(), d.Root()); !errors.As(err, &e) {
		t.Errorf("%v, want an error of the depth", err)
	}
}

// TestMany holds that a body with very many members of one kind costs time in proportion.
func TestMany(t *testing.T) {
	l := mustNew(t, Set{}, Keep, f("T", "t", Field{}))
	var b strings.Builder
	b.WriteString("{")
	for i := range 60000 {
		if i > 0 {
			b.WriteString(",")
		}
		fmt.Fprintf(&b, `"m%d":"1"`, i%20000)
	}
	b.WriteString("}")
	d := parse(t, b.String())
	d.Repeats = true
	start := time.Now()
	if _, err := l.ToService(context.Background(), d.Root()); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("it took %s", took)
	}
}

// TestConcurrent uses one lens from several goroutines, with errors in between.
func TestConcurrent(t *testing.T) {
	l, in := twenty(t)
	want, err := l.ToService(context.Background(), in.Root())
	if err != nil {
		t.Fatal(err)
	}
	bad := parse(t, `{"CUST_NO":1,"ORDERS":[{"ART":1},{"PRC":"x"}]}`)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 200 {
				if _, err := l.ToService(context.Background(), bad.Root()); err == nil || !strings.HasPrefix(err.Error(), "at /ORDERS/1/PRC: ") {
					t.Errorf("%v", err)
					return
				}
				got, err := l.ToService(context.Background(), in.Root())
				if err != nil || text(got.Root()) != text(want.Root()) {
					t.Errorf("%v, or another document", err)
					return
				}
			}
		})
	}
	wg.Wait()
}

// TestAllocations holds that a translation has no more allocations than what its document needs.
func TestAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector has pools forget at random")
	}
	l, in := twenty(t)
	n := testing.AllocsPerRun(200, func() {
		if _, err := l.ToService(context.Background(), in.Root()); err != nil {
			t.Fatal(err)
		}
	})
	if n > 4 {
		t.Errorf("%v allocations", n)
	}
}

// TestGenerated holds what is made anew: random texts differ, and the time is that of Set.Now.
func TestGenerated(t *testing.T) {
	l := mustNew(t, Set{}, Drop, Field{Legacy: []string{"R"}, Generate: Random}, Field{Legacy: []string{"T"}, Generate: Now})
	seen := map[string]bool{}
	for range 100 {
		before := time.Now().Truncate(time.Second)
		d, err := l.ToLegacy(context.Background(), parse(t, "{}").Root())
		if err != nil {
			t.Fatal(err)
		}
		r := d.Root().Get("R").Text()
		if len(r) != 12 || strings.Trim(r, letters) != "" || seen[r] {
			t.Fatalf("random: %q", r)
		}
		seen[r] = true
		at, err := time.Parse(time.RFC3339, d.Root().Get("T").Text())
		if err != nil || at.Before(before) || at.After(time.Now()) {
			t.Fatalf("now: %s, %v", at, err)
		}
	}
}

// TestContext holds that a table is given the context of the call.
func TestContext(t *testing.T) {
	l := mustNew(t, Set{Tables: map[string]Table{"t": waiting{}}}, Drop, f("A", "a", Field{IDs: "t"}))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := l.ToService(ctx, parse(t, `{"A":"1"}`).Root()); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want %v", err, context.Canceled)
	}
}

type waiting struct{}

func (waiting) ToService(ctx context.Context, _ string) (string, error) { return "", ctx.Err() }
func (waiting) ToLegacy(ctx context.Context, _ string) (string, error)  { return "", ctx.Err() }

// TestExponents holds that a small body with many exponents doesn't become one that is many times as large.
func TestExponents(t *testing.T) {
	item := Definition{Unknown: Ways[Unknown]{Refuse, Refuse}, Fields: []Field{f("P", "p", Field{Number: &Number{Legacy: TypeNumber}})}}
	l := mustNew(t, Set{Lenses: map[string]Definition{"item": item}}, Refuse, f("A", "a", Field{Each: "item"}))
	for name, tt := range map[string]struct {
		number string
		n      int
		fails  bool
	}{
		"one":                 {"1e999", 1, false},
		"many":                {"1e999", 1000, true},
		"many, behind":        {"1e-999", 1000, true},
		"many without zeros":  {"1e100", 1000, false},
		"many that are long":  {strings.Repeat("7", 1000), 1000, false},
		"many, the other way": {"1e999", 1000, true},
	} {
		t.Run(name, func(t *testing.T) {
			translate, array, member := l.ToService, "A", "P"
			if strings.HasSuffix(name, "way") {
				translate, array, member = l.ToLegacy, "a", "p"
			}
			body := fmt.Sprintf(`{%q:[%s]}`, array, strings.TrimSuffix(strings.Repeat(fmt.Sprintf(`{%q:%s},`, member, tt.number), tt.n), ","))
			out, err := translate(context.Background(), parse(t, body).Root())
			switch {
			case tt.fails && !errors.Is(err, errZeros):
				t.Errorf("%v, want %v", err, errZeros)
			case !tt.fails && err != nil:
				t.Error(err)
			case err == nil && len(text(out.Root())) > 2000+20*len(body):
				t.Errorf("%d bytes became %d", len(body), len(text(out.Root())))
			}
		})
	}
}

// TestOverlaps holds that texts are refused which end as the separator behind them begins, so that it would be
// found in another place, and that others come back.
func TestOverlaps(t *testing.T) {
	list := func(separator string) *Lens { return mustNew(t, Set{}, Refuse, f("A", "a", Field{List: separator})) }
	join := func(separator string) *Lens {
		return mustNew(t, Set{}, Refuse, Field{Legacy: []string{"A"}, Service: []string{"a", "b"}, Join: separator})
	}
	for name, tt := range map[string]struct {
		lens       *Lens
		body, want string // what it becomes, or a part of the error
	}{
		"a list":                {list("||"), `{"a":["x|","y"]}`, "at /a/0: "},
		"a list of three":       {list("aba"), `{"a":["x","yab","z"]}`, "at /a/1: "},
		"the last":              {list("||"), `{"a":["x","y|"]}`, `{"A": "x||y|"}`},
		"the begin of a list's": {list("||"), `{"a":["x","|y"]}`, `{"A": "x|||y"}`},
		"no overlap":            {list("ab"), `{"a":["xa","y"]}`, `{"A": "xaaby"}`},
		"parts":                 {join("--"), `{"a":"x-","b":"y"}`, "at /a: "},
		"the last part":         {join("--"), `{"a":"x","b":"y-"}`, `{"A": "x--y-"}`},
		"a part alone":          {join("--"), `{"a":"x-"}`, `{"A": "x-"}`},
	} {
		t.Run(name, func(t *testing.T) {
			in := parse(t, tt.body)
			out, err := tt.lens.ToLegacy(context.Background(), in.Root())
			if strings.HasPrefix(tt.want, "at ") {
				if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
					t.Errorf("%v, want an error %s", err, tt.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := text(out.Root()); got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
			back, err := tt.lens.ToService(context.Background(), out.Root())
			if err != nil || text(back.Root()) != text(in.Root()) {
				t.Errorf("came back as %s, %v", text(back.Root()), err)
			}
		})
	}
}

// TestOverlapsAlways compares with what splitting does.
func TestOverlapsAlways(t *testing.T) {
	of := rapid.SliceOfN(rapid.SampledFrom([]byte("ab")), 1, 6)
	rapid.Check(t, func(t *rapid.T) {
		s, separator := of.Draw(t, "text"), of.Draw(t, "separator")
		if bytes.Contains(s, separator) {
			t.Skip()
		}
		first, _, _ := bytes.Cut(append(bytes.Clone(s), separator...), separator)
		if got, want := overlaps(s, separator), !bytes.Equal(first, s); got != want {
			t.Errorf("%t, want %t", got, want)
		}
	})
}

// TestPlaceOfParts holds that an error of a field with several places is about the one at fault.
func TestPlaceOfParts(t *testing.T) {
	bits := mustNew(t, Set{}, Refuse, Field{Legacy: []string{"A"}, Service: []string{"vip", "x.blocked", "late"}, Bits: []int{0, 1, 2}})
	join := mustNew(t, Set{}, Refuse, Field{Legacy: []string{"A"}, Service: []string{"a", "b", "c"}, Join: "-"})
	for name, tt := range map[string]struct {
		lens          *Lens
		body, pointer string
	}{
		"a bit that is null":      {bits, `{"vip":true,"x":{"blocked":null},"late":true}`, "/x/blocked"},
		"a bit that isn't there":  {bits, `{"vip":true,"late":true}`, "/x/blocked"},
		"a bit that is a text":    {bits, `{"vip":true,"x":{"blocked":true},"late":"x"}`, "/late"},
		"a part that is null":     {join, `{"a":"x","b":null,"c":"z"}`, "/b"},
		"a part that isn't there": {join, `{"b":"y"}`, "/a"},
		"the middle":              {join, `{"a":"x","c":"z"}`, "/b"},
		"a part that is a number": {join, `{"a":"x","b":"y","c":3}`, "/c"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := tt.lens.ToLegacy(context.Background(), parse(t, tt.body).Root())
			var at *document.Error
			if !errors.As(err, &at) || at.Pointer != tt.pointer {
				t.Errorf("%v, want an error at %s", err, tt.pointer)
			}
		})
	}
}

// TestShown holds that a long text is cut between characters.
func TestShown(t *testing.T) {
	for text, want := range map[string]string{
		strings.Repeat("a", 40):                                   strconv.Quote(strings.Repeat("a", 40)),
		strings.Repeat("a", 41):                                   strconv.Quote(strings.Repeat("a", 37) + "…"),
		strings.Repeat("a", 36) + strings.Repeat("ü", 3):          strconv.Quote(strings.Repeat("a", 36) + "…"),
		strings.Repeat("a", 34) + strings.Repeat("\U0001f642", 2): strconv.Quote(strings.Repeat("a", 34) + "…"),
	} {
		if got := shown(&input{kind: document.String, text: []byte(text)}); got != want {
			t.Errorf("%s is shown as %s, want %s", text, got, want)
		}
	}
}

// TestOffsets holds that a time keeps its moment where its zone has an offset for which the layout has no place.
func TestOffsets(t *testing.T) {
	for name, tt := range map[string]struct {
		zone, layout, body, want string
	}{
		"whole minutes":              {"Europe/Berlin", "RFC3339", "2025-07-01 12:00:00", "2025-07-01T12:00:00+02:00"},
		"seconds":                    {"Europe/Berlin", "RFC3339", "0001-01-01 00:00:00", "0000-12-31T23:06:32Z"},
		"seconds in the layout":      {"Europe/Berlin", "2006-01-02T15:04:05-07:00:00", "0001-01-01 00:00:00", "0001-01-01T00:00:00+00:53:28"},
		"minutes":                    {"Asia/Kolkata", "RFC3339", "2025-07-01 12:00:00", "2025-07-01T12:00:00+05:30"},
		"minutes where hours are":    {"Asia/Kolkata", "2006-01-02T15:04:05-07", "2025-07-01 12:00:00", "2025-07-01T06:30:00+00"},
		"days without a year":        {"Europe/Berlin", "01-02 15:04", "07-05 15:04", "07-05 15:04"},
		"days without a year, other": {"Europe/Berlin", "02.01. 15:04", "07-05 15:04", "05.07. 15:04"},
	} {
		t.Run(name, func(t *testing.T) {
			legacy := "2006-01-02 15:04:05"
			if strings.HasPrefix(name, "days") {
				legacy = "01-02 15:04"
			}
			l := mustNew(t, Set{}, Refuse, f("A", "a", Field{Time: &Time{Layout: Sides[string]{legacy, tt.layout}, Zone: Sides[string]{tt.zone, tt.zone}}}))
			in := parse(t, fmt.Sprintf(`{"A": %q}`, tt.body))
			out, err := l.ToService(context.Background(), in.Root())
			if err != nil {
				t.Fatal(err)
			}
			if got := out.Root().Get("a").Text(); got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
			if back, err := l.ToLegacy(context.Background(), out.Root()); err != nil || text(back.Root()) != text(in.Root()) {
				t.Errorf("came back as %s, %v", text(back.Root()), err)
			}
		})
	}
}

func TestChanges(t *testing.T) {
	for name, want := range map[string]bool{
		"UTC": false, "Europe/Berlin": true, "Asia/Tokyo": false, "Asia/Shanghai": true /* until 1991 */, "America/Sao_Paulo": true, /* until 2019 */
	} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := changes(zone); got != want {
			t.Errorf("%s: %t, want %t", name, got, want)
		}
	}
}

// TestWhenSeesWhatIsWritten holds that a condition on the side that is written holds where it would hold when
// that is read.
func TestWhenSeesWhatIsWritten(t *testing.T) {
	when := func(path string, is ...Literal) []Field {
		return []Field{f("T", "t", Field{}), f("A", "a", Field{When: &When{Service: []Condition{{Path: path, Is: is}}}})}
	}
	plain, texts := Sides[bool]{}, Sides[bool]{Service: true}
	for name, tt := range map[string]struct {
		fields  []Field
		texts   Sides[bool]
		body    string
		repeats bool
		holds   bool
	}{
		"a text is no boolean":               {when("t", yes), plain, `{"T":"true","A":"x"}`, true, false},
		"a boolean":                          {when("t", yes), plain, `{"T":true,"A":"x"}`, false, true},
		"a text":                             {when("t", str("true")), plain, `{"T":"true","A":"x"}`, true, true},
		"a text, which stands for a boolean": {when("t", yes), texts, `{"T":"true","A":"x"}`, false, true},
		"a boolean that becomes a text":      {when("t", str("true")), texts, `{"T":true,"A":"x"}`, false, true},
		"a number that becomes a text":       {when("t", str("1.0")), texts, `{"T":1.0,"A":"x"}`, false, true},
		"several are an array":               {when("t[1]", str("q")), plain, `{"T":"p","T":"q","A":"x"}`, true, true},
		"several are an array, no more":      {when("t[2]"), plain, `{"T":"p","T":"q","A":"x"}`, true, false},
		"an array has no members":            {when("t.x"), plain, `{"T":"p","T":"q","A":"x"}`, true, false},
		"several below":                      {when("t.x[1].y"), plain, `{"T":{"x":"p","x":{"y":"q"}},"A":"x"}`, true, true},
		"the first of several below":         {when("t.x", str("p")), plain, `{"T":{"x":"p","x":"q"},"A":"x"}`, true, false},
		"one below is none of several":       {when("t.x[0]"), plain, `{"T":{"x":"p"},"A":"x"}`, true, false},
		"one below":                          {when("t.x", str("p")), plain, `{"T":{"x":"p"},"A":"x"}`, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			l := mustNew(t, Set{Texts: tt.texts}, Drop, tt.fields...)
			in := parse(t, tt.body)
			in.Repeats = tt.repeats
			out, err := l.ToService(context.Background(), in.Root())
			if err != nil {
				t.Fatal(err)
			}
			if got := out.Root().Get("a").Exists(); got != tt.holds {
				t.Errorf("it became %s, want a: %t", text(out.Root()), tt.holds)
			}
			if !tt.holds {
				return
			}
			if tt.texts.Service { // as it is read again
				b := document.NewBuilder(nil, 0)
				b.Repeats(true)
				b.Object()
				for name, v := range out.Root().Members() {
					b.Name(string(name))
					b.String(v.Text())
				}
				b.End()
				if out, err = b.Document(); err != nil {
					t.Fatal(err)
				}
			}
			if back, err := l.ToLegacy(context.Background(), out.Root()); err != nil || !back.Root().Get("A").Exists() {
				t.Errorf("it came back as %s, %v", text(back.Root()), err)
			}
		})
	}
}
