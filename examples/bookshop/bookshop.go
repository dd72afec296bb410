// Package bookshop is a whole example: a legacy monolith, the services cut out of it, the
// translation between the two models, and the configuration that migrates the one to the others.
package bookshop

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/strangler-fig/toolkit/examples/bookshop/catalogue"
	"github.com/strangler-fig/toolkit/examples/bookshop/customers"
	"github.com/strangler-fig/toolkit/examples/bookshop/legacy"
	"github.com/strangler-fig/toolkit/examples/bookshop/orders"
	"github.com/strangler-fig/toolkit/examples/bookshop/wishes"
	"golang.org/x/sync/errgroup"
)

// Configuration is the example's strangler.yaml. Addresses come from the environment: LISTEN,
// ADMIN, FACADE, KEYS, DATA, LEGACY_URL, CATALOGUE_URL, ORDERS_URL, CUSTOMERS_URL and WISHES_URL, and how rollouts go: AUTO, HOLD, COOLDOWN,
// MAX_DIVERGENCE, MAX_ERRORS and MAX_LATENCY.
//
//go:embed strangler.yaml
var Configuration []byte

// Fast returns what the configuration's environment says where routes are to move by themselves, by steps
// of seconds. Fewer answers are there to show something, so that the gates are wider.
func Fast() map[string]string {
	return map[string]string{"AUTO": "true", "HOLD": "3s", "COOLDOWN": "30s", "MAX_DIVERGENCE": "1%", "MAX_ERRORS": "1.5pp", "MAX_LATENCY": "5x"}
}

// Config says how the applications run. Empty addresses are free ports on loopback.
type Config struct {
	Database                  string // the monolith's SQLite file
	Legacy, Catalogue, Orders string // addresses to listen on
	Customers, Wishes         string
	Repaired                  bool // the services are without their documented mistakes
}

// Apps are the applications, running.
type Apps struct {
	LegacyURL, CatalogueURL, OrdersURL, CustomersURL, WishesURL string

	orders *orders.Service
	wishes *wishes.Service

	shop    *legacy.Shop
	servers []*http.Server
	running errgroup.Group
}

// Start starts the monolith and the services.
func Start(c Config) (*Apps, error) {
	shop, err := legacy.Open(c.Database)
	if err != nil {
		return nil, err
	}
	a := &Apps{shop: shop, orders: orders.New(c.Repaired), wishes: wishes.New()}
	for _, app := range []struct {
		name, addr string
		handler    http.Handler
		url        *string
	}{
		{"legacy", c.Legacy, shop, &a.LegacyURL},
		{"catalogue", c.Catalogue, catalogue.New(c.Repaired), &a.CatalogueURL},
		{"orders", c.Orders, a.orders, &a.OrdersURL},
		{"customers", c.Customers, customers.New(), &a.CustomersURL},
		{"wishes", c.Wishes, a.wishes, &a.WishesURL},
	} {
		if app.addr == "" {
			app.addr = "127.0.0.1:0"
		}
		listener, err := net.Listen("tcp", app.addr)
		if err != nil {
			a.Close()
			return nil, fmt.Errorf("start the bookshop's %s: %w", app.name, err)
		}
		server := &http.Server{Handler: app.handler, ReadHeaderTimeout: 10 * time.Second}
		a.servers = append(a.servers, server)
		a.running.Go(func() error { return server.Serve(listener) })
		*app.url = "http://" + listener.Addr().String()
	}
	return a, nil
}

// Environment returns what the configuration's environment says of where the applications are.
func (a *Apps) Environment() map[string]string {
	return map[string]string{"LEGACY_URL": a.LegacyURL, "CATALOGUE_URL": a.CatalogueURL, "ORDERS_URL": a.OrdersURL, "CUSTOMERS_URL": a.CustomersURL, "WISHES_URL": a.WishesURL}
}

// Meet tells the services of what the proxy has for them: the address of the facade through which they
// reach the monolith, and that of the keys that say who somebody is.
func (a *Apps) Meet(facade, keys string) {
	a.orders.Ask(facade)
	a.wishes.Trust(keys)
}

// Close stops the applications and waits for them.
func (a *Apps) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	var errs []error
	for _, server := range a.servers {
		if err := server.Shutdown(ctx); err != nil {
			errs = append(errs, err, server.Close())
		}
	}
	a.orders.Close()
	a.wishes.Close()
	if err := a.running.Wait(); err != nil && !errors.Is(err, http.ErrServerClosed) {
		errs = append(errs, err)
	}
	return errors.Join(append(errs, a.shop.Close())...)
}
