package command_test

import (
	"fmt"
	"net/http"
	"os"

	"github.com/strangler-fig/toolkit/acl"
	"github.com/strangler-fig/toolkit/cmd/strangler/command"
)

// The command with a translator of one's own, which a configuration then names in
// `translate: {with: customers}`. A program ends with os.Exit(status).
func ExampleMain() {
	paths := acl.Funcs{Request: func(r *http.Request) (*http.Request, error) {
		r.URL.Path, r.URL.RawQuery = "/customers/"+r.URL.Query().Get("id"), ""
		return r, nil
	}}
	status := command.Main(command.Config{
		Translators: map[string]acl.Translator{"customers": paths},
		Args:        []string{"check", "-c", "testdata/translated.yaml"}, // usually left out
		Stderr:      os.Stdout,
	})
	fmt.Println(status)
	// Output:
	// testdata/translated.yaml is good: 1 route, 1 service, 0 warnings
	// 0
}
