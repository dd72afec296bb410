package dashboard

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/strangler-fig/toolkit/internal/browser"
	"github.com/strangler-fig/toolkit/web"
)

// connection is a script that says whether a page says so of its connection.
func connection(word string) string {
	return `document.querySelector('#connection .text').textContent === '` + word + `'`
}

const dead = `document.querySelector('#rollback-all').getAttribute('aria-disabled') === 'true'`

// TestBrowserLost holds that a page whose proxy went away says so and doesn't pretend that its controls
// work, whether it has a stream or none, and that it goes on once the proxy is back.
func TestBrowserLost(t *testing.T) {
	for _, tt := range []struct{ name, path, is, button string }{
		{"with a stream", "/routes/orders-read", "live", "#move-button"},
		{"without a stream", "/rollback", "connected", "main .danger.primary"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tab := browser.Open(t)
			tab.Expect("net::ERR_")
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			s := good()
			address := listener.Addr().String()
			up := func(l net.Listener) (down func()) {
				ctx, cancel := context.WithCancel(t.Context())
				server := &httptest.Server{Listener: l, Config: &http.Server{Handler: as(web.Identity{Role: web.RoleOperate}, New(Config{System: s, Logger: quiet(), Context: ctx}))}}
				server.Start()
				return func() { cancel(); server.Close() }
			}
			down := up(listener)
			tab.Go("http://" + address + tt.path)
			tab.Wait(connection(tt.is))
			down()
			tab.Wait(connection("reconnecting…"), dead, `document.querySelector('#offline').textContent.includes('Not connected')`)
			tab.Look("lost" + tt.path)
			tab.Click(tt.button)
			tab.Wait(`document.querySelector('#said').textContent.includes('nothing was sent')`)
			tab.Click("#rollback-all")
			tab.Wait(`document.querySelector('#said').textContent.includes('nothing was asked')`)

			if tt.is == "live" {
				tab.Click("#replay-link")
				tab.Wait(`location.pathname === '/routes/orders-read' && document.querySelector('#replay-link').getAttribute('aria-disabled') === 'true'`)
			}
			const usable = `[...document.querySelectorAll('form[method=post] :is(input:not([type=hidden]), select, textarea)')].filter(f => !f.disabled && !f.readOnly).length`
			if n := browser.Eval[int](tab, usable); n > 0 {
				t.Errorf("%d fields can still be used", n)
			}
			if listener, err = net.Listen("tcp", address); err != nil {
				t.Fatal(err)
			}
			defer up(listener)()
			tab.Wait(connection(tt.is), `!(`+dead+`)`, `document.querySelector('#offline').textContent === ''`)
			if n := browser.Eval[int](tab, usable); n == 0 {
				t.Error("no field can be used once the proxy is back")
			}
			if entries := len(s.entries); entries != len(good().entries) {
				t.Errorf("something was changed while the page was lost: %+v", s.entries[entries-1])
			}
		})
	}
}

// TestBrowserFull holds that a page for which there is no stream says that it isn't live, and comes alive
// once another one is closed.
func TestBrowserFull(t *testing.T) {
	t.Parallel()
	tab := browser.Open(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	tab.Expect("503")
	d := quick(ctx, good())
	d.seats = make(chan struct{}, 1)
	server := httptest.NewServer(as(web.Identity{Role: web.RoleOperate}, d.routes()))
	defer server.Close()
	defer cancel()
	_, end := listen(t, server, "/live/")
	tab.Go(server.URL + "/routes/orders-read")
	tab.Wait(connection("not live"), `document.querySelector('#offline').textContent.includes('too many dashboards are open')`, `!(`+dead+`)`)
	tab.Look("full")
	end()
	tab.Wait(connection("live"), `document.querySelector('#offline').textContent === ''`)
}

// TestBrowserOut holds that a page whose session ended says so.
func TestBrowserOut(t *testing.T) {
	t.Parallel()
	tab := browser.Open(t)
	var out atomic.Bool
	h := as(identity(web.RoleOperate), New(Config{System: good(), Logger: quiet(), Context: t.Context()}))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if out.Load() {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		h.ServeHTTP(w, r)
	}))
	defer server.Close()
	tab.Go(server.URL + "/rollback")
	tab.Wait(connection("connected"))
	out.Store(true)
	tab.Wait(connection("logged out"), dead, `document.querySelector('#offline a').textContent === 'Log in again'`)
}

// TestBrowserHidden holds that a page that nobody sees gives its stream back, and takes it again when it is
// looked at.
func TestBrowserHidden(t *testing.T) {
	t.Parallel()
	tab := browser.Open(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	d := quick(ctx, good())
	server := httptest.NewServer(as(web.Identity{Role: web.RoleOperate}, d.routes()))
	defer server.Close()
	defer cancel()
	tab.Go(server.URL + "/")
	tab.Wait(connection("live"))
	hide := func(hidden string) {
		browser.Eval[bool](tab, `(Object.defineProperty(document, 'hidden', { value: `+hidden+`, configurable: true }), document.dispatchEvent(new Event('visibilitychange')))`)
	}
	hide("true")
	tab.Do("wait until its seat is free", browser.UntilTrue(func() bool { return len(d.seats) == 0 }))
	hide("false")
	tab.Do("wait until it has one again", browser.UntilTrue(func() bool { return len(d.seats) == 1 }))
	tab.Wait(connection("live"))
}
