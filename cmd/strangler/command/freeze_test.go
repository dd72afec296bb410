package command

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/web"
)

func TestFreeze(t *testing.T) {
	s := newSystem(t)
	status, stdout, stderr := s.run(t, "freeze", "--reason", "the sales")
	if want := "promotions are frozen until thaw, by " + osUser() + " (unverified): the sales\n"; status != 0 || stdout != want || stderr != "" || !s.freeze.Until.IsZero() {
		t.Errorf("status %d, errors %q, %q, want %q; frozen: %+v", status, stderr, stdout, want, s.freeze)
	}
	if _, stdout, _ = s.run(t, "freeze", "--until", "2100-12-24 09:00"); !strings.Contains(stdout, "until 2100-12-24 09:00:00, by") {
		t.Errorf("until a time: %s", stdout)
	}
	before := time.Now()
	_, stdout, _ = s.run(t, "freeze", "--until", "1d12h", "-o", "json")
	var report freezeReport
	if err := json.Unmarshal([]byte(stdout), &report); err != nil || report.Freeze == nil {
		t.Fatalf("%v: %s", err, stdout)
	}
	if until := report.Freeze.Until; until.Before(before.Add(36*time.Hour)) || until.After(time.Now().Add(36*time.Hour)) {
		t.Errorf("for 36 hours: until %v", until)
	}
	if _, stdout, _ = s.run(t, "status"); !strings.Contains(stdout, "\npromotions are frozen until ") {
		t.Errorf("status says nothing of it: %s", stdout)
	}

	held := *s.freeze
	if status, _, stderr = s.run(t, "freeze", "--until", "2001-01-01"); status != 2 || !strings.Contains(stderr, "that is past") || !cmp.Equal(held, *s.freeze) {
		t.Errorf("until what is past: status %d, errors %q", status, stderr)
	}
	if status, _, _ = s.run(t, "freeze", "--until="); status != 2 {
		t.Errorf("until nothing, as of a variable that isn't set: status %d", status)
	}

	status, stdout, stderr = s.run(t, "thaw", "--reason", "over")
	if status != 0 || stdout != "promotions are not frozen\n" || stderr != "" || s.freeze != nil {
		t.Errorf("status %d, errors %q, %q; frozen: %+v", status, stderr, stdout, s.freeze)
	}
	if diff := cmp.Diff([]string{"over"}, s.thaws); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, stdout, _ = s.run(t, "thaw", "-o", "json"); stdout != "{}\n" {
		t.Errorf("thawed, as JSON: %s", stdout)
	}
	if _, stdout, _ = s.run(t, "status"); strings.Contains(stdout, "frozen") {
		t.Errorf("status says that something is frozen: %s", stdout)
	}
}

func TestStatusTellsWhoWantsAPerson(t *testing.T) {
	s := newSystem(t)
	s.rollouts[0].Person = true
	if _, stdout, _ := s.run(t, "status"); strings.Count(stdout, "wants a person") != 1 || !strings.Contains(stdout, "\nrollout of orders-read wants a person: holding at 5%: divergence is below 1.4%") {
		t.Errorf("status says\n%s", stdout)
	}
	if _, stdout, _ := s.run(t, "status", "-o", "json"); !strings.Contains(stdout, `"person": true`) {
		t.Errorf("status as JSON says\n%s", stdout)
	}
}

