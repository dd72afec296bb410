package dashboard

import (
	"encoding/xml"
	"io"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/web"
)

// TestGauge computes by hand where things have their place.
func TestGauge(t *testing.T) {
	tests := []struct {
		name, why string
		reading   web.GateReading
		want      gauge
	}{
		{"divergence", "logarithmic from limit/20 to 1: the gate is at ln 20 / ln 20,000, the bound of 1.4 % at ln 280 / ln 20,000",
			web.GateReading{Gate: "divergence", Limit: .001, Estimate: seen(0), Lower: seen(0), Upper: seen(.014)},
			gauge{Gate: tick{"30.25%", "middle", "gate 0.1%"}, Beyond: "69.75%", Interval: true, From: "0.00%", W: "56.90%", Caps: []string{"56.90%"}, Seen: "0.00%",
				Ticks: []tick{{"0.00%", "start", "0"}, {"30.25%", "middle", "0.1%"}, {"53.50%", "middle", "1%"}, {"76.75%", "middle", "10%"}, {"100.00%", "end", "100%"}}}},
		{"divergence, broken", "the interval lies beyond the gate: ln 246 / ln 20,000 to ln 1,380 / ln 20,000",
			web.GateReading{Gate: "divergence", Limit: .001, Estimate: seen(.031), Lower: seen(.0123), Upper: seen(.069)},
			gauge{Gate: tick{"30.25%", "middle", "gate 0.1%"}, Beyond: "69.75%", Interval: true, From: "55.59%", W: "17.41%", Caps: []string{"55.59%", "73.00%"}, Seen: "64.92%",
				Ticks: []tick{{"0.00%", "start", "0"}, {"30.25%", "middle", "0.1%"}, {"53.50%", "middle", "1%"}, {"76.75%", "middle", "10%"}, {"100.00%", "end", "100%"}}}},
		{"latency", "logarithmic from a quarter of the limit to four times: the gate is in the middle, 2.6 × at three quarters; an upper bound that there isn't is the edge, without a cap",
			web.GateReading{Gate: "latency", Limit: 1.3, Estimate: seen(2.6), Lower: seen(.65)},
			gauge{Gate: tick{"50.00%", "middle", "gate 1.3×"}, Beyond: "50.00%", Interval: true, From: "25.00%", W: "75.00%", Caps: []string{"25.00%"}, Seen: "75.00%",
				Ticks: []tick{{"15.54%", "middle", "0.5×"}, {"40.54%", "middle", "1×"}, {"65.54%", "middle", "2×"}, {"98.59%", "end", "5×"}}}},
		{"errors", "asinh(x/limit) from -20 limits to 1: 0 is at asinh 20 / (asinh 20 + asinh 200), and no bound at all is the whole",
			web.GateReading{Gate: "errors", Limit: .005, Estimate: seen(0), Lower: seen(-1), Upper: seen(1)},
			gauge{Gate: tick{"47.22%", "middle", "gate 0.5 pp"}, Beyond: "52.78%", Interval: true, From: "0.00%", W: "100.00%", Caps: []string{"100.00%"}, Seen: "38.11%",
				Ticks: []tick{{"38.11%", "middle", "0 pp"}, {"53.02%", "middle", "1 pp"}, {"76.22%", "middle", "10 pp"}, {"100.00%", "end", "100 pp"}}}},
		{"skipped", "linear to four times the limit; it has no bounds",
			web.GateReading{Gate: "skipped", Limit: .05, Estimate: seen(.02)},
			gauge{Gate: tick{"25.00%", "middle", "gate 5%"}, Beyond: "75.00%", Seen: "10.00%", Ticks: []tick{{"0.00%", "start", "0%"}, {"50.00%", "middle", "10%"}, {"100.00%", "end", "20%"}}}},
		{"skipped a lot", "what was seen has its place: then the scale is all there is",
			web.GateReading{Gate: "skipped", Limit: .05, Estimate: seen(.8)},
			gauge{Gate: tick{"5.00%", "start", "gate 5%"}, Beyond: "95.00%", Seen: "80.00%", Ticks: []tick{{"0.00%", "start", "0%"}, {"50.00%", "middle", "50%"}, {"100.00%", "end", "100%"}}}},
		{"nothing yet", "no dot and no bar", web.GateReading{Gate: "latency", Limit: 2},
			gauge{Gate: tick{"50.00%", "middle", "gate 2×"}, Beyond: "50.00%", Ticks: []tick{{"0.00%", "start", "0.5×"}, {"25.00%", "middle", "1×"}, {"50.00%", "middle", "2×"}, {"83.05%", "middle", "5×"}}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(&tt.want, newGauge(tt.reading)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tt.why, diff)
			}
		})
	}
}

