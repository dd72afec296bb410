package dashboard

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/strangler-fig/toolkit/web"
)

func TestEffect(t *testing.T) {
	tests := []struct {
		name, path string
		want       []string
		lacks      []string
	}{
		// orders-read has 9.2 + 3.1 requests a second, orders-list of the same unit 1.5 + 0.5, both at 25 %.
		{"more to the service", "/routes/orders-read/effect?to=canary&weight=50", []string{"About 3.6 requests/s would move to the service", "7.1 requests/s of 14.3 requests/s", "All 2 routes of unit orders"}, []string{"busiest", "guarded"}},
		{"back, and the peak that legacy has to bear", "/routes/orders-read/effect?to=shadow", []string{"Legacy would take 3.6 requests/s more", "busiest five minutes of the last 7 days had <b>60.0 requests/s</b>"}, nil},
		{"little traffic is told by the minute", "/routes/reviews/effect?to=legacy", []string{"24 requests/min"}, nil},
		{"a guard", "/routes/payments/effect?to=legacy", []string{"guarded", "owns the data"}, []string{"Force gets past it"}},
		{"a guard that force gets past", "/routes/stock/effect?to=legacy", []string{"guarded", "Force gets past it"}, nil},
		{"nobody's answer changes", "/routes/catalogue-page/effect?to=shadow", []string{"No client&#39;s answer changes", "both are compared"}, []string{"busiest"}},
		{"where it stands", "/routes/orders-read/effect?to=canary&weight=25", []string{"Choose a phase"}, nil},
		{"a weight that is none", "/routes/orders-read/effect?to=canary&weight=x", []string{"Choose a phase"}, nil},
		{"no phase", "/routes/orders-read/effect", []string{"Choose a phase"}, nil},
		{"on the page itself, without a script", "/routes/orders-read?to=canary&weight=50&version=3", []string{"About 3.6 requests/s would move", `id="weight" name="weight" inputmode="decimal" value="50"`, `value="canary" checked`}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := good()
			s.series = func(q web.SeriesQuery) web.Series {
				if len(q.Routes) == 0 || !q.NoLatency {
					t.Errorf("series of %+v are read", q)
				}
				point := web.SeriesPoint{At: q.From, Legacy: web.SeriesSide{Requests: int64(20 * time.Duration(q.Step).Seconds())}}
				if q.Step == web.SeriesStep(5*time.Minute) {
					point.Service.Requests = int64(40 * 300)
				}
				return web.Series{Lines: []web.SeriesLine{{Points: []web.SeriesPoint{point}}}}
			}
			h := as(identity(web.RoleOperate), New(Config{System: s, Logger: quiet()}))
			r := httptest.NewRequest(http.MethodGet, tt.path, nil)
			if strings.Contains(tt.path, "/effect") {
				r.Header.Set("HX-Request", "true")
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			for _, want := range tt.want {
				if !strings.Contains(w.Body.String(), want) {
					t.Errorf("status %d, and it doesn't say %q: %.1500s", w.Code, want, w.Body)
				}
			}
			for _, lacks := range tt.lacks {
				if strings.Contains(w.Body.String(), lacks) {
					t.Errorf("it says %q: %.1500s", lacks, w.Body)
				}
			}
		})
	}
	for path, want := range map[string]int{"/routes/nope/effect?to=live": 404, "/routes/orders-read/effect?to=live": 200} {
		if status, body := get(t, as(identity(web.RoleView), New(Config{System: good(), Logger: quiet()})), path); status != want || !strings.Contains(body, "</html>") {
			t.Errorf("%s as a page: status %d", path, status)
		}
	}
}

