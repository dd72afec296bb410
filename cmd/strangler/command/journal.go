package command

import (
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web"
	"github.com/strangler-fig/toolkit/web/api"
)

func newJournal() *cobra.Command {
	var a admin
	var o output
	var at, head string
	var verify bool
	var q web.EntryQuery
	cmd := &cobra.Command{
		Use:   "journal [ROUTE]",
		Short: "Show who moved what, when and why; or the table as it was",
		Long: `Show the journal, newest first: who moved what, when and why. With --at show the table of routes
as it was at a moment: an RFC 3339 time, a local date and time, or how long ago.

With --verify have the chain of hashes computed anew that entries carry, and end with 1 where it
breaks. Keep the head that it prints elsewhere: --head says whether that is in the chain still,
which shows that the journal was not cut or written anew.`,
		Example: `  strangler journal orders-read
  strangler journal --at 2026-05-01T12:00:00Z
  strangler journal --at 1h30m
  strangler journal --verify`,
		Args: arguments(0, 1),
		RunE: run(func(cmd *cobra.Command, args []string) error {
			if q.Limit < 1 || q.Limit > 1000 {
				return usagef("--limit %d: it is 1 to 1000", q.Limit)
			}
			if len(args) == 1 {
				q.Route = args[0]
			}
			if verify && (at != "" || q.Route != "" || cmd.Flags().Changed("limit")) {
				return usagef("--verify is of the whole journal: leave out ROUTE, --at and --limit")
			}
			if cmd.Flags().Changed("head") && !verify {
				return usagef("--head goes with --verify")
			}
			client, err := a.client()
			if err != nil {
				return err
			}
			if verify {
				return verifyJournal(cmd, client, &o, head)
			}
			if at != "" {
				moment, err := parseMoment("at", at, time.Now())
				if err != nil {
					return err
				}
				routes, err := client.RoutesAt(cmd.Context(), q.Route, moment)
				if err != nil {
					return err
				}
				return o.list(cmd, routes, routeNames(routes), func(w io.Writer) { printRoutes(w, routes) })
			}
			entries, err := client.Journal(cmd.Context(), q)
			if err != nil {
				return err
			}
			return o.list(cmd, entries, entryNumbers(entries), func(w io.Writer) { printEntries(w, entries) })
		}),
	}
	cmd.Flags().StringVar(&at, "at", "", "the table as it was at this `time`, instead of entries")
	cmd.Flags().BoolVar(&verify, "verify", false, "compute the chain of hashes anew")
	cmd.Flags().StringVar(&head, "head", "", "with --verify: a `hash` that has to be in the chain")
	cmd.Flags().IntVar(&q.Limit, "limit", 50, "at most this `many` entries")
	a.flags(cmd)
	o.listFlags(cmd, "numbers of entries, or with --at names of routes,")
	return cmd
}

func entryNumbers(entries []web.Entry) []string {
	numbers := make([]string, len(entries))
	for i, e := range entries {
		numbers[i] = strconv.FormatInt(e.Seq, 10)
	}
	return numbers
}

// verifyJournal shows what the chain of hashes says; where that is bad news it is an error.
func verifyJournal(cmd *cobra.Command, client *api.Client, o *output, head string) error {
	proof, err := client.VerifyJournal(cmd.Context(), head)
	if err != nil {
		return err
	}
	err = o.print(cmd, proof, func(w io.Writer) {
		fmt.Fprintf(w, "%s\n", following(proof.Entries))
		if proof.Head != "" {
			row(w, "head", proof.Seq, when(proof.At), proof.Head)
		}
		if proof.Known != nil && proof.Known.Seq != 0 {
			row(w, "kept", proof.Known.Seq, "", proof.Known.Hash)
		}
	})
	switch {
	case err != nil:
		return err
	case proof.Broken != nil && proof.Broken.What == "unreadable":
		return fmt.Errorf("the journal is damaged: %s", proof.Broken.Why)
	case proof.Broken != nil:
		return fmt.Errorf("the journal was changed: %s", proof.Broken.Why)
	case !proof.Whole():
		return fmt.Errorf("no entry has the hash %s: the journal was cut before it, or written anew", proof.Known.Hash)
	}
	return nil
}

func following(entries int64) string {
	switch entries {
	case 0:
		return "there are no entries that could follow from one another"
	case 1:
		return "1 entry is as it was written"
	}
	return fmt.Sprintf("%d entries follow from one another", entries)
}

func printEntries(w io.Writer, entries []web.Entry) {
	heading(w, "SEQ", "AT", "ROUTE", "WHAT", extra{"FROM"}, "TO", extra{"VERSION"}, "BY", "REASON")
	for _, e := range entries {
		version := strconv.FormatInt(e.Version, 10)
		if e.Route == "" {
			version = "-" // it is of no route, and counts nothing that anybody asks for
		}
		row(w, e.Seq, when(e.At), orDash(e.Route), whatText(e), extra{positionOrDash(e.Before)}, positionOrDash(e.After), extra{version}, actorText(e), reasonText(e))
	}
}

// whatText is what happened: of a move, in which way it came about; of a steering, what holds since.
func whatText(e web.Entry) string {
	switch {
	case e.Undoes != 0:
		return fmt.Sprintf("%s of %d", e.How, e.Undoes)
	case e.How != "":
		return e.How
	}
	text, s := e.Kind, e.Steered()
	if e.Kind == "steered" {
		text = s.Told()
	}
	if !s.Until.IsZero() {
		text += " until " + when(s.Until)
	}
	return text
}

// reasonText is why: in the author's words, else in those of whatever steers the route.
func reasonText(e web.Entry) string {
	if e.Reason != "" {
		return e.Reason
	}
	return e.Steered().Why
}

func positionOrDash(p *strangler.Position) string {
	if p == nil {
		return "-"
	}
	return p.String()
}

// actorText marks an actor that only the client vouches for.
func actorText(e web.Entry) string {
	if e.Verified {
		return e.Actor
	}
	return fmt.Sprintf("%s (unverified)", e.Actor)
}
