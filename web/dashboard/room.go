package dashboard

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/go-chi/chi/v5"
)

// room is where all are who look at the same page and may do the same. It reads the page after events,
// at most once a pace, and draws what changed once, however many are there.
type room struct {
	d     *dashboard
	page  page
	guest int // how many are there; d.rooms.mu guards it
	stop  context.CancelFunc
	gone  chan struct{} // closed when the room is no more kept up to date

	mu      sync.Mutex
	parts   map[string]sketch // by fragment
	order   []string          // of the page's fragments
	version int64
	changed chan struct{} // closed with the next version
	cached  struct {      // the message from one version to the present: most have seen the same
		from, to int64
		text     string
	}
}

// rooms are those with somebody in it.
type rooms struct {
	mu sync.Mutex
	by map[roomKey]*room
}

type roomKey struct {
	address string
	who     viewer
}

// enter returns the room of a page, and what to call when one leaves it. The last one closes it.
func (d *dashboard) enter(r *http.Request, p page) (*room, func()) {
	key := roomKey{r.URL.RequestURI(), viewerOf(r)}
	d.rooms.mu.Lock()
	defer d.rooms.mu.Unlock()
	m := d.rooms.by[key]
	if m == nil {
		ctx, stop := context.WithCancel(context.WithoutCancel(r.Context()))
		m = &room{d: d, page: p, stop: stop, gone: make(chan struct{}), parts: make(map[string]sketch), changed: make(chan struct{})}
		if d.rooms.by == nil {
			d.rooms.by = make(map[roomKey]*room)
		}
		d.rooms.by[key] = m
		go m.keep(lasting(r, ctx))
	}
	m.guest++
	return m, func() {
		d.rooms.mu.Lock()
		m.guest--
		last := m.guest == 0
		if last && d.rooms.by[key] == m {
			delete(d.rooms.by, key)
		}
		d.rooms.mu.Unlock()
		if last {
			m.stop()
			<-m.gone
		}
	}
}

// lasting returns a request that outlives the one who sent it first: chi uses what it knows of the
// path again once that is answered.
func lasting(r *http.Request, ctx context.Context) *http.Request {
	if known := chi.RouteContext(r.Context()); known != nil {
		mine := chi.NewRouteContext()
		mine.URLParams.Keys = append(mine.URLParams.Keys, known.URLParams.Keys...)
		mine.URLParams.Values = append(mine.URLParams.Values, known.URLParams.Values...)
		mine.RoutePath = known.RoutePath
		mine.RoutePatterns = append(mine.RoutePatterns, known.RoutePatterns...)
		ctx = context.WithValue(ctx, chi.RouteCtxKey, mine)
	}
	return r.Clone(context.WithValue(ctx, streamingKey{}, true))
}

// keep keeps the room up to date until the last one leaves or the dashboard ends.
func (m *room) keep(r *http.Request) {
	defer close(m.gone)
	ctx := r.Context()
	defer context.AfterFunc(m.d.Context, m.stop)()
	q := m.d.query(r)
	memory := &memory{System: m.d.System}
	events := m.d.System.Subscribe(ctx) // before the first reading, so that nothing falls between
	if m.update(q, memory) != nil {
		return
	}
	pace := time.NewTicker(m.d.pace)
	defer pace.Stop()
	dirty := false
	for {
		select {
		case <-ctx.Done():
			return
		case e, ok := <-events:
			if !ok {
				return
			}
			memory.forget(e)
			dirty = true
		case <-pace.C:
			if !dirty {
				continue
			}
			dirty = false
			if m.update(q, memory) != nil {
				return
			}
		}
	}
}

// update reads and draws the page. One that can't be read now stays as it was, and says so; one that isn't
// there any more (a route that was removed) stays, too.
func (m *room) update(q *query, memory *memory) error {
	q.System, q.unread = &readings{System: memory}, nil
	v, err := m.page.build(q)
	if q.Context().Err() != nil {
		return q.Context().Err()
	}
	read := err == nil
	if !read {
		if q.without(err) != nil {
			m.d.Logger.Debug("read page for its event stream", "path", q.URL.Path, "error", err)
			return nil
		}
		v = &problemView{} // of which only what all pages have is drawn
	}
	f := v.base()
	f.Who, f.Freeze, f.Unread = q.Who, q.System.Freeze(), q.unread
	fragments := []fragment{{"freeze-banner", v}, {"unread", v}}
	if read {
		fragments = append(fragments, m.page.live(v)...)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	changed, err := m.d.redraw(m.page.name, m.parts, &m.order, m.version+1, fragments)
	if err != nil || !changed {
		return err
	}
	m.version++
	close(m.changed)
	m.changed = make(chan struct{})
	return nil
}

// since returns what changed since a version as a message, the present version, and what is closed with
// the next one. The message is empty where nothing did.
func (m *room) since(seen int64) (text string, now int64, changed <-chan struct{}) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if seen == m.version {
		return "", seen, m.changed
	}
	if m.cached.from != seen || m.cached.to != m.version {
		var b strings.Builder
		whole := false
		for _, key := range m.order {
			if p := m.parts[key]; p.version > seen && !(whole && p.keyed) {
				b.WriteString(p.text)
				whole = whole || p.stamp != ""
			}
		}
		m.cached.from, m.cached.to, m.cached.text = seen, m.version, message("live", b.String())
	}
	return m.cached.text, m.version, m.changed
}
