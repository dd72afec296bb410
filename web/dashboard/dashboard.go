package dashboard

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"html/template"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	"github.com/strangler-fig/toolkit/web"
)

// Config is what a dashboard is made of.
type Config struct {
	System  web.System
	Logger  *slog.Logger    // nil: slog.Default()
	Version string          // shown at the foot of each page; empty: not shown
	Context context.Context // when it ends, event streams end; nil: they end with their clients
}

// New returns the dashboard. It expects to stand behind package web's shell, which says who asks
// and sets the headers; a request without identity sees nothing but a 403.
func New(c Config) http.Handler {
	d := &dashboard{Config: c, files: newAssets(), seats: make(chan struct{}, maxStreams), pace: time.Second, beat: 15 * time.Second}
	if d.Logger == nil {
		d.Logger = slog.Default()
	}
	if d.Context == nil {
		d.Context = context.Background()
	}
	d.template = d.files.templates()
	return d.routes()
}

type dashboard struct {
	Config
	files    *assets
	template func(page string) *template.Template
	past     pastReader
	rooms    rooms
	seats    chan struct{} // one for each open stream
	pace     time.Duration // the least time between two updates of a stream
	beat     time.Duration // the most time between two writes to a stream
}

//go:embed templates/*.html
var templateFiles embed.FS

// page is one kind of page: how to read it and which of its parts stay up to date.
type page struct {
	name  string // of its template
	build func(*query) (view, error)
	live  func(view) []fragment // nil: the page is not live
	// gone answers in the place of a page that can't be read, or reports that it doesn't; nil: none does.
	gone   func(http.ResponseWriter, *query, error) bool
	dialog string // the block that app.js shows in a dialog; empty: none
}

// query is a request for a page. System is what the page reads from, which for a stream
// remembers what it has read.
type query struct {
	*http.Request
	System web.System
	Who    viewer
	Logger *slog.Logger
	past   *pastReader
	unread []*unreadError // what the page does without
}

// view is what a page's template shows: a struct that embeds frame.
type view interface{ base() *frame }

// frame is what all pages share.
type frame struct {
	Title   string
	Section string // the entry of the navigation
	Who     viewer
	Stream  string // the address of the page's event stream; empty: none
	Within  bool   // a part of the page, which can be replaced, listens to it; else the whole page does
	Version string
	Freeze  *web.Freeze // what keeps promotions from being made; nil: nothing
	Unread  []*unreadError
}

func (f *frame) base() *frame { return f }

// fragment is a part of a page: the template that draws it, whose root has an id.
type fragment struct {
	template string
	data     any
}

// keyed is data of a fragment of which a page has several; each has a key of its own.
type keyed interface{ key() string }

// stamped is data of a fragment that is sent again only where its stamp changed: what else changes in
// it, others bring.
type stamped interface{ stamp() string }

