package dashboard

import (
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/strangler-fig/toolkit/strangler"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares with a file in testdata, or writes it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != got {
		t.Errorf("%s isn't what is drawn; look at it, then go test ./web/dashboard -run %s -update", file, t.Name())
	}
}

// figOf has n routes, which stand at the phases in turn.
func figOf(service float64, n int, at ...strangler.Position) fig {
	f := fig{Service: service}
	for i := range n {
		f.Roots = append(f.Roots, figRoot{fmt.Sprintf("route-%d", i), at[i%len(at)], 1 / float64(n)})
	}
	return f
}

func TestFig(t *testing.T) {
	legacy, shadow, live, retired := strangler.At(strangler.PhaseLegacy), strangler.At(strangler.PhaseShadow), strangler.At(strangler.PhaseLive), strangler.At(strangler.PhaseRetired)
	for _, tt := range []struct {
		name string
		fig  fig
	}{
		{"nothing", fig{}},
		{"first-day", figOf(0, 9, legacy)},
		{"shadowing", figOf(0, 9, legacy, shadow, shadow)},
		{"half-way", figOf(.46, 11, live, shadow, strangler.Canary(2500), legacy, retired, live)},
		{"nearly", figOf(.9, 14, retired, live, live, strangler.Canary(9000), live, shadow)},
		{"done", figOf(1, 12, retired, retired, live)},
		{"many", figOf(.35, 700, legacy, legacy, shadow, strangler.Canary(1000), live, retired, legacy)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := tt.fig.draw()
			for d := xml.NewDecoder(strings.NewReader(got)); ; {
				if _, err := d.Token(); errors.Is(err, io.EOF) {
					break
				} else if err != nil {
					t.Fatalf("it isn't XML: %v", err)
				}
			}
			if strings.Contains(got, "NaN") || strings.Contains(got, "%!") {
				t.Error("something in it isn't a number")
			}
			if len(got) > 48<<10 {
				t.Errorf("the picture has %d bytes", len(got))
			}
			golden(t, "fig/"+tt.name+".svg", got+"\n")
		})
	}
}

func TestFigSaysWhatItShows(t *testing.T) {
	f := figOf(.25, 4, strangler.At(strangler.PhaseLive), strangler.Canary(500), strangler.At(strangler.PhaseLegacy), strangler.At(strangler.PhaseLive))
	f.Roots[0].Name = "<b>&"
	got := f.draw()
	for _, want := range []string{"Services serve 25% of the traffic. Of 4 roots, 2 stand on the ground (live or retired), 1 come down (canary), 0 hang in the air (shadow) and 1 are buds (legacy).",
		"<title>&lt;b&gt;&amp;: live</title>", "<title>route-1: canary 5%</title>"} {
		if !strings.Contains(got, want) {
			t.Errorf("it lacks %q", want)
		}
	}
	if again := f.draw(); again != got {
		t.Error("the same numbers make another picture")
	}
}
