package journal_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/strangler/journal"
)

func Example() {
	folder, err := os.MkdirTemp("", "journal")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(folder)
	ctx := context.Background()
	j, err := journal.Open(ctx, filepath.Join(folder, "journal.db"), journal.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer j.Close()

	// The configuration names one route.
	_, err = j.Reconcile(ctx, []journal.Definition{{Route: "orders-read", JSON: json.RawMessage(`{"path":"/orders"}`)}},
		journal.Author{Actor: "strangler.yaml", Reason: "start"}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	// Anna shifts it, and thinks better of it.
	_, err = j.Move(ctx, journal.Change{
		Moves:  []journal.Move{{Route: "orders-read", To: strangler.Canary(2500), IfVersion: 1}},
		Author: journal.Author{Actor: "anna", Reason: "first customers"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	step, err := j.UndoOf("orders-read")
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = j.Move(ctx, journal.Change{Moves: step.Moves, Undoes: step.Change, Author: journal.Author{Actor: "anna"}})
	if err != nil {
		fmt.Println(err)
		return
	}

	history, err := j.Entries(ctx, journal.Query{Route: "orders-read"})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, e := range history {
		fmt.Println(e.Version, e.Kind, e.How, "to", e.After, "by", e.Actor)
	}
	// Output:
	// 3 moved undo to legacy by anna
	// 2 moved shift to 25% by anna
	// 1 seen  to legacy by strangler.yaml
}