// TestJournalOfRollouts holds what the journal says of routes that are steered, and of all.
func TestJournalOfRollouts(t *testing.T) {
	s := newSystem(t)
	steered := func(seq int64, steering, reason string) web.Entry {
		at := ordersRead().Position
		return web.Entry{Seq: seq, At: noon, Kind: "steered", Route: "orders-read", Version: seq, Before: &at, After: &at, Actor: "anna", Verified: true, Reason: reason, Steering: json.RawMessage(steering)}
	}
	promoted := ordersRead().Steps
	s.entries = []web.Entry{
		{Seq: 9, At: noon, Kind: "thawed", Version: 3, Actor: "anna", Verified: true},
		{Seq: 8, At: noon, Kind: "frozen", Version: 2, Actor: "anna", Verified: true, Reason: "the sales", Steering: json.RawMessage(`{"until":"2026-12-24T09:00:00Z"}`)},
		{Seq: 7, At: noon, Kind: "frozen", Version: 1, Actor: "anna", Verified: true, Steering: json.RawMessage(`{}`)},
		steered(6, `{"state":"paused","why":"a release","service_version":"v7"}`, "a release"),
		steered(5, `{"service_version":"v7"}`, ""),
		steered(4, `{}`, "go on"),
		steered(3, `{"state":"resting","why":"divergence is broken","until":"2026-05-04T13:00:00Z"}`, ""),
		{Seq: 2, At: noon, Kind: "moved", How: "promote", Route: "orders-read", Version: 2, Before: &promoted[1], After: &promoted[2], Actor: "rollout", Verified: true, Reason: "every gate holds"},
		steered(1, `"what nobody knows"`, ""),
	}
	_, got, _ := s.run(t, "journal", "-o", "wide")
	want := `SEQ  AT  ROUTE  WHAT  FROM  TO  VERSION  BY  REASON
9  2026-05-04 12:00:00  -  thawed  -  -  -  anna
8  2026-05-04 12:00:00  -  frozen until 2026-12-24 09:00:00  -  -  -  anna  the sales
7  2026-05-04 12:00:00  -  frozen  -  -  -  anna
6  2026-05-04 12:00:00  orders-read  paused  5%  5%  6  anna  a release
5  2026-05-04 12:00:00  orders-read  resumed with v7  5%  5%  5  anna
4  2026-05-04 12:00:00  orders-read  resumed  5%  5%  4  anna  go on
3  2026-05-04 12:00:00  orders-read  resting until 2026-05-04 13:00:00  5%  5%  3  anna  divergence is broken
2  2026-05-04 12:00:00  orders-read  promote  1%  5%  2  rollout  every gate holds
1  2026-05-04 12:00:00  orders-read  resumed  5%  5%  1  anna
`
	got = regexp.MustCompile(` {2,}`).ReplaceAllString(got, "  ")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, got, _ = s.run(t, "journal", "-o", "json"); !strings.Contains(got, `"state": "resting"`) {
		t.Errorf("as JSON: %s", got)
	}
}

func TestParseUntil(t *testing.T) {
	now := time.Date(2026, 5, 2, 12, 0, 0, 0, time.UTC)
	tests := []struct {
		name, text string
		want       time.Time // zero: refused
	}{
		{"for how long", "90m", now.Add(90 * time.Minute)},
		{"for days", "3d", now.Add(72 * time.Hour)},
		{"for days and hours", "1d12h", now.Add(36 * time.Hour)},
		{"RFC 3339", "2026-12-24T09:00:00+01:00", time.Date(2026, 12, 24, 8, 0, 0, 0, time.UTC)},
		{"local date and time", "2026-12-24 09:00", time.Date(2026, 12, 24, 9, 0, 0, 0, time.Local)},
		{"the beginning of a local day", "2026-12-24", time.Date(2026, 12, 24, 0, 0, 0, 0, time.Local)},
		{"what is past", "2026-05-02T11:59:59Z", time.Time{}},
		{"now", "0s", time.Time{}},
		{"how long ago", "-90m", time.Time{}},
		{"days ago", "-3d", time.Time{}},
		{"days less something", "1d-48h", time.Time{}},
		{"days less hours, which no duration says so", "3d-1h", time.Time{}},
		{"days without a number", "d", time.Time{}},
		{"a word", "monday", time.Time{}},
		{"nothing", "", time.Time{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := parseUntil(tt.text, now)
			if (err == nil) == tt.want.IsZero() || err == nil && !got.Equal(tt.want) {
				t.Errorf("parseUntil(%q) = %v, %v; want %v", tt.text, got, err, tt.want)
			}
		})
	}
}

func FuzzParseUntil(f *testing.F) {
	for _, seed := range []string{"3d", "1d12h", "90m", "2026-12-24", "2026-12-24 09:00", "NaNd", "1e9d", "Infd", "0x1p3d", "9223372036s", "36499.99d9223372036s"} {
		f.Add(seed)
	}
	now := time.Date(2026, 5, 2, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, s string) {
		if until, err := parseUntil(s, now); err == nil && (!until.After(now) || until.Year() > 9999) {
			t.Errorf("%q is until %v, seen from %v", s, until, now)
		}
	})
}