func (d *dashboard) routes() http.Handler {
	mux := chi.NewRouter()
	mux.Get("/assets/{hash}/*", d.files.serve)
	pages := map[string]page{
		"/":                 overviewPage,
		"/routes":           routesPage,
		"/routes/{name}":    routePage,
		"/bulk":             bulkPage,
		"/groups":           groupsPage,
		"/groups/{id}":      {name: "group", build: d.buildGroup, live: liveGroup},
		"/divergences/{id}": {name: "divergence", build: d.buildDivergence, gone: d.gone},
		"/rules":            rulesPage,
		"/journal":          journalPage,
		"/services":         servicesPage,
		"/facades/{name}":   facadePage,
		"/config":           configPage,
		"/rollback":         rollbackPage,
		"/freeze":           freezePage,
		"/thaw":             thawPage,

		"/routes/{name}/rollout/{what}": steerPage,
		"/routes/{name}/effect":         effectPage,
		"/groups/{id}/replay":           replayGroupPage,
		"/routes/{name}/replay":         replayRoutePage,
	}
	for pattern, p := range pages {
		if p.live != nil { // not compressed: each message has to leave at once
			mux.With(web.Require(web.RoleView)).Get("/live"+pattern, func(w http.ResponseWriter, r *http.Request) { d.stream(w, r, p) })
		}
	}
	// Pages without a stream, and those that lost theirs, ask whether the proxy is there and knows them.
	mux.With(web.Require(web.RoleView)).Get("/live", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.Group(func(mux chi.Router) {
		mux.Use(web.Require(web.RoleView))
		mux.Use(middleware.Compress(5, "text/html"))
		for pattern, p := range pages {
			mux.Get(pattern, func(w http.ResponseWriter, r *http.Request) { d.show(w, r, p) })
		}
		mux.With(web.Require(web.RoleEvidence)).Get("/groups/{id}/export", d.export(exportedGroup))
		mux.With(web.Require(web.RoleEvidence)).Post("/divergences/{id}/pin", d.pin)
		mux.With(web.Require(web.RoleEvidence)).Get("/divergences/{id}/{side}", d.download)
		mux.With(web.Require(web.RoleEvidence)).Get("/routes/{name}/export", d.export(exportedRoute))
		mux.With(middleware.Compress(5, "image/svg+xml")).Get("/fig.svg", d.figure)
		mux.With(middleware.Compress(5, "application/json")).Get("/data/routes/{name}", d.routeCharts)
		mux.Group(func(mux chi.Router) {
			mux.Use(web.Require(web.RoleOperate))
			mux.Post("/routes/{name}/shift", d.shift)
			mux.Post("/routes/{name}/undo", d.undo)
			mux.Post("/routes/{name}/rollout/{what}", d.steer)
			mux.Post("/rollback", d.rollback)
			mux.Post("/bulk", d.bulk)
			mux.Post("/freeze", d.freeze)
			mux.Post("/thaw", d.thaw)
			mux.Post("/groups/{id}/state", d.triage)
			mux.Post("/groups/{id}/replay", d.replay(replayGroupPage, replayedGroup))
			mux.Post("/routes/{name}/replay", d.replay(replayRoutePage, replayedRoute))
			mux.Post("/rules", d.addRules)
			mux.Post("/rules/{id}/drop", d.dropRule)
		})
		mux.NotFound(func(w http.ResponseWriter, r *http.Request) {
			d.problem(w, d.query(r), &web.NotFoundError{What: "page", Name: r.URL.Path})
		})
	})
	return mux
}

func (d *dashboard) query(r *http.Request) *query {
	return &query{Request: r, System: &readings{System: d.System}, Who: viewerOf(r), Logger: d.Logger, past: &d.past}
}

func (d *dashboard) show(w http.ResponseWriter, r *http.Request, p page) {
	q := d.query(r)
	v, err := p.build(q)
	if err != nil && p.gone != nil && p.gone(w, q, err) {
		return
	}
	if err != nil {
		d.problem(w, q, err)
		return
	}
	d.answer(w, q, http.StatusOK, p, v)
}

// answer writes a page.
func (d *dashboard) answer(w http.ResponseWriter, q *query, status int, p page, v view) {
	f := v.base()
	f.Who, f.Version, f.Freeze, f.Unread = q.Who, d.Version, d.System.Freeze(), q.unread
	if p.live != nil && q.Method == http.MethodGet && len(p.live(v)) > 0 {
		f.Stream = "/live" + q.URL.RequestURI()
	}
	block := "layout"
	if p.dialog != "" && q.Header.Get("HX-Request") == "true" {
		block = p.dialog
	}
	d.write(w, status, p.name, block, v)
}

// write executes one block of a page's templates, whole or not at all.
func (d *dashboard) write(w http.ResponseWriter, status int, page, block string, data any) {
	var b bytes.Buffer
	if err := d.template(page).ExecuteTemplate(&b, block, data); err != nil {
		d.Logger.Error("draw dashboard page", "page", page, "error", err)
		http.Error(w, "this page can't be drawn; the log says why", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Add("Vary", "HX-Request")
	w.WriteHeader(status)
	w.Write(b.Bytes()) // whether the client is still there is its own business
}

// problem answers with a page that says what went wrong.
func (d *dashboard) problem(w http.ResponseWriter, q *query, err error) {
	n := noticeOf(err)
	var unread *unreadError
	if (n.Status == http.StatusInternalServerError || errors.As(err, &unread)) && !errors.Is(err, context.Canceled) {
		d.Logger.Error("answer dashboard page", "path", q.URL.Path, "error", err)
	}
	w.Header().Set("HX-Retarget", "body") // it is a page, not an answer at the control
	v := &problemView{frame: frame{Title: n.Title, Who: q.Who, Version: d.Version, Freeze: d.System.Freeze()}, Notice: n}
	if q.Method == http.MethodGet && n.Status >= http.StatusInternalServerError {
		v.Again = q.URL.RequestURI()
	}
	d.write(w, n.Status, "problem", "layout", v)
}

type problemView struct {
	frame
	Notice *notice
	Again  string // the address to try again; empty: that would be no use
}

var pageNames = []string{"overview", "routes", "route", "bulk", "groups", "group", "divergence", "rules", "journal", "services", "facade", "config", "rollback", "steer", "replay", "freeze", "problem"}

// templates returns what finds a page's templates. They are parsed for the first who looks at that page: a
// proxy that nobody watches has no need of the 3 MB of all, and nobody waits for those of other pages.
func (a *assets) templates() func(page string) *template.Template {
	var mu sync.Mutex // shared is cloned by one at a time
	shared := sync.OnceValue(func() *template.Template {
		return template.Must(template.New("").Funcs(functions(a)).ParseFS(templateFiles,
			"templates/layout.html", "templates/parts.html", "templates/rollout.html", "templates/translation.html", "templates/chart.html"))
	})
	all := make(map[string]func() *template.Template)
	for _, name := range pageNames {
		all[name] = sync.OnceValue(func() *template.Template {
			mu.Lock()
			defer mu.Unlock()
			t := template.Must(shared().Clone())
			files := []string{"templates/" + name + ".html"}
			if name == "group" { // its content replaces that of the page whose parts it shares
				files = []string{"templates/divergence.html", "templates/group.html"}
			}
			return template.Must(t.ParseFS(templateFiles, files...))
		})
	}
	return func(page string) *template.Template { return all[page]() }
}
