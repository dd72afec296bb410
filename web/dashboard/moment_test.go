package dashboard

import (
	"strings"
	"testing"
	"time"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web"
)

func TestMoments(t *testing.T) {
	tests := []struct {
		name, path  string
		want, lacks []string
	}{
		{"typed: then and now", "/journal?at=2026-03-04+11:00", []string{"As it was at <time datetime=\"2026-03-04T11:00:00.000Z\">", ", and now", "<b>2</b> of 3 routes stand elsewhere", "gone", `orders-read</a></th><td data-label="Then"><span class="pos p-shadow">`}, nil},
		{"typed: two moments", "/journal?at=2026-03-04+10:30&to=2026-03-04T11:29:00Z", []string{"and at <time datetime=\"2026-03-04T11:29", "shadow", "canary 25%", "entry-3"}, []string{"entry-2", "entry-4", ", and now"}},
		{"the later one first", "/journal?to=2026-03-04+10:30&at=2026-03-04T11:30:00Z", []string{"As it was at <time datetime=\"2026-03-04T10:30", "entry-3"}, nil},
		{"with the slider", "/journal?step=2&until=3", []string{"As it was at <time datetime=\"2026-03-04T10:00:00.000Z\">", "and at <time datetime=\"2026-03-04T11:00:00.000Z\">", `name="step" type="range" min="1" max="8" step="1" value="2"`, "entry-3"}, []string{"entry-4"}},
		{"with the slider, up to now", "/journal?step=2&until=8", []string{", and now", "entry-8"}, nil},
		{"of one route", "/journal?route=stock&at=2026-03-04+11:00", []string{"1 that stand where they stood", "defined anew", "entry-4"}, []string{"entry-8", ">long-gone<"}},
		{"no time", "/journal?at=yesterday", []string{"That time can&#39;t be read", `role="alert"`}, []string{"As it was at"}},
		{"no second time", "/journal?at=2026-03-04&to=tomorrow", []string{"read time &#34;tomorrow&#34;"}, []string{"entry-"}},
		{"before everything", "/journal?at=2020-01-01", []string{"not there yet"}, nil},
		{"no moment: the entries, and where the slider may stand", "/journal", []string{"entry-8", `<option value="3" data-at="2026-03-04T11:00:00Z" label="orders-read shadow → 25%, ben">`}, []string{"As it was at"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := good()
			s.routes = s.routes[2:5:5] // orders-read, orders-list, stock
			s.routes = append(s.routes[:1], s.routes[2])
			s.tableAt = func(at time.Time) (was []web.Route) {
				if at.Before(noon.Add(-3 * time.Hour)) {
					return nil
				}
				read, stock := s.routes[0], s.routes[1]
				read.Phase, read.Weight = strangler.PhaseShadow, 0
				if !at.Before(noon.Add(-30 * time.Minute)) {
					read.Phase, read.Weight = strangler.PhaseCanary, 2500
				}
				if at.Equal(noon.Add(-time.Hour)) && strings.Contains(tt.path, "until") {
					read.Phase, read.Weight = strangler.PhaseCanary, 2500
				}
				stock.Version--
				return []web.Route{{Name: "long-gone"}, read, stock}
			}
			_, body := get(t, as(identity(web.RoleView), New(Config{System: s, Logger: quiet()})), tt.path)
			if at := strings.Index(body, `id="was"`); at >= 0 {
				slide := body[:at]
				for _, want := range tt.want {
					if !strings.Contains(body, want) {
						t.Errorf("it doesn't say %q: %s", want, body[at:])
					}
				}
				for _, lacks := range tt.lacks {
					if strings.Contains(body, lacks) {
						t.Errorf("it says %q", lacks)
					}
				}
				if !strings.Contains(slide, "<output for=\"step\"") {
					t.Error("there is no slider")
				}
			} else {
				t.Error("there is no place for a table")
			}
		})
	}
}

func TestNoSliderOverNothing(t *testing.T) {
	if _, body := get(t, as(identity(web.RoleView), New(Config{System: empty(), Logger: quiet()})), "/journal"); strings.Contains(body, `type="range"`) || !strings.Contains(body, "a slider appears") {
		t.Error("there is a slider, or nobody says when there will be one")
	}
}
