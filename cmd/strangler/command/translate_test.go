package command

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/web"
	"github.com/strangler-fig/toolkit/web/api"
)

// What is made anew is in the differences as it is in what came back.
func TestTryTellsWhatItPrints(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	file := write("strangler.yaml", `legacy: {url: http://a}
translators:
  stamped:
    legacy: {format: json}
    service: {format: json}
    fields:
      - {legacy: NM, service: name}
      - {legacy: REF, generate: random}
    unknown: drop
`)
	s := newSystem(t)
	status, out, errs := s.run(t, "translate", "try", "stamped", write("a.json", `{"NM":"Ada"}`), "-c", file, "-o", "json")
	if status != 0 {
		t.Fatal(errs)
	}
	var tried struct {
		Inverse     struct{ REF string }
		Differences []struct{ Examples []struct{ After string } }
	}
	if err := json.Unmarshal([]byte(out), &tried); err != nil {
		t.Fatal(err)
	}
	if want := `"` + tried.Inverse.REF + `"`; len(tried.Differences) != 1 || tried.Differences[0].Examples[0].After != want || len(want) != 14 {
		t.Errorf("printed is %s, and told %+v", want, tried.Differences)
	}
}

// Of a group a few exchanges are kept and of those that match, too: each stands for its part of all.
func TestWeightsOf(t *testing.T) {
	s := newSystem(t)
	s.groups = []web.Group{{ID: "often", Count: 90}, {ID: "seldom", Count: 1}, {ID: "nothing-kept", Count: 5}}
	s.evidence = web.RouteEvidence{Route: "orders-read", Compared: 1000, Diverged: 96}
	client, err := api.NewClient(api.ClientConfig{URL: s.url})
	if err != nil {
		t.Fatal(err)
	}
	found := []web.Exchange{{Group: "often"}, {Group: "often"}, {Group: "often"}, {Group: "seldom"}, {}, {}}
	got, err := weightsOf(t.Context(), client, "orders-read", found)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]float64{"often": 30, "seldom": 1, "": 452}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	s.evidence = web.RouteEvidence{Compared: 1, Diverged: 0}
	if got, err = weightsOf(t.Context(), client, "orders-read", found); err != nil || got[""] != 1 {
		t.Errorf("one that is kept stands for %v, at least for itself; error %v", got[""], err)
	}
}

func (s *system) Groups(context.Context, string, string) ([]web.Group, error) { return s.groups, nil }
func (s *system) RouteEvidence(context.Context, string) (web.RouteEvidence, error) {
	return s.evidence, nil
}
