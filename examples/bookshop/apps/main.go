// Command apps runs the bookshop's monolith and its services on the ports that
// strangler.yaml expects, until it is interrupted.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/strangler-fig/toolkit/examples/bookshop"
)

func main() {
	database := flag.String("database", "bookshop.db", "the monolith's SQLite `file`")
	repaired := flag.Bool("repaired", false, "run the services without their documented mistakes")
	flag.Parse()
	if err := run(*database, *repaired); err != nil {
		fmt.Fprintln(os.Stderr, "apps:", err)
		os.Exit(1)
	}
}

func run(database string, repaired bool) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	apps, err := bookshop.Start(bookshop.Config{Database: database, Repaired: repaired,
		Legacy: "127.0.0.1:8000", Catalogue: "127.0.0.1:8101", Orders: "127.0.0.1:8102", Customers: "127.0.0.1:8103", Wishes: "127.0.0.1:8104"})
	if err != nil {
		return err
	}
	apps.Meet("http://127.0.0.1:9101", "http://127.0.0.1:9102/jwks.json")
	fmt.Fprintf(os.Stderr, "legacy %s\ncatalogue %s\norders %s\ncustomers %s\nwishes %s\n", apps.LegacyURL, apps.CatalogueURL, apps.OrdersURL, apps.CustomersURL, apps.WishesURL)
	<-ctx.Done()
	return apps.Close()
}
