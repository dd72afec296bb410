package dashboard

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/strangler-fig/toolkit/web"
)

func TestFreezeUntil(t *testing.T) {
	tests := []struct {
		name, form, want, err string
	}{
		{"for a while", "for=8h", "2026-03-04T20:00:00Z", ""},
		{"until it is thawed", "for=thawed", "0001-01-01T00:00:00Z", ""},
		{"until then, whatever is ticked", "for=1h&until=2026-03-09+07:30", "2026-03-09T07:30:00Z", ""},
		{"until then, with a zone", "until=2026-03-09T07:30:00%2B01:00", "2026-03-09T06:30:00Z", ""},
		{"a time that is over", "until=2026-03-04+11:59", "", "is over already"},
		{"no time", "until=tomorrow", "", "read time"},
		{"no span", "for=ever", "", "until when"},
		{"nothing", "", "", "until when"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			form, err := url.ParseQuery(tt.form)
			if err != nil {
				t.Fatal(err)
			}
			at, err := freezeUntil(form, noon)
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("error %v, want one that says %q", err, tt.err)
				}
				return
			}
			if got := at.Format(time.RFC3339); err != nil || got != tt.want {
				t.Errorf("%s, %v, want %s", got, err, tt.want)
			}
		})
	}
}

func TestFreezeAndThaw(t *testing.T) {
	s := good()
	h := as(identity(web.RoleOperate), New(Config{System: s, Logger: quiet()}))
	if _, page := get(t, h, "/"); !strings.Contains(page, `<div id="freeze" class="frozen gone" role="status"></div>`) {
		t.Error("there is a banner though nothing is frozen")
	}
	if status, page := post(t, h, "/freeze", "until=yesterday&reason=kept+text", false); status != 400 || !strings.Contains(page, "kept text") || !strings.Contains(page, `role="alert"`) {
		t.Errorf("a time that is none: status %d", status)
	}
	if s.freeze != nil {
		t.Fatal("it froze all the same")
	}
	if status, page := post(t, h, "/freeze", "until=2999-12-24+07:30&reason=Christmas", false); status != 303 {
		t.Fatalf("status %d: %s", status, page)
	}
	want := &web.Freeze{Until: time.Date(2999, 12, 24, 7, 30, 0, 0, time.UTC), At: noon, Reason: "Christmas", Actor: "anna", Verified: true}
	if diff := cmp.Diff(want, s.freeze); diff != "" {
		t.Fatalf("(-want +got):\n%s", diff)
	}
	view := as(identity(web.RoleView), New(Config{System: s, Logger: quiet()}))
	for _, path := range append(pages, "/nope") { // every page tells it
		_, page := get(t, view, path)
		banner := between(t, page, `<div id="freeze" class="frozen" role="status">`, "</div>")
		for _, want := range []string{"Promotions are frozen", "2999-12-24 07:30:00 UTC", "anna, ", "“Christmas”", "rollbacks are made all the same"} {
			if !strings.Contains(banner, want) {
				t.Errorf("%s: the banner doesn't say %q: %s", path, want, banner)
			}
		}
	}
	if _, page := get(t, h, "/freeze"); !strings.Contains(page, "They are frozen already, until") {
		t.Error("who freezes again isn't told")
	}
	if _, page := get(t, h, "/thaw"); !strings.Contains(page, "1 of them is running") {
		t.Error("who thaws isn't told what goes on then")
	}
	if status, _ := post(t, h, "/thaw", "reason=over", false); status != 303 || s.freeze != nil {
		t.Errorf("status %d, and it is frozen: %v", status, s.freeze != nil)
	}
	last := s.entries[len(s.entries)-2:]
	entries := []web.Entry{{Kind: "frozen", Actor: "anna", Verified: true, Reason: "Christmas"}, {Kind: "thawed", Actor: "anna", Verified: true, Reason: "over"}}
	if diff := cmp.Diff(entries, last, cmpopts.IgnoreFields(web.Entry{}, "Seq", "At")); diff != "" {
		t.Errorf("the journal (-want +got):\n%s", diff)
	}
	if _, page := get(t, h, "/thaw"); !strings.Contains(page, "there is nothing to thaw") {
		t.Error("who thaws twice isn't told")
	}
}

// TestFreezeFails holds that what couldn't be written says so at the control.
func TestFreezeFails(t *testing.T) {
	for _, path := range []string{"/freeze", "/thaw"} {
		s := good()
		s.fails = &web.InvalidError{Why: "until is too far away"}
		status, page := post(t, as(identity(web.RoleOperate), New(Config{System: s, Logger: quiet()})), path, "for=1h&reason=kept+text", false)
		if status != 422 || !strings.Contains(page, "too far away") || !strings.Contains(page, "kept text") {
			t.Errorf("%s: status %d", path, status)
		}
	}
}
