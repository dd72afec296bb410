package command

import (
	"bytes"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web"
	"github.com/strangler-fig/toolkit/web/api"
)

// progressing has the route's evidence grow at the second look, its promotion at the third, and its
// end at the fourth.
func progressing(s *system) func(int) {
	return func(n int) {
		r := &s.rollouts[0]
		switch n {
		case 2:
			r.Gates[0].Count, r.Gates[0].Need, r.Why = 312, 2683, "holding at 5%: below 1.2%"
		case 3:
			r.Position, s.freeze = r.Steps[3], nil
		case 4:
			r.Position, r.State, r.Action, r.Why = r.Steps[5], web.RolloutDone, "done", "done at live, the last step"
			s.rollouts = s.rollouts[:1]
		}
	}
}

// TestRolloutWatch ends when all is done, and where nobody looks says only what is news.
func TestRolloutWatch(t *testing.T) {
	times := regexp.MustCompile(`(?m)^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d  `)
	for _, tt := range []struct{ name, args, want string }{
		{"of one", "rollout orders-read --watch", `orders-read at 5%, running; holding at 5%: divergence is below 1.4%, the gate wants 0.1%
orders-read at 25%, running; holding at 5%: below 1.2%
orders-read at live, done
`},
		{"of all", "rollout --watch", `promotions are frozen until thaw, by anna (unverified)
orders-read at 5%, running; holding at 5%: divergence is below 1.4%, the gate wants 0.1%
pause at shadow, advising (auto: false); advice: promoting to 1%: every gate holds
promotions are not frozen any more
orders-read at 25%, running; holding at 5%: below 1.2%
orders-read at live, done
`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSystem(t)
			s.freeze = &web.Freeze{Actor: "anna"}
			s.looked = progressing(s)
			status, stdout, stderr := s.run(t, strings.Fields(tt.args)...)
			if n := len(times.FindAllString(stdout, -1)); n != strings.Count(tt.want, "\n") {
				t.Errorf("%d lines have a time: %s", n, stdout)
			}
			if diff := cmp.Diff(tt.want, times.ReplaceAllString(stdout, "")); diff != "" || status != 0 || stderr != "" || s.looks != 4 {
				t.Errorf("status %d, errors %q, %d looks (-want +got):\n%s", status, stderr, s.looks, diff)
			}
		})
	}
}

// TestNews holds what is a line, and what is only more of the same.
func TestNews(t *testing.T) {
	tests := []struct {
		name   string
		change func(*rolloutReport)
		want   int // lines
	}{
		{"nothing", func(*rolloutReport) {}, 0},
		{"it knows more", func(r *rolloutReport) {
			r.Rollouts[0].Gates[0].Count++
			r.Rollouts[0].Why += "!"
			r.Rollouts[0].Forecast--
		}, 0},
		{"it moves", func(r *rolloutReport) { r.Rollouts[0].Position = strangler.Canary(25_00) }, 1},
		{"its state", func(r *rolloutReport) { r.Rollouts[0].State = web.RolloutPaused }, 1},
		{"why it is in it", func(r *rolloutReport) { r.Rollouts[0].StateWhy = "lunch" }, 1},
		{"what it is to do", func(r *rolloutReport) { r.Rollouts[0].Action, r.Rollouts[0].Why = "promote", "promoting to 25%" }, 1},
		{"and where to", func(r *rolloutReport) {
			r.Rollouts[0].To, r.Rollouts[0].Why = &r.Rollouts[0].Steps[1], "promoting to 1%"
		}, 1},
		{"it wants a person", func(r *rolloutReport) { r.Rollouts[0].Person, r.Rollouts[0].Why = true, "it needs a person" }, 1},
		{"it is held", func(r *rolloutReport) {
			r.Rollouts[0].Frozen, r.Rollouts[0].Why = "outside its window", "holding: outside its window"
		}, 1},
		{"a gate, and what is said of it", func(r *rolloutReport) {
			r.Rollouts[0].Gates[0].State, r.Rollouts[0].Why = "holds", "holding at 5%: it stays here for 10m at least"
		}, 1},
		{"all are frozen", func(r *rolloutReport) { r.Freeze = &web.Freeze{Actor: "anna"} }, 1},
		{"another comes", func(r *rolloutReport) { r.Rollouts = append(r.Rollouts, web.Rollout{Name: "other"}) }, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var v rolloutView
			if changed, got := v.news(rolloutReport{Rollouts: []web.Rollout{ordersRead()}}); len(got) != 1 || !changed {
				t.Fatalf("at first: %q", got)
			}
			report := rolloutReport{Rollouts: []web.Rollout{ordersRead()}}
			tt.change(&report)
			if changed, got := v.news(report); len(got) != tt.want || changed != (tt.want > 0) {
				t.Errorf("%q, want %d; changed: %v", got, tt.want, changed)
			}
			if changed, got := v.news(report); len(got) != 0 || changed {
				t.Errorf("the same again: %q", got)
			}
		})
	}
}

