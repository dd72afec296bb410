package command

import (
	"io"
	"os"

	"github.com/spf13/cobra"
)

// readInput reads a file, - being the standard input, of at most so many bytes, which is whole MiB.
func readInput(cmd *cobra.Command, most int64, name string) ([]byte, error) {
	from, err := openInput(cmd, name)
	if err != nil {
		return nil, err
	}
	defer from.Close()
	text, err := io.ReadAll(io.LimitReader(from, most+1))
	switch {
	case err != nil:
		return nil, &usageError{err}
	case int64(len(text)) > most:
		return nil, usagef("%s is over %d MiB, which is more than is read here", inputName(name), most>>20)
	}
	return text, nil
}

// openInput opens a file, - being the standard input, which stays open.
func openInput(cmd *cobra.Command, name string) (io.ReadCloser, error) {
	if name == "-" {
		return io.NopCloser(cmd.InOrStdin()), nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, &usageError{err}
	}
	return f, nil
}

func inputName(name string) string {
	if name == "-" {
		return "the standard input"
	}
	return name
}
