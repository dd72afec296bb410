package command

import (
	"io"
	"os"

	"github.com/spf13/cobra"
)

// readInput reads a file, - being the standard input, of at most so many bytes, which is whole MiB.
func readInput(cmd *cobra.Command, most int64, name string) ([]byte, error) {
	from := cmd.InOrStdin()
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, &usageError{err}
		}
		defer f.Close()
		from = f
	}
	text, err := io.ReadAll(io.LimitReader(from, most+1))
	switch {
	case err != nil:
		return nil, &usageError{err}
	case int64(len(text)) > most:
		return nil, usagef("%s is over %d MiB, which is more than is read here", inputName(name), most>>20)
	}
	return text, nil
}

func inputName(name string) string {
	if name == "-" {
		return "the standard input"
	}
	return name
}
