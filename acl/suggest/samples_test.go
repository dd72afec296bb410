package suggest_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/strangler-fig/toolkit/acl/document"
	"github.com/strangler-fig/toolkit/acl/format"
	"github.com/strangler-fig/toolkit/acl/suggest"
)

// sample is a folder of pairs, with labels that were written by hand.
type sample struct {
	name            string
	legacy, service format.Config
	recall          float64 // of the labels, which it is held to
}

var samples = []sample{
	{"bookshop/order", format.Config{Name: format.JSON}, format.Config{Name: format.JSON}, 1},
	{"bookshop/book", format.Config{Name: format.JSON}, format.Config{Name: format.JSON}, 1},
	{"bookshop/shelf", format.Config{Name: format.JSON}, format.Config{Name: format.JSON}, 1},
	{"bookshop/stock", format.Config{Name: format.JSON}, format.Config{Name: format.JSON}, 1},
	{"erp", format.Config{Name: format.JSON}, format.Config{Name: format.JSON}, 0.93},
	{"policy", format.Config{Name: format.XML, Root: "PolicyRec", Declaration: true}, format.Config{Name: format.JSON}, 0.96},
	{"telecom", format.Config{Name: format.CSV, Delimiter: ";", Header: true}, format.Config{Name: format.JSON}, 1},
}

func (s sample) pairs(t testing.TB) (pairs []suggest.Pair) {
	t.Helper()
	for n := 1; ; n++ {
		legacy, _ := filepath.Glob(filepath.Join("testdata", s.name, strconv.Itoa(n)+".legacy.*"))
		service, _ := filepath.Glob(filepath.Join("testdata", s.name, strconv.Itoa(n)+".service.*"))
		if len(legacy) != 1 || len(service) != 1 {
			if n == 1 {
				t.Fatalf("there is no sample %s", s.name)
			}
			return pairs
		}
		pairs = append(pairs, suggest.Pair{Legacy: read(t, legacy[0], s.legacy), Service: read(t, service[0], s.service)})
	}
}

func read(t testing.TB, file string, c format.Config) document.Value {
	t.Helper()
	body, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return decode(t, string(body), c)
}

func decode(t testing.TB, body string, c format.Config) document.Value {
	t.Helper()
	f, err := format.New(c)
	if err != nil {
		t.Fatal(err)
	}
	d, err := f.Decode([]byte(body), "")
	if err != nil {
		t.Fatal(err)
	}
	return d.Root()
}

// labels reads what is right of a sample: LEGACY | SERVICE | option.
func (s sample) labels(t testing.TB) (all []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", s.name, "labels.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		parts := append(strings.Split(line, "|"), "", "")
		all = append(all, strings.TrimSpace(parts[0])+" | "+strings.TrimSpace(parts[1])+" | "+strings.TrimSpace(parts[2]))
	}
	return all
}

// told returns a proposal's fields as labels have them.
func told(p *suggest.Proposal, legacy, service string) (all []string) {
	under := func(prefix string, paths []string) string {
		var full []string
		for _, path := range paths {
			full = append(full, prefix+path)
		}
		return strings.Join(full, " + ")
	}
	for _, f := range p.Fields {
		all = append(all, under(legacy, f.Legacy)+" | "+under(service, f.Service)+" | "+option(f))
		for _, n := range p.Nested {
			if f.Each == n.Name {
				all = append(all, told(n, legacy+f.Legacy[0]+"[].", service+f.Service[0]+"[].")...)
			}
		}
	}
	return all
}

func option(f suggest.Field) string {
	switch {
	case f.Each != "":
		return "each"
	case f.Values != nil:
		return "values"
	case f.Bool != nil:
		return "bool " + f.Bool.True[0].Text + "/" + f.Bool.False[0].Text
	case f.Number != nil:
		return fmt.Sprintf("number %d", f.Number.Scale)
	case f.Generate != "":
		return "generate " + f.Generate
	case f.Time != nil:
		text := "time " + f.Time.Layout.Legacy + " to " + f.Time.Layout.Service
		if zone := f.Time.Zone.Legacy; zone != "" {
			text += " in " + zone
		}
		return text
	case f.Bits != nil:
		return "bits " + strings.Trim(fmt.Sprint(f.Bits), "[]")
	case f.Join != "":
		return fmt.Sprintf("join %q", f.Join)
	case f.List != "":
		return fmt.Sprintf("list %q", f.List)
	case f.Count:
		return "count"
	case f.Const != nil:
		return "const"
	case f.Type.Legacy != "" || f.Type.Service != "":
		return fmt.Sprintf("type %s/%s", f.Type.Legacy, f.Type.Service)
	}
	return ""
}

// TestSamples holds what is found of each sample, to the hundredth, and that all that is proposed is
// right.
func TestSamples(t *testing.T) {
	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "SAMPLE\tEXAMPLES\tFIELDS\tFOUND\tPROPOSED\tWRONG\tRECALL\tPRECISION")
	for _, s := range samples {
		t.Run(s.name, func(t *testing.T) {
			pairs := s.pairs(t)
			p, err := suggest.Propose(suggest.Config{Name: filepath.Base(s.name)}, pairs)
			if err != nil {
				t.Fatal(err)
			}
			want, got := s.labels(t), told(p, "", "")
			right := 0
			for _, label := range want {
				if slices.Contains(got, label) {
					right++
				} else {
					t.Logf("not found: %s", label)
				}
			}
			for _, label := range got {
				if !slices.Contains(want, label) {
					t.Logf("wrong: %s", label)
				}
			}
			recall, precision := float64(right)/float64(len(want)), float64(right)/float64(len(got))
			fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%d\t%.2f\t%.2f\n", s.name, p.Examples, len(want), right, len(got), len(got)-right, recall, precision)
			if recall < s.recall || precision < 1 {
				t.Errorf("recall %.2f, which is to be at least %.2f; precision %.2f, which is to be 1", recall, s.recall, precision)
			}
		})
	}
	w.Flush()
	t.Logf("\n%s", &table)
}
