package dashboard

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"time"
)

const (
	maxStreams   = 100
	writeTimeout = 10 * time.Second
)

// stream sends the parts of a page that change, each when it did, at most once a pace. The first
// message has them all, since the page may be older than the stream. All who look at the same page
// and may do the same share a room, which reads and draws the page once for all of them.
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

	room, leave := d.enter(r, p)
	defer leave()
	s := &stream{w: w, rc: http.NewResponseController(w)}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Accel-Buffering", "no")
	if s.send(": welcome\n\n") != nil {
		return
	}
	beat := time.NewTicker(d.beat)
	defer beat.Stop()
	var seen int64
	for {
		text, now, changed := room.since(seen)
		if seen = now; text != "" && s.send(text) != nil {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-room.gone:
			return
		case <-changed:
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
	w  http.ResponseWriter
	rc *http.ResponseController
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

// sketch is a fragment as it was drawn last, and since when it is like that.
type sketch struct {
	text    string
	stamp   string // of what has one: by it one sees whether it changed
	keyed   bool   // it is in what has a stamp, too
	version int64
}

// redraw draws the fragments of a page again and returns whether any changed.
func (d *dashboard) redraw(page string, parts map[string]sketch, order *[]string, version int64, fragments []fragment) (bool, error) {
	changed := false
	*order = (*order)[:0]
	var b bytes.Buffer
	for i := range fragments {
		f := &fragments[i]
		key, several := f.template, false
		if one, ok := f.data.(keyed); ok {
			key += " " + one.key()
			several = true
		}
		*order = append(*order, key)
		b.Reset()
		if err := d.template(page).ExecuteTemplate(&b, f.template, f.data); err != nil {
			d.Logger.Error("draw part of a dashboard page", "page", page, "part", f.template, "error", err)
			return false, err
		}
		last := parts[key]
		now := sketch{text: b.String(), keyed: several, version: version}
		if one, ok := f.data.(stamped); ok {
			if now.stamp = one.stamp(); now.stamp == last.stamp && last.version > 0 {
				now.version = last.version
			}
		} else if now.text == last.text {
			continue
		}
		changed = changed || now.version == version
		parts[key] = now
	}
	return changed, nil
}
