package shadow_test

import (
	"context"
	"fmt"

	"github.com/strangler-fig/toolkit/shadow"
)

type invoice struct {
	Total float64 `json:"total"`
	Lines []line  `json:"lines"`
}

type line struct {
	Price float64 `json:"price"`
}

func ExampleNewExperiment() {
	totals, err := shadow.NewExperiment("invoice-total", shadow.ExperimentConfig[invoice]{
		Percent: func() float64 { return 100 }, // asked with each call
		OnMismatch: func(r shadow.Result[invoice]) {
			for _, d := range r.Differences {
				fmt.Printf("%s at %s: legacy %s, service %s\n", d.Kind, d.Pattern, d.Legacy, d.Service)
			}
		},
	})
	if err != nil {
		panic(err)
	}

	customer := 17
	got, err := totals.Run(context.Background(),
		func(ctx context.Context) (invoice, error) { return oldTotal(ctx, customer) },
		func(ctx context.Context) (invoice, error) { return newTotal(ctx, customer) })
	fmt.Println("the caller got", got.Total, err)

	totals.Close(context.Background())
	fmt.Println(totals.Counts().Diverged, "diverged")
	// Unordered output:
	// the caller got 12.5 <nil>
	// value at /total: legacy 12.5, service 1250
	// value at /lines/*/price: legacy 12.5, service 1250
	// 1 diverged
}

func oldTotal(context.Context, int) (invoice, error) {
	return invoice{12.5, []line{{12.5}}}, nil
}

func newTotal(context.Context, int) (invoice, error) {
	return invoice{1250, []line{{1250}}}, nil
}
