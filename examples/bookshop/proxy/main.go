// Command proxy is the strangler command with the bookshop's translators plugged in: what a
// team writes that has translators of its own.
package main

import (
	"os"

	"github.com/strangler-fig/toolkit/cmd/strangler/command"
	"github.com/strangler-fig/toolkit/examples/bookshop/translate"
)

func main() {
	os.Exit(command.Main(command.Config{Translators: translate.All()}))
}
