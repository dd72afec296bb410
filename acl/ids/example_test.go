package ids_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/strangler-fig/toolkit/acl/ids"
)

// A customer that legacy made is given an identifier of the service's, and the other way round.
func Example() {
	folder, err := os.MkdirTemp("", "ids")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(folder)
	store, err := ids.Open(filepath.Join(folder, "ids.db"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer store.Close()
	customers, err := store.Table(ids.Config{
		Name:    "customer_ids",
		Service: ids.Mint{Kind: ids.UUID},
		Legacy:  ids.Mint{Kind: ids.Number, From: 1000000},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	service, _ := customers.ToService(ctx, "4711")
	back, _ := customers.ToLegacy(ctx, service)
	made, _ := customers.ToLegacy(ctx, "c8f2")
	fmt.Println(back, made)
	// Output: 4711 1000000
}

// A table that exists elsewhere is imported, whole or not at all.
func ExampleTable_Import() {
	folder, err := os.MkdirTemp("", "ids")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(folder)
	store, err := ids.Open(filepath.Join(folder, "ids.db"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer store.Close()
	customers, err := store.Table(ids.Config{Name: "customer_ids"})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	added, err := customers.Import(ctx, func(yield func(ids.Pair, error) bool) {
		_ = yield(ids.Pair{Legacy: "1", Service: "ada"}, nil) && yield(ids.Pair{Legacy: "2", Service: "bob"}, nil)
	})
	fmt.Println(added, err)
	_, err = customers.Import(ctx, func(yield func(ids.Pair, error) bool) {
		yield(ids.Pair{Legacy: "1", Service: "eve"}, nil)
	})
	fmt.Println(err)
	// Output:
	// 2 <nil>
	// table "customer_ids" has other counterparts for 1 of these pairs; nothing was imported
	// "1" ↔ "eve" against "1" ↔ "ada", which it has (pair 1)
}
