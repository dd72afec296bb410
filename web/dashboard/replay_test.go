package dashboard

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/web"
)

// replayed is a system of which two requests are stored.
func replayed() *system {
	s := good()
	s.exchanges = []web.Exchange{{ID: "d1", Group: "g1", Method: "GET", Path: "/api/orders/17", Legacy: &web.Answer{Status: 200, Body: `{"total":41.98}`}}}
	s.replay = []web.Replayed{{ID: "d1", Group: "g1", Method: "GET", Path: "/api/orders/17", Outcome: web.OutcomeFixed},
		{ID: "d2", Group: "g1", Method: "GET", Path: evil, Outcome: web.OutcomeNew, Why: evil, Differences: []shadow.Difference{{Pointer: "/" + evil, Kind: shadow.KindValue}}}}
	return s
}

func TestReplay(t *testing.T) {
	tests := []struct {
		name, path, form string
		fails            error
		status           int
		want             []string
		asked            web.Replay // what the system was asked, without the actor
	}{
		{"a group", "/groups/g1/replay", "rate=7&limit=3&against=http://127.0.0.1:1&headers=A:+b", nil, 200, []string{"2 of 2 sent", `<dd data-outcome="fixed">1</dd>`, "o-new"},
			web.Replay{Group: "g1", Rate: 7, Limit: 3, Against: "http://127.0.0.1:1"}},
		{"a route", "/routes/stock/replay", "", nil, 200, []string{"2 of 2 sent"}, web.Replay{Route: "stock"}},
		{"a rate that is none", "/groups/g1/replay", "rate=fast", nil, 400, []string{"no number of requests a second"}, web.Replay{}},
		{"a limit that is none", "/groups/g1/replay", "limit=-1", nil, 400, []string{"no number of requests"}, web.Replay{}},
		{"headers that are none", "/groups/g1/replay", "headers=nonsense", nil, 400, []string{"one a line"}, web.Replay{}},
		{"another one is under way", "/groups/g1/replay", "", &web.BusyError{Why: "another replay is under way"}, 503, []string{"Not now", "another replay is under way"}, web.Replay{Group: "g1"}},
		{"no such group", "/groups/nope/replay", "", nil, 404, []string{"no group nope"}, web.Replay{}},
		{"no such route", "/routes/nope/replay", "", nil, 404, []string{"no such route"}, web.Replay{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := replayed()
			s.replayFails = tt.fails
			status, body := post(t, as(identity(web.RoleOperate), New(Config{System: s, Logger: quiet()})), tt.path, tt.form, false)
			if status != tt.status {
				t.Errorf("status %d, want %d", status, tt.status)
			}
			for _, want := range tt.want {
				if !strings.Contains(body, want) {
					t.Errorf("it doesn't say %q: %s", want, body)
				}
			}
			if strings.Contains(body, "<script>alert") || strings.Contains(body, "\u202e") {
				t.Error("what was recorded became markup")
			}
			if got := s.asked; got.Group != tt.asked.Group || got.Route != tt.asked.Route || got.Rate != tt.asked.Rate || got.Limit != tt.asked.Limit || got.Against != tt.asked.Against {
				t.Errorf("asked was %+v, want %+v", got, tt.asked)
			}
			if tt.asked.Group != "" && (s.asked.Actor != web.Actor{Name: "anna", Verified: true}) {
				t.Errorf("by %+v", s.asked.Actor)
			}
		})
	}
}

// TestReplayStreams holds that a script gets each step on a line of its own, and an error as JSON too.
func TestReplayStreams(t *testing.T) {
	s := replayed()
	h := as(identity(web.RoleOperate), New(Config{System: s, Logger: quiet()}))
	ask := func(form string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodPost, "/groups/g1/replay", strings.NewReader(form))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Accept", mediaSteps)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	w := ask("")
	var steps []replayStep
	for line := range strings.Lines(w.Body.String()) {
		var step replayStep
		if err := json.Unmarshal([]byte(line), &step); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		steps = append(steps, step)
	}
	if len(steps) != 3 || steps[0].Of != 2 || steps[0].Row != nil || steps[2].Done != 2 || steps[2].Row.Outcome != "new" {
		t.Fatalf("steps %+v", steps)
	}
	if row := steps[2].Row; strings.Contains(row.Request+row.Why+row.Differences[0].Where, "\u202e") || row.Link != "/divergences/d2" {
		t.Errorf("a row's text isn't visible, or its link is wrong: %+v", row)
	}
	if !w.Flushed || w.Header().Get("Content-Type") != mediaSteps {
		t.Errorf("flushed: %t, type %q", w.Flushed, w.Header().Get("Content-Type"))
	}
	w = ask("rate=fast")
	var step replayStep
	if err := json.Unmarshal(w.Body.Bytes(), &step); err != nil || w.Code != 400 || step.Problem == nil || step.Problem.Detail == "" {
		t.Errorf("status %d, %v, %s", w.Code, err, w.Body)
	}
}

func TestExport(t *testing.T) {
	tests := []struct {
		name, path string
		status     int
		want       string
		file       string
	}{
		{"a group, as Hurl unless one says otherwise", "/groups/g1/export", 200, "GET {{base}}/api/orders/17", "g1.hurl"},
		{"a route as curl", "/routes/orders-read/export?as=curl&side=service&base=https://shop", 200, "'https://shop/api/orders/17'", "orders-read.sh"},
		{"no such format", "/groups/g1/export?as=pdf", 400, "no format &#34;pdf&#34;", ""},
		{"requests that go nowhere", "/groups/g1/export?base=shop", 400, "such as http://127.0.0.1:8080", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := replayed()
			h := as(identity(web.RoleEvidence), New(Config{System: s, Logger: quiet()}))
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, tt.path, nil))
			if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.want) {
				t.Errorf("status %d, want %d and %q: %.400s", w.Code, tt.status, tt.want, w.Body)
			}
			want := ""
			if tt.file != "" {
				want = `attachment; filename="` + tt.file + `"`
			}
			if got := w.Header().Get("Content-Disposition"); got != want {
				t.Errorf("Content-Disposition %q, want %q", got, want)
			}
			if w := httptest.NewRecorder(); true {
				as(identity(web.RoleView), New(Config{System: s, Logger: quiet()})).ServeHTTP(w, httptest.NewRequest(http.MethodGet, tt.path, nil))
				if w.Code != http.StatusForbidden {
					t.Errorf("status %d for a role that may not read evidence", w.Code)
				}
			}
		})
	}
	s := replayed()
	s.exchanges = nil
	if status, body := get(t, as(identity(web.RoleEvidence), New(Config{System: s, Logger: quiet()})), "/groups/g1/export"); status != 404 || !strings.Contains(body, "keep_matches") {
		t.Errorf("with nothing stored: status %d, %s", status, body)
	}
}
