package dashboard

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/strangler-fig/toolkit/web"
)

// fading is good, but that the newest example of g1 gives way while it is read.
type fading struct{ *system }

func (f fading) Divergence(ctx context.Context, id string) (web.Divergence, error) {
	d, err := f.system.Divergence(ctx, id)
	if id == "d1" {
		f.groups[0].Examples = slices.DeleteFunc(slices.Clone(f.groups[0].Examples), func(kept string) bool { return kept == id })
		d.Legacy, d.Service = nil, nil
	}
	return d, err
}

// TestExamplesGiveWayWhileTheyAreRead holds that a group shows an example that is kept, where there is one.
func TestExamplesGiveWayWhileTheyAreRead(t *testing.T) {
	h := as(identity(web.RoleOperate), New(Config{System: fading{good()}, Logger: quiet()}))
	_, body := get(t, h, "/groups/g1")
	if strings.Contains(body, "are not kept") || !strings.Contains(body, "1 of 2, newest first") || !strings.Contains(body, `href="/divergences/d2?group=g1">link to this divergence`) {
		t.Errorf("shown is %s", body[strings.Index(body, `id="example"`):])
	}
}

// TestExamplesGiveWay holds that a link to an example that isn't kept any more leads to the one after it,
// and not to the newest.
func TestExamplesGiveWay(t *testing.T) {
	kept := []string{"d8", "d6", "d4", "d2"}
	for _, tt := range []struct {
		name, id, from string
		at             int
		gone           bool
	}{
		{"none is asked for: the newest", "", "", 0, false},
		{"it is kept", "d6", "d8", 1, false},
		{"a link from a chat, to one that is gone: the next older", "d5", "", 2, true},
		{"older than all that are kept: the oldest", "d1", "", 3, true},
		{"on to an older one that is gone", "d5", "d6", 2, true},
		{"on to a newer one that is gone", "d5", "d4", 1, true},
		{"on to a newer one, from one that is gone too", "d5", "d3", 2, true},
		{"on to a newer one, and there is none", "d9", "d8", 0, true},
		{"all that there were are older", "da", "d9", 0, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if at, gone := exampleAt(kept, tt.id, tt.from); at != tt.at || gone != tt.gone {
				t.Errorf("it is at %d, gone %t, want %d, %t", at, gone, tt.at, tt.gone)
			}
		})
	}
}

// TestLinksLast holds that who takes the link to a divergence has its answers kept, and that one whose answers
// aren't kept any more leads to the nearest of its group that are, and says so.
func TestLinksLast(t *testing.T) {
	s := good()
	s.divergences = append(s.divergences, web.Divergence{ID: "d0", Group: "g1", Route: "orders-read", Method: "GET", Path: "/api/orders/gone"})
	h := as(identity(web.RoleEvidence), New(Config{System: s, Logger: quiet()}))
	_, body := get(t, h, "/divergences/d1?group=g1")
	if !strings.Contains(body, "Copy link and keep it") || !strings.Contains(body, `action="/divergences/d1/pin"`) {
		t.Errorf("there is no link to take: %s", body)
	}
	if status, _ := post(t, h, "/divergences/d1/pin", "group=g1", false); status != http.StatusSeeOther {
		t.Errorf("taking the link: status %d", status)
	}
	if status, _ := post(t, h, "/divergences/d1/pin", "group=g1", true); status != http.StatusNoContent {
		t.Errorf("taking the link with a script: status %d", status)
	}
	for _, path := range []string{"/divergences/d1?group=g1", "/groups/g1?example=d1"} {
		if _, body = get(t, h, path); !strings.Contains(body, "These answers are kept for who has the link. 2 of at most 10 of this group") {
			t.Errorf("%s doesn't say that it is kept: %s", path, body)
		}
	}
	if status, _ := post(t, h, "/divergences/d0/pin", "", true); status != http.StatusNotFound {
		t.Errorf("taking the link to what isn't kept: status %d", status)
	}
	if status, _ := post(t, as(identity(web.RoleView), New(Config{System: s, Logger: quiet()})), "/divergences/d1/pin", "", true); status != http.StatusForbidden {
		t.Errorf("who may not read has status %d", status)
	}

	_, body = get(t, h, "/divergences/d0?group=g1")
	for _, want := range []string{"are not kept: of a busy group only some are", "The nearest of its group that is kept", `href="/groups/g1?example=d3#example"`, visible(s.groups[0].Title), `aria-label="legacy&#39;s answer"`} {
		if !strings.Contains(body, want) && !strings.Contains(body, strings.ReplaceAll(want, "&#39;", "'")) {
			t.Errorf("a divergence whose answers are gone: it doesn't say %q: %s", want, body)
		}
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/divergences/d00?group=g1", nil))
	if w.Code != http.StatusFound || w.Header().Get("Location") != "/groups/g1?example=d00#example" {
		t.Errorf("one that is not on record leads to %d %s", w.Code, w.Header().Get("Location"))
	}
	if status, _ := get(t, h, "/divergences/d00"); status != http.StatusNotFound {
		t.Errorf("one of which no group is known: status %d", status)
	}
}
