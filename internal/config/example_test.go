package config_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/strangler-fig/toolkit/internal/config"
)

func ExampleLoad() {
	folder, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(folder)
	file := filepath.Join(folder, "strangler.yaml")
	text := `legacy: {url: http://127.0.0.1:8000}
services:
  orders: {urls: [http://127.0.0.1:8101]}
routes:
  - name: orders-read
    match: {path: "/api/orders/{id}"}
    service: order
    strat: shadow
`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		fmt.Println(err)
		return
	}
	_, err = config.Load(file, config.Options{})
	for _, p := range err.(config.Problems) {
		p.File = filepath.Base(p.File)
		fmt.Println(p)
	}
	// Output:
	// strangler.yaml:7:14: routes[0].service: no service "order"; did you mean "orders"?
	// strangler.yaml:8:5: routes[0].strat: no key "strat" is known here; did you mean "start"?
}

func ExampleDiff() {
	before := (&config.Config{Routes: []config.Route{{Sample: 1}}}).Definitions()
	after := (&config.Config{Routes: []config.Route{{Sample: 0.25}}}).Definitions()
	for _, change := range config.Diff(before, after) {
		for _, field := range change.Fields {
			fmt.Printf("%s %s: %s → %s\n", change.Kind, field.Pointer, field.Old, field.New)
		}
	}
	// Output: changed /sample: 100 → 25
}
