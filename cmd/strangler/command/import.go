package command

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"github.com/spf13/cobra"
	"github.com/strangler-fig/toolkit/web"
)

// importBatch is how many exchanges go in one request.
const importBatch = 20

func newImport() *cobra.Command {
	var a admin
	var route string
	cmd := &cobra.Command{
		Use:   "import FILE.har --route ROUTE",
		Short: "Store what a browser or a proxy recorded",
		Long: `Store the exchanges of an HTTP archive (HAR 1.2), as browsers and proxies save them, as answers of
legacy's on a route: replay compares them later. They are redacted as what the proxy itself records.
Which of them belong to the route is yours to say: the archive is stored as it is, but for requests
without an answer.`,
		Example: "  strangler import session.har --route orders-read\n  strangler replay orders-read",
		Args:    arguments(1, 1),
		RunE: run(func(cmd *cobra.Command, args []string) error {
			if route == "" {
				return usagef("say of which route the exchanges are, with --route")
			}
			all, err := readHAR(args[0])
			if err != nil {
				return err
			}
			client, err := a.client()
			if err != nil {
				return err
			}
			done := 0
			for batch := range slices.Chunk(all, importBatch) {
				if err := client.Keep(cmd.Context(), route, batch); err != nil {
					if done > 0 {
						return fmt.Errorf("%w (the first %d are stored)", err, done)
					}
					return err
				}
				done += len(batch)
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s stored for route %s\n", count(done, "exchange"), printable(route))
			return err
		}),
	}
	cmd.Flags().StringVar(&route, "route", "", "the `route` that they are stored for")
	a.flags(cmd)
	return cmd
}

func readHAR(file string) ([]web.Exchange, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, usagef("there is no file %s", file)
	}
	if err != nil {
		return nil, err
	}
	var archive har
	if err := json.Unmarshal(text, &archive); err != nil {
		return nil, usagef("%s is no HTTP archive: %w", file, err)
	}
	var all []web.Exchange
	for _, entry := range archive.Log.Entries {
		if x, ok := entry.exchange(); ok {
			all = append(all, x)
		}
	}
	if len(all) == 0 {
		return nil, usagef("%s has no request with an answer in it", file)
	}
	return all, nil
}
