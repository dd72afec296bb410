package dashboard

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/web"
)

const csp = "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; object-src 'none'"

// as puts h behind what package web puts it behind.
func as(id web.Identity, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", csp)
		w.Header().Set("Cache-Control", "no-store")
		h.ServeHTTP(w, r.WithContext(web.WithIdentity(r.Context(), id)))
	})
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func get(t *testing.T, h http.Handler, path string) (int, string) {
	t.Helper()
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, path, nil))
	body, _ := io.ReadAll(rec.Result().Body)
	return rec.Code, string(body)
}

// pages are all pages that the good system has.
var pages = []string{"/", "/?x=1", "/routes", "/routes?q=owner:nobody", "/routes?q=orders&sort=rate&down=1&span=7d&page=4", "/bulk?do=shift&to=canary&weight=5&route=orders-read&route=stock", "/bulk?do=rollback&to=legacy&route=payments&route=stock", "/routes/orders-read", "/routes/catalogue-page?method=GET&url=/api/orders/1&headers=A:%20b",
	"/routes/stock?url=bad", "/groups", "/groups?route=stock&state=open", "/groups/g1", "/groups/g1?example=d2", "/groups/g2",
	"/divergences/d1", "/divergences/d2", "/divergences/d3", "/divergences/d4", "/rules", "/rules?route=orders-read", "/rules?route=orders-read&rules=ignore+/total", "/rules?group=g1", "/journal", "/journal?route=stock", "/journal?before=3",
	"/journal?at=2026-03-04+11:00", "/journal?at=yesterday", "/services", "/config", "/rollback", "/rollback?route=orders-read",
	"/rollback?route=payments", "/rollback?route=stock", "/rollback?service=orders", "/rollback?unit=orders",
	"/routes/catalogue-search", "/routes/orders-list", "/routes/orders-read/rollout/pause", "/routes/catalogue-search/rollout/resume", "/routes/orders-read/rollout/promote",
	"/routes/orders-read/rollout/abort", "/routes/stock/rollout/promote", "/freeze", "/thaw", "/groups/g1/replay", "/routes/stock/replay"}

func TestPages(t *testing.T) {
	for name, s := range map[string]*system{"good": good(), "hostile": hostile()} {
		for _, role := range []web.Role{web.RoleView, web.RoleEvidence, web.RoleOperate} {
			h := as(identity(role), New(Config{System: s, Logger: quiet(), Version: "v0.1.0"}))
			for _, path := range pages {
				t.Run(name+" "+string(role)+" "+path, func(t *testing.T) {
					if name == "hostile" && strings.Contains(path, "=orders") && strings.HasPrefix(path, "/rollback?") && !strings.Contains(path, "route") {
						return // its units and services have other names
					}
					status, body := get(t, h, path)
					if status != http.StatusOK || !strings.Contains(body, "</html>") {
						t.Fatalf("status %d, %.300s", status, body)
					}
				})
			}
		}
	}
}

// TestRollbackIsEverywhere holds that whoever may move routes is one click and one confirmation away from
// a rollback of everything, on every page and also on those that tell of an error.
func TestRollbackIsEverywhere(t *testing.T) {
	const button = `href="/rollback" data-dialog>`
	for role, want := range map[web.Role]bool{web.RoleView: false, web.RoleEvidence: false, web.RoleOperate: true} {
		for name, s := range map[string]*system{"good": good(), "hostile": hostile(), "empty": empty()} {
			h := as(identity(role), New(Config{System: s, Logger: quiet()}))
			for _, path := range append(pages, "/nope", "/groups/nope", "/routes/nope") {
				if _, body := get(t, h, path); strings.Contains(body, button) != want {
					t.Errorf("%s, %s, %s: the button is there: %t", name, role, path, !want)
				}
			}
		}
	}
}

func TestEmptyPagesTeach(t *testing.T) {
	h := as(identity(web.RoleOperate), New(Config{System: empty(), Logger: quiet()}))
	for path, want := range map[string]string{
		"/":         "No routes yet",
		"/routes":   "No routes yet",
		"/groups":   "strangler shift NAME shadow",
		"/journal":  "Nothing is in the journal yet",
		"/services": "No services yet",
		"/config":   "strangler init",
		"/rollback": "Nothing would move",
	} {
		if status, body := get(t, h, path); status != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s: status %d, and it doesn't say %q", path, status, want)
		}
	}
}

