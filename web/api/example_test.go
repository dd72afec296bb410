package api_test

import (
	"context"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/http/httptest"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web"
	"github.com/strangler-fig/toolkit/web/api"
)

// proxy stands for a running proxy: it knows one route and lets it move.
type proxy struct{ web.System }

func (proxy) Routes() []web.Route {
	return []web.Route{{Name: "orders-read", Phase: strangler.PhaseShadow, Version: 3}}
}

func (proxy) Shift(_ context.Context, m web.Move) (web.Route, error) {
	return web.Route{Name: m.Route, Phase: m.To.Phase, Weight: m.To.Weight, Version: m.IfVersion + 1}, nil
}

func serveAdmin() *httptest.Server {
	s := httptest.NewUnstartedServer(nil)
	handler, err := web.NewHandler(web.Config{
		API:       api.New(api.Config{System: proxy{}}),
		Dashboard: http.NotFoundHandler(),
		Listen:    s.Listener.Addr().(*net.TCPAddr).String(),
	})
	if err != nil {
		log.Fatal(err)
	}
	s.Config.Handler = handler
	s.Start()
	return s
}

// A client looks where a route stands and moves it, unless somebody else did meanwhile.
func ExampleClient() {
	admin := serveAdmin() // in real life: the admin address of `strangler serve`
	defer admin.Close()

	client, err := api.NewClient(api.ClientConfig{URL: admin.URL, Actor: "anna"})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	route, err := client.Route(ctx, "orders-read")
	if err != nil {
		log.Fatal(err)
	}
	weight := strangler.Weight(500) // hundredths of a percent
	moved, err := client.Shift(ctx, route.Name, api.ShiftRequest{
		Phase: strangler.PhaseCanary, Weight: &weight, Reason: "a week without divergences", IfVersion: route.Version,
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s went from %s to %s\n", moved.Name, route.Phase, moved.Weight)
	// Output: orders-read went from shadow to 5%
}
