package command

import (
	"bufio"
	"io"
	"net/url"
	"strings"

	"github.com/spf13/cobra"
	"github.com/strangler-fig/toolkit/web"
)

// export is what stored exchanges are written to.
type export struct {
	base *url.URL // where requests go
	of   string   // the route or group they are of
	side string   // whose answers count as right
}

// writers write exchanges in each format.
var writers = map[string]func(w io.Writer, e export, all []web.Exchange) error{
	"curl": writeCurl,
	"go":   writeGo,
	"har":  writeHAR,
	"hurl": writeHurl,
}

func newExport() *cobra.Command {
	var a admin
	as := choice{value: "hurl", among: []string{"hurl", "curl", "har", "go"}}
	side := choice{value: "legacy", among: []string{"legacy", "service"}}
	base := "http://127.0.0.1:8080"
	limit := 200
	cmd := &cobra.Command{
		Use:   "export GROUP|ROUTE",
		Short: "Print stored requests and answers for other tools",
		Long: `Print what is stored of a group or a route, as a file of Hurl's, as lines for curl, as HAR, or as
a Go test with golden answers. What was redacted stays so.`,
		Example: "  strangler export 7015c9a7aaaa6b36 > mistake.hurl\n  strangler export orders-read --as go --base http://127.0.0.1:8102 > orders_test.go\n  strangler export orders-read --as har > orders.har",
		Args:    arguments(1, 1),
		RunE: run(func(cmd *cobra.Command, args []string) error {
			to, err := url.Parse(strings.TrimRight(base, "/"))
			if err != nil || to.Scheme != "http" && to.Scheme != "https" || to.Host == "" {
				return usagef("--base %q: it has to be such as http://127.0.0.1:8080", base)
			}
			if limit < 1 || limit > 1000 {
				return usagef("--limit %d: it is 1 to 1000", limit)
			}
			client, err := a.client()
			if err != nil {
				return err
			}
			var target web.Replay
			if err := targetOf(cmd.Context(), client, args[0], &target); err != nil {
				return err
			}
			found, err := client.Exchanges(cmd.Context(), web.ExchangeQuery{Route: target.Route, Group: target.Group, Limit: limit})
			if err != nil {
				return err
			}
			out := bufio.NewWriter(cmd.OutOrStdout())
			if err := writers[as.value](out, export{to, args[0], side.value}, found); err != nil {
				return err
			}
			return out.Flush()
		}),
	}
	cmd.Flags().Var(&as, "as", "the format")
	cmd.Flags().Var(&side, "side", "whose answers are the right ones")
	cmd.Flags().StringVar(&base, "base", base, "the `URL` that requests go to")
	cmd.Flags().IntVar(&limit, "limit", limit, "at most this `many`, the newest")
	a.flags(cmd)
	return cmd
}

// right returns the answer that counts as right; nil: that side gave none.
func (e export) right(x web.Exchange) *web.Answer {
	if e.side == "service" {
		return x.Service
	}
	return x.Legacy
}

func (e export) url(x web.Exchange) string { return e.base.String() + x.Path }

// header is one line of a request's header.
type header struct{ name, value string }

// sent returns the headers that are worth sending again, sorted: not those that belong to a
// connection, and none that was redacted.
func sent(x web.Exchange) (all []header) {
	for _, name := range sortedKeys(x.Headers) {
		switch name {
		case "Connection", "Content-Length", "Host", "Keep-Alive", "Transfer-Encoding", "Upgrade", "Accept-Encoding",
			"X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Port", "X-Request-Id", "Traceparent":
			continue
		}
		for _, value := range x.Headers[name] {
			if !web.IsRedacted(value) {
				all = append(all, header{name, value})
			}
		}
	}
	return all
}
