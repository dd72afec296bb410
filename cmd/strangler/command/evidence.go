package command

import (
	"fmt"
	"io"
	"strconv"

	"github.com/spf13/cobra"
	"github.com/strangler-fig/toolkit/web"
)

func newEvidence() *cobra.Command {
	var a admin
	var o output
	cmd := &cobra.Command{
		Use:   "evidence ROUTE",
		Short: "Show what is known of a route's comparisons",
		Long: `Show what is known of a route's comparisons: how many differ, which statuses came together, how
long both sides took on the same requests, and where legacy differs from itself.`,
		Example: "  strangler evidence orders-read",
		Args:    arguments(1, 1),
		RunE: run(func(cmd *cobra.Command, args []string) error {
			client, err := a.client()
			if err != nil {
				return err
			}
			e, err := client.RouteEvidence(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return o.print(cmd, e, func(w io.Writer) { printEvidence(w, e) })
		}),
	}
	a.flags(cmd)
	o.flags(cmd)
	return cmd
}

func printEvidence(w io.Writer, e web.RouteEvidence) {
	row(w, "compared", e.Compared)
	row(w, "diverged", e.Diverged, share(e.Diverged, e.Compared))
	row(w, "of those expected", e.Expected)
	row(w, "legacy asked twice", e.Controls)
	if len(e.Statuses) > 0 {
		row(w)
		heading(w, "LEGACY", "SERVICE", "REQUESTS")
	}
	for _, p := range e.Statuses {
		if p.Legacy == 0 {
			row(w, "others", "", p.Count)
			continue
		}
		row(w, p.Legacy, p.Service, p.Count)
	}
	if l := e.Latency; l != nil {
		row(w)
		heading(w, "LATENCY, MS", "P50", "P90", "P99")
		row(w, "legacy", millis(l.Legacy.P50), millis(l.Legacy.P90), millis(l.Legacy.P99))
		row(w, "service", millis(l.Service.P50), millis(l.Service.P90), millis(l.Service.P99))
		row(w, "service less legacy", millis(l.Difference.P50), millis(l.Difference.P90), millis(l.Difference.P99))
	}
	if len(e.Noise) > 0 {
		row(w)
		heading(w, "WHERE", "KIND", "IS", "LEGACY DIFFERS FROM ITSELF", "SERVICE DIFFERS")
	}
	for _, p := range e.Noise {
		row(w, place(p.Pattern), p.Kind, p.Known, percentOf(p.Legacy), percentOf(p.Service))
	}
}

// place names a pointer; the empty one is the whole body.
func place(pointer string) string {
	if pointer == "" {
		return "the body"
	}
	return pointer
}

// millis writes a latency with the digits that say something.
func millis(ms float64) string {
	return strconv.FormatFloat(ms, 'f', max(0, 3-len(strconv.Itoa(int(ms)))), 64)
}

func percentOf(share float64) string { return fmt.Sprintf("%.1f %%", share*100) }

func share(part, whole int64) string {
	if whole == 0 {
		return ""
	}
	return percentOf(float64(part) / float64(whole))
}