// TestStrangersTextIsText holds that nothing recorded becomes markup, and that what hides or
// turns text around is visible.
func TestStrangersTextIsText(t *testing.T) {
	h := as(identity(web.RoleOperate), New(Config{System: hostile(), Logger: quiet()}))
	for _, path := range append(pages, "/routes/"+strings.Repeat("%3Cscript%3E", 9), "/nowhere/%3Cimg%20src=x%3E") {
		_, body := get(t, h, path)
		for _, bad := range []string{"<script>alert", "<img", "</pre><script", "\u202e", "\x00", "\xff", "\"onx=", " onx=", "href=\"javascript:"} {
			if at := strings.Index(body, bad); at >= 0 {
				t.Errorf("%s has %q: %.120s", path, bad, body[max(0, at-60):])
			}
		}
	}
	if _, body := get(t, h, "/divergences/d1"); !strings.Contains(body, "⟨U&#43;202E⟩") {
		t.Error("a character that turns text around isn't named")
	}
}

func TestErrorsArePages(t *testing.T) {
	broken := good()
	broken.fails = errors.New("read ledger: disk on fire")
	tests := []struct {
		name, path string
		system     *system
		status     int
		want       string
	}{
		{"no such route, with the nearest name", "/routes/orders-reed", good(), 404, "did you mean"},
		{"rules of no route", "/rules?route=nope", good(), 404, "There is no such route"},
		{"rules for no group", "/rules?group=nope", good(), 404, "no group nope"},
		{"no such group", "/groups/nope", good(), 404, "no group nope"},
		{"no such divergence", "/divergences/nope", good(), 404, "no divergence nope"},
		{"no such page", "/nope", good(), 404, "no page /nope"},
		{"no such service to roll back", "/rollback?service=nope", good(), 404, "No route belongs to it"},
		{"the ledger can't be read", "/groups", broken, 503, "disk on fire"},
		{"the journal can't be read", "/journal", broken, 503, "disk on fire"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			status, body := get(t, as(identity(web.RoleView), New(Config{System: tt.system, Logger: quiet()})), tt.path)
			if status != tt.status || !strings.Contains(body, tt.want) || !strings.Contains(body, `role="alert"`) {
				t.Errorf("status %d, want %d and %q in %.2000s", status, tt.status, tt.want, body)
			}
		})
	}
}

// TestPagesDoWithoutTheLedger holds that those who have to act see where routes stand and can move them
// while neither ledger nor journal can be read, and that the pages don't take that for nothing.
func TestPagesDoWithoutTheLedger(t *testing.T) {
	broken := good()
	broken.fails = errors.New("database disk image is malformed")
	h := as(identity(web.RoleOperate), New(Config{System: broken, Logger: quiet()}))
	for path, want := range map[string]string{"/": `id="rollback-all"`, "/routes": `id="row-orders-read"`, "/routes/orders-read": `id="move-button"`} {
		status, body := get(t, h, path)
		if status != http.StatusOK || !strings.Contains(body, want) || !strings.Contains(body, "The ledger can&#39;t be read.") || !strings.Contains(body, "disk image is malformed") {
			t.Errorf("%s: status %d, and it lacks %s or doesn't say what can't be read", path, status, want)
		}
		for _, lie := range []string{"Nothing has moved yet", "no open groups", "nothing diverged", "comes with the second minute"} {
			if strings.Contains(body, lie) {
				t.Errorf("%s says %q, and doesn't know", path, lie)
			}
		}
	}
	for path, want := range map[string]string{"/groups": "The ledger can&#39;t be read", "/journal": "The journal can&#39;t be read"} {
		if status, body := get(t, h, path); status != http.StatusServiceUnavailable || !strings.Contains(body, want) || !strings.Contains(body, `href="`+path+`">Try again`) || !strings.Contains(body, "Clients are served as before") {
			t.Errorf("%s: status %d, and it doesn't say %q, or what one may do", path, status, want)
		}
	}
}

