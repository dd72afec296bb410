package dashboard

import (
	"context"
	"math"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web"
)

// shownRows returns the names of the routes in the table of a page.
func shownRows(page string) []string {
	var names []string
	for _, found := range regexp.MustCompile(`id="row-([^"]+)"`).FindAllStringSubmatch(page, -1) {
		names = append(names, found[1])
	}
	return names
}

func TestRoutesAreFilteredAndSorted(t *testing.T) {
	s := good()
	s.routes[0].Owner = "team shop"
	h := as(identity(web.RoleView), New(Config{System: s, Logger: quiet()}))
	for _, tt := range []struct {
		name, query string
		want        []string
	}{
		{"all, in the configuration's order", "", []string{"catalogue-page", "catalogue-search", "orders-read", "orders-list", "stock", "reviews", "payments"}},
		{"a word of the name", "?q=ORDERS-", []string{"orders-read", "orders-list"}},
		{"a word of the path", "?q=isbn", []string{"stock"}},
		{"two words", "?q=catalogue+legacy", []string{"catalogue-page"}},
		{"a phase", "?q=phase:live", []string{"stock", "payments"}},
		{"an owner with a space", `?q=owner:"team+stock"`, []string{"stock", "reviews"}},
		{"an owner has to be the whole of it", "?q=owner:team", nil},
		{"a unit", "?q=unit:orders", []string{"orders-read", "orders-list"}},
		{"what is no field is text", "?q=/api/orders/{id}:", nil},
		{"by name, downwards", "?q=catalogue&sort=name&down=1", []string{"catalogue-search", "catalogue-page"}},
		{"by phase", "?sort=phase&q=api", []string{"catalogue-search", "orders-read", "orders-list", "stock", "payments", "reviews"}},
		{"by rate, the most first", "?sort=rate&down=1&q=api", []string{"stock", "orders-read", "catalogue-search", "payments", "orders-list", "reviews"}},
		{"an order that isn't", "?sort=nonsense&q=orders-", []string{"orders-read", "orders-list"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, page := get(t, h, "/routes"+tt.query)
			if status != http.StatusOK {
				t.Fatalf("status %d", status)
			}
			if diff := cmp.Diff(tt.want, shownRows(page)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if tt.want == nil && !strings.Contains(page, "No route matches the filter") {
				t.Error("nothing says that none matches")
			}
		})
	}
}

// TestRoutesArePaged holds that each route is on one page, and that with 2,000 routes a page is as light as with 50.
func TestRoutesArePaged(t *testing.T) {
	s := many(300)
	h := as(identity(web.RoleOperate), New(Config{System: s, Logger: quiet()}))
	var all []string
	for path := "/routes"; path != ""; {
		_, page := get(t, h, path)
		if len(page) > 300<<10 {
			t.Fatalf("%s has %d bytes", path, len(page))
		}
		all = append(all, shownRows(page)...)
		next := regexp.MustCompile(`rel="next" href="([^"]+)"`).FindStringSubmatch(page)
		if path = ""; next != nil {
			path = strings.ReplaceAll(next[1], "&amp;", "&")
		}
	}
	if len(all) != len(s.routes) || len(slices.Compact(slices.Sorted(slices.Values(all)))) != len(s.routes) {
		t.Errorf("%d rows of %d routes", len(all), len(s.routes))
	}
	h = as(identity(web.RoleOperate), New(Config{System: many(2000), Logger: quiet()}))
	fastest := time.Hour
	for range 5 {
		began := time.Now()
		get(t, h, "/routes?q=route&sort=rate&down=1")
		fastest = min(fastest, time.Since(began))
	}
	t.Logf("a page of 2,000 routes: %s", fastest)
	if fastest > 500*time.Millisecond && !testing.Short() { // ten times what it takes where nothing else runs, nor the race detector
		t.Errorf("a page of 2,000 routes takes %s", fastest)
	}
}

func TestBulk(t *testing.T) {
	s := good()
	h := as(web.Identity{Role: web.RoleOperate}, New(Config{System: s, Logger: quiet()}))
	_, page := get(t, h, "/bulk?do=shift&to=canary&weight=5&route=catalogue-search&route=orders-read&route=orders-list&route=payments")
	for _, want := range []string{"Move 2 routes to 5%?", "<b>catalogue-search</b>", `and with it orders-list`, `name="version:catalogue-search" value="3"`, "<h2>Left as they are</h2>", "<b>payments</b>"} {
		if !strings.Contains(page, want) {
			t.Errorf("the question lacks %q", want)
		}
	}
	move := "confirm=yes&do=shift&to=canary&weight=5&route=catalogue-search&route=orders-read&version:catalogue-search=3&version:orders-read=2&reason=together&actor=ben"
	status, page := post(t, h, "/bulk", move, false)
	if status != http.StatusConflict || !strings.Contains(page, "0 of 2 moved") || !strings.Contains(page, "Somebody moved it meanwhile") || !strings.Contains(page, "It stays with the others") {
		t.Errorf("one that was moved meanwhile: status %d, %.600s", status, page)
	}
	if r := s.Routes(); r[1].Weight == 500 || r[2].Weight != 2500 {
		t.Errorf("they stand at %s and %s, though one was moved meanwhile", r[1].Weight, r[2].Weight)
	}
	status, page = post(t, h, "/bulk", strings.Replace(move, "version:orders-read=2", "version:orders-read="+strconv.FormatInt(s.Routes()[2].Version, 10), 1), false)
	if status != http.StatusOK || !strings.Contains(page, "2 of 2 moved") {
		t.Errorf("both: status %d, %.600s", status, page)
	}
	if r := s.Routes()[1]; r.Weight != 500 || r.Reason != "together" || r.Actor != "ben" {
		t.Errorf("catalogue-search stands at %s, by %q because %q", r.Weight, r.Actor, r.Reason)
	}
	if r := s.Routes()[2]; r.Weight != 500 {
		t.Errorf("orders-read stands at %s", r.Weight)
	}
	status, page = post(t, h, "/bulk", "confirm=yes&do=rollback&to=shadow&route=catalogue-search&route=orders-read&route=payments", false)
	if status != http.StatusOK || !strings.Contains(page, "2 of 2 rolled back") {
		t.Errorf("a rollback: status %d, %.600s", status, page)
	}
	if r := s.Routes(); r[1].Phase != strangler.PhaseShadow || r[2].Phase != strangler.PhaseShadow || r[6].Phase != strangler.PhaseLive {
		t.Errorf("after it they stand at %s, %s, and payments at %s", r[1].Phase, r[2].Phase, r[6].Phase)
	}
	for name, form := range map[string]string{"no confirmation": "do=rollback&route=stock", "nothing chosen": "confirm=yes&do=rollback", "to retired": "confirm=yes&do=shift&to=retired&route=stock",
		"to nowhere": "confirm=yes&do=shift&to=x&route=stock", "no weight": "confirm=yes&do=shift&to=canary&route=stock", "no such route": "confirm=yes&do=rollback&route=nope"} {
		if status, _ := post(t, h, "/bulk", form, false); status < 400 {
			t.Errorf("%s: status %d", name, status)
		}
	}
	viewer := as(identity(web.RoleView), New(Config{System: s, Logger: quiet()}))
	if status, _ := post(t, viewer, "/bulk", move, false); status != http.StatusForbidden {
		t.Errorf("who may only view moves: status %d", status)
	}
	if _, page := get(t, viewer, "/routes"); strings.Contains(page, `id="bulk"`) || strings.Contains(page, "checkbox") {
		t.Error("who may only view gets controls")
	}
}

func TestSparks(t *testing.T) {
	nan := math.NaN()
	for _, tt := range []struct {
		name   string
		values []float64
		want   string
	}{
		{"nothing", []float64{nan, nan}, ""},
		{"up", []float64{0, 10}, "M10 205l940 -190"},
		{"a gap, and a value alone", []float64{5, 5, nan, 5, nan}, "M10 110l235 0M715 110h1"},
	} {
		if got := sparkPath(tt.values, 10); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestAftermath(t *testing.T) {
	now := time.Now().UTC().Truncate(time.Minute)
	move := web.Entry{Kind: "moved", Route: "stock", At: now.Add(-10 * time.Minute)}
	for _, tt := range []struct {
		name          string
		before, after web.SeriesPoint
		entry         web.Entry
		want, numbers string
	}{
		{"worse", web.SeriesPoint{Legacy: web.SeriesSide{Requests: 100}}, web.SeriesPoint{Service: web.SeriesSide{Requests: 100, Failed: 8}}, move, "more errors", "0% → 8%"},
		{"better", web.SeriesPoint{Legacy: web.SeriesSide{Requests: 100, Failed: 10}}, web.SeriesPoint{Service: web.SeriesSide{Requests: 100}}, move, "fewer errors", "10% → 0%"},
		{"as before", web.SeriesPoint{Legacy: web.SeriesSide{Requests: 100, Failed: 2}}, web.SeriesPoint{Service: web.SeriesSide{Requests: 100, Failed: 2}}, move, "errors as before", "2% → 2%"},
		{"what fell back no client saw", web.SeriesPoint{Legacy: web.SeriesSide{Requests: 100}}, web.SeriesPoint{Legacy: web.SeriesSide{Requests: 50}, Service: web.SeriesSide{Requests: 100, Failed: 50}, Fallbacks: 50}, move, "errors as before", "0% → 0%"},
		{"nobody asked since", web.SeriesPoint{Legacy: web.SeriesSide{Requests: 100}}, web.SeriesPoint{}, move, "too early to say", "0% → –"},
		{"nobody asked before", web.SeriesPoint{}, web.SeriesPoint{Service: web.SeriesSide{Requests: 100}}, move, "nothing to compare with", "– → 0%"},
		{"no move", web.SeriesPoint{}, web.SeriesPoint{}, web.Entry{Kind: "changed", Route: "stock", At: now}, "", ""},
		{"too long ago", web.SeriesPoint{}, web.SeriesPoint{}, web.Entry{Kind: "moved", Route: "stock", At: now.Add(-50 * time.Hour)}, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := good()
			s.series = func(q web.SeriesQuery) web.Series {
				line := web.SeriesLine{}
				for at := q.From; at.Before(q.To); at = at.Add(time.Minute) {
					p := tt.after
					if at.Before(tt.entry.At) {
						p = tt.before
					}
					p.At = at
					line.Points = append(line.Points, p)
				}
				return web.Series{Lines: []web.SeriesLine{line}}
			}
			d := quick(context.Background(), s)
			req, _ := http.NewRequest(http.MethodGet, "/", nil)
			got, err := aftermathOf(d.query(req), tt.entry, s.routes, now)
			if err != nil {
				t.Fatal(err)
			}
			if got == nil {
				if tt.want != "" {
					t.Fatal("nothing is said")
				}
				return
			}
			if got.Word != tt.want || got.Numbers() != tt.numbers {
				t.Errorf("%s (%s), want %s (%s)", got.Word, got.Numbers(), tt.want, tt.numbers)
			}
		})
	}
}
