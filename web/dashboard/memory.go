package dashboard

import (
	"context"
	"fmt"
	"time"

	"github.com/strangler-fig/toolkit/web"
)

// memory is a System that reads figures, groups, journal and configuration again only after an event said
// that they changed, and series only so often. Figures it takes from the event, which has worked them out
// once for all rooms: with hundreds of routes that is most of the work. It belongs to one room and is
// not safe for concurrent use.
type memory struct {
	web.System
	stats   *web.Stats // which rooms share, and nobody changes
	config  *web.ConfigState
	groups  map[[2]string][]web.Group
	entries map[web.EntryQuery][]web.Entry
	series  map[string]read
}

// read are series, as of a moment.
type read struct {
	web.Series
	at time.Time
}

// seriesFresh is for how long series are as good as new: figures come in every ten seconds.
const seriesFresh = 10 * time.Second

func (m *memory) forget(event web.Event) {
	switch event.Type {
	case "groups":
		m.groups = nil
	case "stats":
		m.stats = nil
		if told, is := event.Data.(web.Stats); is {
			m.stats = &told
		}
	case "rollout": // what was told to one, or to all, is in the journal
		m.entries = nil
	default: // routes came, went or moved
		m.stats, m.config, m.groups, m.entries, m.series = nil, nil, nil, nil, nil
	}
}

func (m *memory) Stats() web.Stats {
	if m.stats == nil {
		now := m.System.Stats()
		m.stats = &now
	}
	return *m.stats
}

func (m *memory) Config() web.ConfigState {
	if m.config == nil {
		now := m.System.Config()
		m.config = &now
	}
	return *m.config
}

func (m *memory) Groups(ctx context.Context, route, state string) ([]web.Group, error) {
	key := [2]string{route, state}
	if found, ok := m.groups[key]; ok {
		return found, nil
	}
	found, err := m.System.Groups(ctx, route, state)
	if err == nil {
		if m.groups == nil {
			m.groups = make(map[[2]string][]web.Group)
		}
		m.groups[key] = found
	}
	return found, err
}

func (m *memory) Entries(ctx context.Context, q web.EntryQuery) ([]web.Entry, error) {
	if found, ok := m.entries[q]; ok {
		return found, nil
	}
	found, err := m.System.Entries(ctx, q)
	if err == nil {
		if m.entries == nil {
			m.entries = make(map[web.EntryQuery][]web.Entry)
		}
		m.entries[q] = found
	}
	return found, err
}

// maxRead is how many series are remembered; a page asks for a few.
const maxRead = 40

// Series remembers by what was asked, but for an end that goes on with the clock. What is wholly past,
// and was read after it, stays as it is.
func (m *memory) Series(ctx context.Context, q web.SeriesQuery) (web.Series, error) {
	now := time.Now()
	key := fmt.Sprintf("%q %s %t %t %d", q.Routes, q.Step, q.ByRoute, q.NoLatency, q.From.Truncate(time.Duration(q.Step)).Unix())
	if now.Sub(q.To) > time.Minute { // of what is past the end counts, too
		key += fmt.Sprint(" ", q.To.Unix())
	}
	if found, ok := m.series[key]; ok && (now.Sub(found.at) < seriesFresh || found.at.Sub(q.To) > time.Minute && now.Sub(q.To) > time.Minute) {
		return found.Series, nil
	}
	found, err := m.System.Series(ctx, q)
	if err == nil {
		if m.series == nil || len(m.series) >= maxRead {
			m.series = make(map[string]read)
		}
		m.series[key] = read{found, now}
	}
	return found, err
}