func TestRoles(t *testing.T) {
	var logged strings.Builder
	logger := slog.New(slog.NewTextHandler(&logged, nil))
	for _, tt := range []struct {
		role           web.Role
		opens          bool
		reads, operate bool
	}{{"", false, false, false}, {web.RoleView, true, false, false}, {web.RoleEvidence, true, true, false}, {web.RoleOperate, true, true, true}} {
		t.Run(string(tt.role), func(t *testing.T) {
			logged.Reset()
			s := good()
			s.divergences[0].Differences[0] = shadow.Difference{Pointer: "/users/ada@example.com/tier", Pattern: "/users/*/tier", Kind: shadow.KindMissing}
			h := as(identity(tt.role), New(Config{System: s, Logger: logger}))
			status, body := get(t, h, "/routes/orders-read")
			if (status == http.StatusOK) != tt.opens {
				t.Fatalf("status %d", status)
			}
			if got := strings.Contains(body, `id="move-button"`); got != tt.operate {
				t.Errorf("controls on the page: %v, want %v", got, tt.operate)
			}
			for _, path := range []string{"/divergences/d1", "/groups/g1"} {
				_, body = get(t, h, path)
				if got := strings.Contains(body, "41.98"); got != tt.reads {
					t.Errorf("%s: recorded values on the page: %v, want %v", path, got, tt.reads)
				}
				if got := strings.Contains(body, "ada@example.com"); got != tt.reads {
					t.Errorf("%s: the id of a recorded element on the page: %v, want %v", path, got, tt.reads)
				}
				if withheld := strings.Contains(body, "withheld"); withheld != (tt.opens && !tt.reads) {
					t.Errorf("%s: it says that answers are withheld: %v", path, withheld)
				}
			}
			if got := strings.Count(logged.String(), "recorded answers read"); got != map[bool]int{true: 2}[tt.reads] {
				t.Errorf("%d readings are logged: %s", got, logged.String())
			}
			if tt.reads && !strings.Contains(logged.String(), "actor=anna verified=true divergence=d1 route=orders-read") {
				t.Errorf("the log doesn't say who read what: %s", logged.String())
			}
			for _, path := range []string{"/routes/orders-read/shift", "/routes/orders-read/undo", "/rollback", "/groups/g1/state", "/rules", "/rules/r1/drop"} {
				if status, _ := post(t, h, path, "to=legacy&version=3&confirm=yes", false); (status != http.StatusForbidden) != tt.operate {
					t.Errorf("POST %s: status %d", path, status)
				}
			}
		})
	}
}

func TestAssets(t *testing.T) {
	files := newAssets()
	h := New(Config{System: empty(), Logger: quiet()})
	for name := range files.files {
		address, err := files.url(name)
		if err != nil {
			t.Fatal(err)
		}
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, address, nil))
		if rec.Code != http.StatusOK || !strings.Contains(rec.Header().Get("Cache-Control"), "immutable") || rec.Body.Len() == 0 {
			t.Errorf("%s: status %d, headers %v", address, rec.Code, rec.Header())
		}
		again := httptest.NewRequest(http.MethodGet, address, nil)
		again.Header.Set("If-None-Match", rec.Header().Get("ETag"))
		rec = httptest.NewRecorder()
		h.ServeHTTP(rec, again)
		if rec.Code != http.StatusNotModified {
			t.Errorf("%s again: status %d", address, rec.Code)
		}
	}
	if status, _ := get(t, h, "/assets/0/nope.js"); status != http.StatusNotFound {
		t.Errorf("an asset that there isn't: status %d", status)
	}
}

// TestPagesAreSmall counts what a first visit of a page costs with 500 routes, with all it loads.
func TestPagesAreSmall(t *testing.T) {
	server := httptest.NewServer(as(identity(web.RoleOperate), New(Config{System: many(500), Logger: quiet()})))
	defer server.Close()
	fetch := func(path string) (wire int, body string) {
		req, _ := http.NewRequest(http.MethodGet, server.URL+path, nil)
		req.Header.Set("Accept-Encoding", "gzip")
		resp, err := server.Client().Transport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		packed, _ := io.ReadAll(resp.Body)
		if resp.Header.Get("Content-Encoding") != "gzip" {
			t.Errorf("%s isn't compressed", path)
		}
		z, err := gzip.NewReader(bytes.NewReader(packed))
		if err != nil {
			t.Fatal(err)
		}
		plain, _ := io.ReadAll(z)
		return len(packed), string(plain)
	}
	loads := regexp.MustCompile(`(?:href|src)="(/assets/[^"]+)"`)
	for _, page := range []string{"/", "/routes", "/routes/orders-read"} {
		total, body := fetch(page)
		for _, asset := range loads.FindAllStringSubmatch(body, -1) {
			n, _ := fetch(asset[1])
			total += n
		}
		t.Logf("%s: %d bytes on the wire", page, total)
		if total > 150_000 {
			t.Errorf("%s costs %d bytes on the wire, more than 150 KB", page, total)
		}
	}
}
