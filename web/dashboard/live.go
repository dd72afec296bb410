package dashboard

import (
	"bytes"
	"context"
	"hash/maphash"
	"net/http"
	"strings"
	"time"

	"github.com/strangler-fig/toolkit/web"
)

const (
	maxStreams   = 100
	writeTimeout = 10 * time.Second
)

// stream sends the parts of a page that change, each when it did, at most once a pace. The first
// message has them all, since the page may be older than the stream.
func (d *dashboard) stream(w http.ResponseWriter, r *http.Request, p page) {
	select {
	case d.seats <- struct{}{}:
		defer func() { <-d.seats }()
	default:
		w.Header().Set("Retry-After", "10")
		http.Error(w, "too many pages are open; this one is not live until another is closed", http.StatusServiceUnavailable)
		return
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(d.Context, cancel)()

	s := &stream{dashboard: d, page: p, w: w, rc: http.NewResponseController(w), sent: make(map[int]uint64), seed: maphash.MakeSeed()}
	q := d.query(r.WithContext(context.WithValue(ctx, streamingKey{}, true)))
	memory := &memory{System: d.System}
	q.System = memory
	events := d.System.Subscribe(ctx) // before the first reading, so that nothing falls between

	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Accel-Buffering", "no")
	if s.send(": welcome\n\n") != nil || s.update(q) != nil {
		return
	}
	pace, beat := time.NewTicker(d.pace), time.NewTicker(d.beat)
	defer pace.Stop()
	defer beat.Stop()
	dirty := false
	for {
		select {
		case <-ctx.Done():
			return
		case e, ok := <-events:
			if !ok {
				return
			}
			memory.forget(e.Type)
			dirty = true
			continue
		case <-pace.C:
			if !dirty {
				continue
			}
			dirty = false
			if s.update(q) != nil {
				return
			}
		case <-beat.C:
			if s.send(": still here\n\n") != nil {
				return
			}
		}
	}
}

type streamingKey struct{}

// streaming reports whether a page is read for its event stream.
func (q *query) streaming() bool { return q.Context().Value(streamingKey{}) != nil }

type stream struct {
	*dashboard
	page page
	w    http.ResponseWriter
	rc   *http.ResponseController
	sent map[int]uint64 // by place in the page's list, the hash of what was sent last
	seed maphash.Seed
}

// update sends the fragments that changed as one message. A page that can't be read now (a
// route that was removed) sends nothing; the reader sees the last state with its time.
func (s *stream) update(q *query) error {
	v, err := s.page.build(q)
	if err != nil {
		if q.Context().Err() != nil {
			return q.Context().Err()
		}
		s.Logger.Debug("read page for its event stream", "path", q.URL.Path, "error", err)
		return s.send(": nothing to show\n\n")
	}
	v.base().Who, v.base().Freeze = q.Who, q.System.Freeze()
	var changed bytes.Buffer
	for i, f := range append([]fragment{{"freeze-banner", v}}, s.page.live(v)...) {
		start := changed.Len()
		if err := s.templates()[s.page.name].ExecuteTemplate(&changed, f.template, f.data); err != nil {
			s.Logger.Error("draw part of a dashboard page", "page", s.page.name, "part", f.template, "error", err)
			return err
		}
		sum := maphash.Bytes(s.seed, changed.Bytes()[start:])
		if last, ok := s.sent[i]; ok && last == sum {
			changed.Truncate(start)
			continue
		}
		s.sent[i] = sum
	}
	if changed.Len() == 0 {
		return nil
	}
	return s.send(message("live", changed.String()))
}

// message returns an event as the stream has it. A carriage return would end a line there, too.
func message(event, data string) string {
	var b strings.Builder
	b.WriteString("event: " + event + "\n")
	for line := range strings.Lines(strings.ReplaceAll(data, "\r", "")) {
		if line = strings.TrimSpace(line); line != "" {
			b.WriteString("data: " + line + "\n")
		}
	}
	b.WriteString("\n")
	return b.String()
}

func (s *stream) send(text string) error {
	// Where deadlines aren't supported a dead client is found out by TCP, later.
	_ = s.rc.SetWriteDeadline(time.Now().Add(writeTimeout))
	if _, err := s.w.Write([]byte(text)); err != nil {
		return err
	}
	return s.rc.Flush()
}

// memory is a System that reads groups and journal again only after an event said that they
// changed. It belongs to one stream and is not safe for concurrent use.
type memory struct {
	web.System
	groups  map[[2]string][]web.Group
	entries map[web.EntryQuery][]web.Entry
}

func (m *memory) forget(event string) {
	switch event {
	case "groups":
		m.groups = nil
	case "stats":
	case "rollout": // what was told to one, or to all, is in the journal
		m.entries = nil
	default: // routes came, went or moved
		m.groups, m.entries = nil, nil
	}
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
