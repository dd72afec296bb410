// Command strangler fronts a legacy application and moves it, one route at a time, to new
// services. README.md in this folder is its reference.
package main

import (
	"os"
	"runtime"

	"github.com/strangler-fig/toolkit/cmd/strangler/command"
)

//go:generate go run . man --markdown reference
//go:generate go run . man reference/man

func main() {
	runtime.MemProfileRate = 0 // nobody can ask for that profile
	os.Exit(command.Main(command.Config{}))
}
