// Command embed shows the proxy inside somebody's own chi server: a program that already has
// routes, middleware and a life of its own, and now fronts a legacy application with all paths
// that it doesn't serve itself.
package main

import (
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/strangler-fig/toolkit/strangler"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:8080", "`address` to answer on")
	legacy := flag.String("legacy", "http://127.0.0.1:8000", "`URL` of the legacy application")
	orders := flag.String("orders", "http://127.0.0.1:8102", "`URL` of the orders service")
	flag.Parse()

	handler, err := newHandler(*legacy, *orders)
	if err != nil {
		fmt.Fprintln(os.Stderr, "embed:", err)
		os.Exit(1)
	}
	server := strangler.NewServer(handler, strangler.ServerConfig{})
	server.Addr = *listen
	slog.Info("serving", "addr", *listen)
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		fmt.Fprintln(os.Stderr, "embed:", err)
		os.Exit(1)
	}
}

// newHandler returns the program's own pages with the proxy behind them.
func newHandler(legacy, orders string) (http.Handler, error) {
	legacyURL, err := url.Parse(legacy)
	if err != nil {
		return nil, err
	}
	ordersURL, err := url.Parse(orders)
	if err != nil {
		return nil, err
	}
	proxy, err := strangler.New(strangler.Config{
		Legacy:   strangler.Upstream{URL: legacyURL},
		Services: map[string]strangler.Upstream{"orders": {URL: ordersURL}},
		Routes: []strangler.Route{{
			Name:     "orders-read",
			Match:    strangler.Match{Methods: []string{"GET"}, Path: "/orders/{id}"},
			Service:  "orders",
			Start:    strangler.Canary(1000), // 10 %
			Fallback: true,
		}},
	})
	if err != nil {
		return nil, err
	}

	router := chi.NewRouter()
	router.Use(middleware.Heartbeat("/ping"))
	router.Get("/now", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, time.Now().Format(time.RFC3339))
	})
	// Not Handle or Mount: these answer 405 to methods that chi doesn't know. NotFound and
	// MethodNotAllowed together get every request that no route above wants.
	router.NotFound(proxy.ServeHTTP)
	router.MethodNotAllowed(proxy.ServeHTTP)
	return router, nil
}
