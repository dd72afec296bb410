package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"

	"github.com/go-chi/chi/v5"
)

// Config is what stands on the admin listener, and who may come in.
type Config struct {
	API       http.Handler // under /api/v1
	Dashboard http.Handler // everything else
	Tokens    []Token      // none: whoever reaches the listener, which must be on loopback then
	Hosts     []string     // Host names accepted besides the listener's own
	Listen    string       // the listener's address, host:port
	// Ready says whether the proxy is ready, and what a person wants to know of it; nil: it is.
	Ready   func() (ok bool, detail any)
	Metrics http.Handler // nil: 404
	Logger  *slog.Logger // nil: slog.Default()
}

type shell struct {
	keys     keyring
	sessions *sessions
	guesses  *guesses
	log      *slog.Logger
}

// NewHandler returns everything on the admin listener, behind the checks that the package's
// README tells. It starts no goroutine.
func NewHandler(c Config) (http.Handler, error) {
	if c.API == nil || c.Dashboard == nil {
		return nil, errors.New("build admin listener: it needs an API and a dashboard")
	}
	hosts, err := newHosts(c.Listen, c.Hosts)
	if err != nil {
		return nil, err
	}
	keys, err := newKeyring(c.Tokens)
	if err != nil {
		return nil, err
	}
	if host, _, _ := net.SplitHostPort(c.Listen); len(keys) == 0 && !loopback(host) {
		return nil, fmt.Errorf("admin address %s is not on loopback, where anybody may move routes; set admin.tokens, or listen on 127.0.0.1", c.Listen)
	}
	s := &shell{keys: keys, sessions: newSessions(), guesses: newGuesses(), log: c.Logger}
	if s.log == nil {
		s.log = slog.Default()
	}
	origin := http.NewCrossOriginProtection()
	origin.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		deny(w, r, Problem{Status: http.StatusForbidden, Code: CodeForbidden,
			Detail: "a page of another origin asks for a change; only pages of this listener may"})
	}))

	mux := newMux()
	probes(mux, c.Ready)
	mux.Group(func(mux chi.Router) {
		mux.Use(hosts.check, origin.Handler)
		mux.Get("/login", s.loginPage)
		mux.Get("/login.css", loginStyle)
		mux.Get("/login.svg", loginIcon)
		mux.Post("/login", s.login)
		mux.Post("/logout", s.logout)
		mux.Group(func(mux chi.Router) {
			mux.Use(s.identify)
			if c.Metrics != nil {
				mux.Method(http.MethodGet, "/metrics", c.Metrics)
			}
			mux.Mount("/api/v1", c.API)
			mux.HandleFunc("/api/*", noSuchAPI)
			mux.Mount("/", c.Dashboard)
		})
	})
	return mux, nil
}

// OpsConfig is what stands on the ops listener.
type OpsConfig struct {
	Ready   func() (ok bool, detail any) // as in Config
	Metrics http.Handler                 // nil: 404
}

// NewOps returns what probes and scrapers need, and nothing else: /healthz, /readyz and /metrics,
// without tokens.
func NewOps(c OpsConfig) http.Handler {
	mux := newMux()
	probes(mux, c.Ready)
	if c.Metrics != nil {
		mux.Method(http.MethodGet, "/metrics", c.Metrics)
	}
	return mux
}

func probes(mux chi.Router, ready func() (bool, any)) {
	mux.Get("/healthz", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Write([]byte("ok\n"))
	})
	mux.Get("/readyz", func(w http.ResponseWriter, r *http.Request) {
		answer := struct {
			Ready  bool `json:"ready"`
			Detail any  `json:"detail,omitempty"`
		}{Ready: true}
		if ready != nil {
			answer.Ready, answer.Detail = ready()
		}
		w.Header().Set("Content-Type", "application/json")
		if !answer.Ready {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		json.NewEncoder(w).Encode(answer) // whether the client is still there is its own business
	})
}

// secure tells browsers to distrust everything that isn't ours: what we show was recorded from
// strangers.
func secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; object-src 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}