// TestRollbackSaysTheLoad holds that a rollback is asked about with what legacy would have, beside what it had.
func TestRollbackSaysTheLoad(t *testing.T) {
	const beyond = "more than it had in that time"
	for _, tt := range []struct {
		name, path string
		peak       int64 // requests per second that legacy had
		want       string
		beyond     bool
	}{
		{"it was seen to bear that", "/rollback", 600, "busiest five minutes of the last 7 days had <b>600 requests/s</b>", false},
		{"it was not", "/rollback?route=orders-read", 1, "busiest five minutes of the last 7 days had <b>1.0 requests/s</b>", true},
		{"nothing is on record", "/rollback", 0, "not on record", false},
		{"several routes", "/bulk?do=rollback&route=orders-read", 600, "had <b>600 requests/s</b>", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := good()
			s.series = func(q web.SeriesQuery) web.Series {
				if q.Routes != nil || !q.NoLatency {
					t.Errorf("series of %+v are read", q)
				}
				requests := tt.peak * 300 // an hour of it is much less
				return web.Series{Lines: []web.SeriesLine{{Points: []web.SeriesPoint{{At: q.From, Legacy: web.SeriesSide{Requests: requests}, Service: web.SeriesSide{Requests: 1e9}}}}}}
			}
			_, body := get(t, as(identity(web.RoleOperate), New(Config{System: s, Logger: quiet()})), tt.path)
			if !strings.Contains(body, tt.want) || !strings.Contains(body, "requests/s</b> now and would have") {
				t.Errorf("it doesn't say %q: %s", tt.want, body)
			}
			if got := strings.Contains(body, beyond); got != tt.beyond {
				t.Errorf("%q is said: %t", beyond, got)
			}
		})
	}
	if _, body := get(t, as(identity(web.RoleOperate), New(Config{System: good(), Logger: quiet()})), "/bulk?do=shift&to=live&route=orders-read"); strings.Contains(body, "would have <b>") {
		t.Error("a load of legacy's is told of a shift away from it")
	}
}

// longAgo is a system of whose past all but the last two days is read in time.
type longAgo struct{ *system }

func (l longAgo) Series(_ context.Context, q web.SeriesQuery) (web.Series, error) {
	if q.Step != web.SeriesStep(time.Hour) {
		return web.Series{}, context.DeadlineExceeded
	}
	return web.Series{Lines: []web.SeriesLine{{Points: []web.SeriesPoint{{At: q.From, Legacy: web.SeriesSide{Requests: 300}}}}}}, nil
}

// TestPartOfThePast holds that no peak of a part of the time is taken for that of all.
func TestPartOfThePast(t *testing.T) {
	for _, path := range []string{"/rollback?route=orders-read", "/bulk?do=rollback&route=orders-read", "/routes/orders-read?to=shadow"} {
		_, body := get(t, as(identity(web.RoleOperate), New(Config{System: longAgo{good()}, Logger: quiet()})), path)
		if strings.Contains(body, "more than it had in that time") || strings.Contains(body, "of the last 7 days had") {
			t.Errorf("%s tells of a peak: %s", path, body)
		}
	}
}

func TestSettings(t *testing.T) {
	s := good()
	s.settings = []web.Setting{{Name: "shadow.sample", Value: []byte(`"50%"`), From: "route", File: "/etc/strangler/routes.d/orders.yaml", Line: 14},
		{Name: "match.methods", Value: []byte(`["GET","HEAD"]`), From: "defaults", File: "/etc/strangler/strangler.yaml", Line: 3},
		{Name: "shadow.compare.keyed", Value: []byte(`{"/` + "\u202e" + `": "id"}`), From: "route", File: evil, Line: 1},
		{Name: "shadow.recheck", Value: []byte(`"500ms"`), From: "program"}}
	_, body := get(t, as(identity(web.RoleView), New(Config{System: s, Logger: quiet()})), "/routes/orders-read")
	for _, want := range []string{`<code title="/etc/strangler/routes.d/orders.yaml:14">orders.yaml:14</code>`, "the route", "GET, HEAD", "1 that nobody says", "500ms", "⟨U&#43;202E⟩"} {
		if !strings.Contains(body, want) {
			t.Errorf("the page doesn't say %q", want)
		}
	}
	if strings.Contains(body, "<script>alert") {
		t.Error("a file's name became markup")
	}
}
