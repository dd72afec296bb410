package format

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// table returns the cells of the table in a section of the README, without its head.
func table(t *testing.T, section string) (rows [][]string) {
	t.Helper()
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "\n## "+section+"\n")
	rest, _, _ = strings.Cut(rest, "\n## ")
	for line := range strings.Lines(strings.ReplaceAll(rest, `\|`, "/")) {
		if cells := strings.Split(strings.TrimSpace(line), "|"); len(cells) == 5 && !strings.HasPrefix(cells[1], "-") {
			rows = append(rows, []string{strings.Trim(cells[1], " `"), strings.TrimSpace(cells[2]), strings.TrimSpace(cells[3])})
		}
	}
	if len(rows) < 2 {
		t.Fatalf("%s has no table", section)
	}
	return rows[1:]
}

// TestReadmeOptions holds that the README has all options, each of the formats that know it.
func TestReadmeOptions(t *testing.T) {
	all := given(Config{JSON, "a", "a", "a", map[string]string{"a": "b"}, true, []string{"a"}, "a", "a", "a", "a", []Column{{}}, true, "a", nil})
	want := map[string]string{"format": "all"}
	for _, option := range all {
		var know []string
		for _, name := range names {
			if _, options := constructor(name); strings.Contains(options, " "+option+" ") {
				know = append(know, name)
			}
		}
		if want[option] = strings.Join(know, ", "); len(know) == len(names) {
			want[option] = "all"
		}
	}
	got := map[string]string{}
	for _, row := range table(t, "Options") {
		got[row[0]] = row[1]
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestReadmeContentTypes holds that bodies are written and read as the README says.
func TestReadmeContentTypes(t *testing.T) {
	quoted := regexp.MustCompile("`[^`]+`")
	configs := map[string][]Config{
		SOAP: {{}, {Version: "1.2"}}, CSV: {{Header: true}, {Header: true, Delimiter: "\t"}}, FixedWidth: {{Columns: []Column{{Name: "a", Width: 1}}}},
	}
	var told []string
	for _, row := range table(t, "Content types") {
		name := row[0]
		told = append(told, name)
		if configs[name] == nil {
			configs[name] = []Config{{}}
		}
		written := quoted.FindAllString(row[1], -1)
		if len(written) != len(configs[name]) {
			t.Fatalf("%s is written as %v", name, written)
		}
		for i, c := range configs[name] {
			c.Name = name
			f := mustNew(t, c)
			if got := "`" + f.ContentType() + "`"; got != written[i] {
				t.Errorf("%s is written as %s, not %s", name, got, written[i])
			}
			read, but, _ := strings.Cut(row[2], " but ")
			for _, q := range quoted.FindAllString(read, -1) {
				q = strings.Trim(q, "`")
				if q[0] == '+' {
					q = "application/x" + q
				}
				if !f.Accepts(q) || !f.Accepts(strings.ToUpper(q)+"; x") {
					t.Errorf("%s isn't read as %s", q, name)
				}
			}
			for _, q := range quoted.FindAllString(but, -1) {
				if f.Accepts(strings.Trim(q, "`")) {
					t.Errorf("%s is read as %s", q, name)
				}
			}
			if m, ok := f.(interface{ types() []string }); ok {
				for _, known := range m.types() {
					if !strings.Contains(row[1]+row[2], "`"+known) {
						t.Errorf("%s is read as %s, which isn't told", known, name)
					}
				}
			}
		}
	}
	if diff := cmp.Diff(slices.Sorted(slices.Values(names)), slices.Sorted(slices.Values(told))); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// types returns the media types that are read.
func (m media) types() []string { return m.read }

// TestFaultsBetweenVersions holds what the README says of a fault that is written in another version.
func TestFaultsBetweenVersions(t *testing.T) {
	v11, v12 := mustSOAP(t, Config{}), mustSOAP(t, Config{Version: "1.2"})
	fault := func(code string) *Fault {
		return &Fault{Code: code, Reasons: []Reason{{"de", "Weg"}, {"en", "Gone"}}, Actor: "urn:r", Detail: parse(t, `{"a":"1"}`)}
	}
	detailed := fault("Sender")
	detailed.Subcodes, detailed.Node = []string{"x"}, "urn:n"
	one := []Reason{{"en", "Gone"}}
	for _, test := range []struct {
		name string
		f    *soapFormat
		in   *Fault
		want Fault
	}{
		{"to SOAP 1.1", v11, detailed, Fault{Code: "Client", Reasons: one, Actor: "urn:r"}},
		{"a receiver's to SOAP 1.1", v11, fault("Receiver"), Fault{Code: "Server", Reasons: one, Actor: "urn:r"}},
		{"an encoding to SOAP 1.1", v11, fault("DataEncodingUnknown"), Fault{Code: "Server", Reasons: one, Actor: "urn:r"}},
		{"to SOAP 1.2", v12, fault("Client.Login"), Fault{Code: "Sender", Subcodes: []string{"Client.Login"}, Reasons: fault("").Reasons, Actor: "urn:r"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			body, err := test.f.AppendFault(nil, test.in)
			if err != nil {
				t.Fatal(err)
			}
			got := *faultIn(t, test.f, body)
			if show(got.Detail) != `{"a":"1"}` {
				t.Errorf("the detail is %s", show(got.Detail))
			}
			got.Detail = test.want.Detail
			if diff := cmp.Diff(tell(&test.want), tell(&got)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}
