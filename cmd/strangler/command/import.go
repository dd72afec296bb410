package command

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"
	"github.com/strangler-fig/toolkit/web"
	"github.com/strangler-fig/toolkit/web/export"
)

// What goes in one request.
const (
	importBatch = 100
	importBytes = 4 << 20 // of bodies, of which JSON makes more
)

// batches splits exchanges into what one request may have; one that is too large by itself stays
// alone, and is refused.
func batches(all []web.Exchange) (parts [][]web.Exchange) {
	from, size := 0, 0
	for i, x := range all {
		weight := len(x.Body) + len(x.Legacy.Body)
		if i > from && (size+weight > importBytes || i-from == importBatch) {
			parts = append(parts, all[from:i])
			from, size = i, 0
		}
		size += weight
	}
	return append(parts, all[from:])
}

func newImport() *cobra.Command {
	var a admin
	var o output
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
			bar := newBar(cmd.ErrOrStderr(), o.quiet)
			defer bar.clear()
			for _, batch := range batches(all) {
				if err := client.Keep(cmd.Context(), route, batch); err != nil {
					if done > 0 {
						return fmt.Errorf("%w (the first %d are stored)", err, done)
					}
					return err
				}
				done += len(batch)
				bar.show(int64(done), int64(len(all)), "%d of %s stored", done, count(len(all), "exchange"))
			}
			bar.clear()
			if o.quiet {
				return nil
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s stored for route %s\n", count(done, "exchange"), printable(route))
			return err
		}),
	}
	cmd.Flags().StringVar(&route, "route", "", "the `route` that they are stored for")
	a.flags(cmd)
	o.quietFlag(cmd)
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
	var archive export.HAR
	if err := json.Unmarshal(bytes.TrimPrefix(text, []byte("\ufeff")), &archive); err != nil {
		return nil, usagef("%s is no HTTP archive: %w", file, err)
	}
	var all []web.Exchange
	for _, entry := range archive.Log.Entries {
		if x, ok := entry.Exchange(); ok {
			all = append(all, x)
		}
	}
	if len(all) == 0 {
		return nil, usagef("%s has no request with an answer in it", file)
	}
	return all, nil
}
