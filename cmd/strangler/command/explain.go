package command

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/spf13/cobra"
	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web"
)

func newExplain() *cobra.Command {
	var a admin
	var o output
	var headers []string
	var request web.Explain
	cmd := &cobra.Command{
		Use:   "explain METHOD URL",
		Short: "Say which route and side a request would get, and why",
		Long: `Say which route and side a request would get, and why; nothing is sent anywhere. URL is a path
with its query, or a whole URL, whose host then is the request's Host.`,
		Example: `  strangler explain GET /api/orders/17
  strangler explain GET 'http://shop.example.com/api/orders/17?v=2' -H 'Cookie: sid=abc' -H 'X-Beta: 1'`,
		Args: arguments(2, 2),
		RunE: run(func(cmd *cobra.Command, args []string) error {
			request.Method, request.URL = args[0], args[1]
			header, err := parseHeaders(headers)
			if err != nil {
				return err
			}
			request.Header = header
			client, err := a.client()
			if err != nil {
				return err
			}
			answer, err := client.Explain(cmd.Context(), request)
			if err != nil {
				return err
			}
			return o.print(cmd, answer, func(w io.Writer) { printExplanation(w, answer) })
		}),
	}
	cmd.Flags().StringArrayVarP(&headers, "header", "H", nil, "a header of the request, '`Name: value`'; may be repeated")
	cmd.Flags().StringVar(&request.Address, "address", "", "the client's `address` (default 127.0.0.1)")
	a.flags(cmd)
	o.formatFlag(cmd)
	return cmd
}

// parseHeaders reads headers as they are given with -H.
func parseHeaders(lines []string) (http.Header, error) {
	header := http.Header{}
	for _, line := range lines {
		name, value, ok := strings.Cut(line, ":")
		if !ok || strings.TrimSpace(name) == "" {
			return nil, usagef("-H %q: a header is 'Name: value'", line)
		}
		header.Add(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	return header, nil
}

func printExplanation(w io.Writer, e web.Explanation) {
	route := e.Route
	if route == "" {
		route = "none: the legacy catch-all"
		if e.Side == strangler.SideService {
			route = "none"
		}
	}
	row(w, "route", route)
	row(w, "side", e.Side)
	row(w, "why", e.Why)
	if e.Note != "" {
		row(w, "note", e.Note)
	}
	row(w, "upstream", cmp.Or(e.Upstream, "none"))
	if e.Route != "" {
		row(w, "phase", fmt.Sprintf("%s, weight %s", e.Phase, e.Weight))
		if e.Bucket >= 0 {
			row(w, "bucket", fmt.Sprintf("%d of 10000, by %s", e.Bucket, e.Cohort))
		}
		row(w, "repeat", e.Repeat)
		row(w, "shadow", e.Shadow)
		row(w, "fallback", e.Fallback)
		if e.Translate != "" {
			row(w, "translate", e.Translate)
		}
	}
	if e.Upstream != "" {
		printUpstream(w, e)
	}
	for _, other := range e.Others {
		row(w, "not "+other.Route, other.Why)
	}
}

// printUpstream says what the request would meet on its way.
func printUpstream(w io.Writer, e web.Explanation) {
	row(w, "endpoints", e.Endpoints)
	row(w, "balance", e.Balance)
	for _, one := range [][2]string{{"connections", e.Connections}, {"slow start", e.SlowStart}, {"health check", e.HealthCheck}} {
		if one[1] != "" {
			row(w, one[0], one[1])
		}
	}
	row(w, "transport", e.Transport)
	row(w, "time-outs", e.Timeouts)
	row(w, "retry", e.Retry)
	row(w, "breaker", e.Breaker)
	row(w, "bulkhead", e.Bulkhead)
}
