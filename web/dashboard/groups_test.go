package dashboard

import (
	"context"
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
	if strings.Contains(body, "no longer kept") || !strings.Contains(body, "1 of 2, newest first") || !strings.Contains(body, `href="/divergences/d2">link to this divergence`) {
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