// TestNewsOfWhatIsDone has gates change of which the line of what is done says nothing: programs are told,
// and people don't read the same again.
func TestNewsOfWhatIsDone(t *testing.T) {
	var v rolloutView
	report := func(state string) rolloutReport {
		r := ordersRead()
		r.Position, r.State, r.Action = r.Steps[5], web.RolloutDone, "done"
		r.Gates[0].State = state
		return rolloutReport{Rollouts: []web.Rollout{r}}
	}
	v.news(report("open"))
	if changed, got := v.news(report("holds")); !changed || len(got) != 0 {
		t.Errorf("changed: %v, lines %q", changed, got)
	}
	if changed, _ := v.news(report("holds")); changed {
		t.Error("nothing changed")
	}
}

func TestRolloutWatchJSON(t *testing.T) {
	s := newSystem(t)
	s.looked = progressing(s)
	status, stdout, stderr := s.run(t, "rollout", "orders-read", "--watch", "-o", "json")
	var at []strangler.Position
	for decoder := json.NewDecoder(strings.NewReader(stdout)); decoder.More(); {
		var r web.Rollout
		if err := decoder.Decode(&r); err != nil {
			t.Fatal(err)
		}
		at = append(at, r.Position)
	}
	steps := ordersRead().Steps
	if diff := cmp.Diff([]strangler.Position{steps[2], steps[3], steps[5]}, at); diff != "" || status != 0 || stderr != "" {
		t.Errorf("status %d, errors %q, one document a change (-want +got):\n%s", status, stderr, diff)
	}
}

// TestRolloutWatchTerminal draws anew each time, also what is no news.
func TestRolloutWatchTerminal(t *testing.T) {
	s := newSystem(t)
	s.looked = progressing(s)
	client, err := api.NewClient(api.ClientConfig{URL: s.url})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	cmd := &cobra.Command{}
	cmd.SetOut(&out)
	v := &rolloutView{cmd: cmd, output: new(output), client: client, route: "orders-read", terminal: true, width: func() int { return 0 }}
	for i := range 4 {
		more, err := v.next(t.Context())
		if err != nil || more != (i < 3) {
			t.Fatalf("look %d: more %v, error %v", i+1, more, err)
		}
	}
	screens := strings.Split(out.String(), clearScreen)
	if len(screens) != 4 {
		t.Fatalf("%d screens: %q", len(screens), out.String())
	}
	for i, want := range []string{" 2783 ", " 2683 ", "[25%]", "100 %"} {
		if !strings.Contains(screens[i], want) || !strings.Contains(screens[i], "[=") {
			t.Errorf("screen %d has no %q or no bar:\n%s", i+1, want, screens[i])
		}
	}
}

func TestRolloutWatchLosesTheProxy(t *testing.T) {
	s := newSystem(t)
	s.looked = func(n int) { s.rollouts = s.rollouts[1:] }
	if status, _, stderr := s.run(t, "rollout", "orders-read", "--watch"); status != 4 || !strings.Contains(stderr, "no rollout of route orders-read") {
		t.Errorf("the rollout is no more: status %d, errors %s", status, stderr)
	}
	s.url = "http://127.0.0.1:1" // which never answered
	if status, _, _ := s.run(t, "rollout", "--watch"); status != statusUnreachable {
		t.Errorf("no proxy: status %d", status)
	}
}

// TestWatchSurvivesARestart has the proxy go away twice and come back. It is said once each time that it
// is away, and what is watched goes on.
func TestWatchSurvivesARestart(t *testing.T) {
	for _, args := range [][]string{{"rollout", "--watch"}, {"rollout", "orders-read", "--watch"}} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			s := newSystem(t)
			away := 0
			s.looked = func(n int) {
				s.rollouts = s.rollouts[:1]
				if n == 6 {
					s.rollouts[0].State = web.RolloutDone
				}
			}
			behind, err := url.Parse(s.url)
			if err != nil {
				t.Fatal(err)
			}
			next := httputil.NewSingleHostReverseProxy(behind)
			next.ErrorLog = log.New(io.Discard, "", 0)
			asked := 0
			front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked++
				if n := asked; n >= 3 && n <= 5 || n == 8 || n == 9 { // a client asks a second time where it had the connection
					away++
					panic(http.ErrAbortHandler) // the connection breaks
				}
				r.Host = behind.Host
				next.ServeHTTP(w, r)
			}))
			defer front.Close()
			front.Config.ErrorLog = log.New(io.Discard, "", 0)
			s.url = front.URL
			status, stdout, stderr := s.run(t, args...)
			if n := strings.Count(stderr, "can't reach the admin API at "+front.URL+"/api/v1 any more: "); status != 0 || n != 2 || strings.Count(stderr, "\n") != 2 {
				t.Errorf("status %d, errors %s", status, stderr)
			}
			if !strings.HasSuffix(stdout, "orders-read at 5%, done\n") || strings.Count(stdout, "\n") != 2 || away != 5 {
				t.Errorf("away %d times: %s", away, stdout)
			}
		})
	}
}