func TestGateNumbers(t *testing.T) {
	inf := math.Inf(1)
	tests := []struct {
		name    string
		reading web.GateReading
		want    string
	}{
		{"two bounds", web.GateReading{Gate: "divergence", Limit: .001, Estimate: seen(.00472), Lower: seen(0), Upper: seen(.014)},
			"seen 0.472%; it lies between 0% and 1.4%; the gate is 0.1%"},
		{"bounds are rounded outwards, so that what is open doesn't look as if it held", web.GateReading{Gate: "divergence", Limit: .001, Estimate: seen(.0009996), Lower: seen(.00099989), Upper: seen(.0010001)},
			"seen 0.1%; it lies between 0.0999% and 0.101%; the gate is 0.1%"},
		{"fewer failures than legacy", web.GateReading{Gate: "errors", Limit: .005, Estimate: seen(-.000412), Lower: seen(-.0061), Upper: seen(-.0000324)},
			"seen −0.0412 pp; it lies between −0.61 pp and −0.00324 pp; the gate is 0.5 pp"},
		{"no upper bound", web.GateReading{Gate: "latency", Limit: 1.3, Estimate: seen(1.084), Lower: seen(.714), Upper: &inf}, "seen 1.08×; it is at least 0.714×; the gate is 1.3×"},
		{"no lower bound", web.GateReading{Gate: "latency", Limit: 1.3, Upper: seen(27)}, "nothing seen yet; it is at most 27×; the gate is 1.3×"},
		{"nothing", web.GateReading{Gate: "skipped", Limit: 1}, "nothing seen yet; the gate is 100%"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, gateNumbers(tt.reading)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestGaugeOnPage reads the picture from the page: what is drawn is what was computed, and the text
// alternative has the same numbers as the line below.
func TestGaugeOnPage(t *testing.T) {
	_, page := get(t, as(identity(web.RoleView), New(Config{System: good(), Logger: quiet()})), "/routes/orders-read")
	_, svg, ok := strings.Cut(page, `<svg class="gauge"`)
	if !ok {
		t.Fatal("there is no picture on the page")
	}
	svg = `<svg class="gauge"` + svg[:strings.Index(svg, `<p class="numbers"`)]
	at := make(map[string][]string) // by class, what says where an element is
	d := xml.NewDecoder(strings.NewReader(svg))
	for {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatalf("the picture isn't well-formed: %v in %s", err, svg)
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		attr := make(map[string]string)
		for _, a := range start.Attr {
			attr[a.Name.Local] = a.Value
		}
		if class, _, _ := strings.Cut(attr["class"], " "); class != "" {
			at[class] = append(at[class], attr["x"]+attr["x1"]+attr["cx"]+" "+attr["width"])
		}
		if attr["role"] == "img" {
			const want = "Divergence: seen 0%; it lies between 0% and 1.4%; the gate is 0.1%"
			if attr["aria-label"] != want || !strings.Contains(page, `<p class="numbers">`+strings.TrimPrefix(want, "Divergence: ")) {
				t.Errorf("the text alternative is %q, want %q, which also stands below", attr["aria-label"], want)
			}
		}
	}
	want := map[string][]string{"gauge": {" 100%"}, "band": {" 100%"}, "beyond": {"-5 110%"}, "interval": {"0.00% 56.90%"}, "cap": {"56.90% "},
		"limit": {"30.25% ", "30.25% "}, "seen": {"0.00% "}}
	if diff := cmp.Diff(want, at); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// FuzzGauge holds that whatever the numbers are, all is within the picture and in order.
func FuzzGauge(f *testing.F) {
	f.Add("divergence", .001, 0., .001, .014)
	f.Add("errors", .005, -1., 0., 1.)
	f.Add("latency", 1.3, .5, 1., math.Inf(1))
	f.Add("skipped", 0., math.NaN(), 2., -1.)
	f.Add("other", math.Inf(1), -5., -4., -3.)
	f.Fuzz(func(t *testing.T, gate string, limit, lower, estimate, upper float64) {
		r := web.GateReading{Gate: gate, Limit: limit, Lower: &lower, Estimate: &estimate, Upper: &upper}
		g := newGauge(r)
		if s := gateNumbers(r); strings.Contains(s, "NaN") || strings.Contains(s, "e+") {
			t.Errorf("it says %q", s)
		}
		place := func(what, s string) float64 {
			x, err := strconv.ParseFloat(strings.TrimSuffix(s, "%"), 64)
			if err != nil || !(x >= 0 && x <= 100) {
				t.Errorf("%s is at %q", what, s)
			}
			return x
		}
		place("the gate", g.Gate.X)
		place("beyond", g.Beyond)
		if g.Interval {
			from, w := place("the interval", g.From), place("its width", g.W)
			if from+w > 100.01 {
				t.Errorf("the interval ends at %v", from+w)
			}
			if lower <= estimate && estimate <= upper {
				if at := place("what was seen", g.Seen); at < from-.02 || at > from+w+.02 {
					t.Errorf("what was seen is at %v, outside of its bounds %v to %v", at, from, from+w)
				}
			}
			if limit > 0 && limit < 1 && lower > limit {
				if gate := place("the gate", g.Gate.X); from < gate-.01 {
					t.Errorf("the lower bound is beyond the gate, and drawn at %v before it at %v", from, gate)
				}
			}
		}
		for _, tick := range g.Ticks {
			place("a tick", tick.X)
		}
	})
}
