package command

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"
	"github.com/strangler-fig/toolkit/internal/config"
)

func newInit() *cobra.Command {
	var legacy, file string
	var offline bool
	cmd := &cobra.Command{
		Use:   "init --legacy URL",
		Short: "Write a commented configuration file",
		Long: `Write a commented configuration file. One that exists is left as it is.

The application is asked first, with a dozen GET requests in at most 15 seconds: whether it answers,
where it redirects to, which cookies it sets, and which path says how it is. What that means for
the proxy is said here and in the file. Where it doesn't answer the file is written all the same.`,
		Example: "  strangler init --legacy http://127.0.0.1:8000\n  strangler init --legacy https://shop.internal --file staging.yaml",
		Args:    arguments(0, 0),
		RunE: run(func(cmd *cobra.Command, args []string) error {
			at, err := legacyURL(legacy)
			if err != nil {
				return err
			}
			if _, err := os.Lstat(file); err == nil {
				return exists(file) // before anybody is asked anything
			}
			var seen config.Seen
			if !offline {
				seen = askLegacy(cmd.Context(), at)
				fmt.Fprintf(cmd.ErrOrStderr(), "%s:\n", printable(legacy))
				for _, line := range seen.Lines {
					fmt.Fprintf(cmd.ErrOrStderr(), "- %s\n", printable(line))
				}
			}
			if err := create(file, config.Template(legacy, seen)); err != nil {
				return err
			}
			named := ""
			if file != defaultFile {
				named = " -c " + file
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "wrote %s; next: strangler check%s, then strangler serve%s\n", file, named, named)
			return nil
		}),
	}
	cmd.Flags().StringVar(&legacy, "legacy", "", "`URL` of the legacy application")
	cmd.Flags().BoolVar(&offline, "offline", false, "ask the application nothing")
	cmd.Flags().StringVar(&file, "file", defaultFile, "`file` to write")
	return cmd
}

func exists(file string) error {
	return usagef("%s exists and is left as it is; name another with --file", file)
}

// create writes a file that there isn't yet, whole or not at all.
func create(file string, content []byte) error {
	out, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return exists(file)
	} else if err != nil {
		return err
	}
	_, err = out.Write(content)
	if err = errors.Join(err, out.Close()); err != nil {
		return fmt.Errorf("write %s: %w", file, errors.Join(err, os.Remove(file)))
	}
	return nil
}
