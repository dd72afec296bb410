package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/strangler-fig/toolkit/web"
	"github.com/strangler-fig/toolkit/web/api"
)

// errDiffers says that requests that were sent again differ.
var errDiffers = errors.New("answers differ")

func newReplay() *cobra.Command {
	return replayCommand("replay", "Send stored requests again, and compare", `Send what is stored of a group or a route again, to both sides, and compare the answers: what is
fixed, what remains, what is new? Only requests that may be repeated are sent. Credentials were not
stored: give them with -H, or with a command that prints header lines.`, false)
}

func newVerify() *cobra.Command {
	return replayCommand("verify", "Send stored requests again; fail if answers differ", `Do what replay does, for a pipeline: the exit status is 1 where an answer differs, or a side gave
none, or nothing could be compared.`, true)
}

func replayCommand(name, short, long string, strict bool) *cobra.Command {
	var a admin
	var o output
	var headers []string
	var from string
	request := web.Replay{Rate: 5, Limit: 200}
	cmd := &cobra.Command{
		Use:   name + " GROUP|ROUTE",
		Short: short,
		Long:  long,
		Example: "  strangler " + name + " 7015c9a7aaaa6b36\n  strangler " + name + " orders-read --against http://127.0.0.1:8202 --rate 20\n  strangler " + name +
			" orders-read -H 'Authorization: Bearer …'\n  strangler " + name + " orders-read --headers-from './login.sh'",
		Args: arguments(1, 1),
		RunE: run(func(cmd *cobra.Command, args []string) error {
			header, err := parseHeaders(headers)
			if err != nil {
				return err
			}
			if from != "" {
				if err := headersFrom(cmd.Context(), from, header, cmd.ErrOrStderr()); err != nil {
					return err
				}
			}
			request.Header = header
			client, err := a.client()
			if err != nil {
				return err
			}
			if err := targetOf(cmd.Context(), client, args[0], &request); err != nil {
				return err
			}
			var all []web.Replayed
			bar := newBar(cmd.ErrOrStderr(), o.quiet)
			last, err := client.Replay(cmd.Context(), request, func(step web.ReplayStep) {
				bar.show(int64(step.Done), int64(step.Of), "%d of %d: %d fixed, %d remain, %d new", step.Done, step.Of, step.Fixed, step.Remains, step.New)
				if step.Replayed != nil {
					all = append(all, *step.Replayed)
				}
			})
			bar.clear()
			if err != nil {
				return err
			}
			summary := last.ReplaySummary
			if err := o.print(cmd, replayReport{summary, all}, func(w io.Writer) { printReplay(w, summary, all) }); err != nil {
				return err
			}
			if strict && (summary.Remains+summary.New+summary.Failed > 0 || summary.Fixed+summary.Same == 0) {
				return errDiffers
			}
			return nil
		}),
	}
	cmd.Flags().StringVar(&request.Against, "against", "", "ask the instance at this `URL` instead of the service")
	cmd.Flags().Float64Var(&request.Rate, "rate", request.Rate, "requests a second")
	cmd.Flags().IntVar(&request.Limit, "limit", request.Limit, "at most this `many`, the newest")
	cmd.Flags().StringArrayVarP(&headers, "header", "H", nil, "put a header into each request, '`Name: value`'; may be repeated")
	cmd.Flags().StringVar(&from, "headers-from", "", "a `command` for the shell that prints header lines")
	a.flags(cmd)
	o.changeFlags(cmd)
	o.headingsFlag(cmd)
	return cmd
}

// replayReport is what -o json prints.
type replayReport struct {
	web.ReplaySummary
	Requests []web.Replayed `json:"requests"`
}

// targetOf finds out whether a name is a route's or a group's.
func targetOf(ctx context.Context, client *api.Client, name string, to *web.Replay) error {
	routes, err := client.Routes(ctx)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(routes, func(r web.Route) bool { return r.Name == name }) {
		to.Route = name
		return nil
	}
	if _, err := client.Group(ctx, name); err != nil {
		var names []string
		for _, r := range routes {
			names = append(names, r.Name)
		}
		if hint := didYouMean(name, names); hint != "" {
			return fmt.Errorf("%w, and no route of that name%s", err, hint)
		}
		return err
	}
	to.Group = name
	return nil
}

// headersFrom runs a command that prints header lines.
func headersFrom(ctx context.Context, command string, to http.Header, stderr io.Writer) error {
	shell := exec.CommandContext(ctx, "sh", "-c", command)
	shell.Stderr = stderr
	text, err := shell.Output()
	if err != nil {
		return fmt.Errorf("--headers-from %q: %w", command, err)
	}
	var lines []string
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	more, err := parseHeaders(lines)
	if err != nil {
		return fmt.Errorf("--headers-from %q prints what is no header: %w", command, err)
	}
	for name, values := range more {
		to[name] = append(to[name], values...)
	}
	return nil
}

// outcomeColours tell outcomes apart at a glance; their names say the same.
var outcomeColours = map[string]colour{"fixed": green, "same": green, "remains": yellow, "new": red, "failed": red}

func printReplay(w io.Writer, s web.ReplaySummary, all []web.Replayed) {
	heading(w, "REQUEST", "OUTCOME", "WHERE", "KIND", "LEGACY", "SERVICE")
	for _, r := range all {
		cells := []any{r.Method + " " + r.Path, paint(outcomeColours[r.Outcome], r.Outcome)}
		switch {
		case r.Why != "":
			cells = append(cells, r.Why)
		case len(r.Differences) > 0:
			first := r.Differences[0]
			where := place(first.Pointer)
			if more := len(r.Differences) - 1; more > 0 {
				where += fmt.Sprintf(" and %d more", more)
			}
			cells = append(cells, where, first.Kind, excerpt(first.Legacy), excerpt(first.Service))
		}
		row(w, cells...)
	}
	row(w)
	row(w, fmt.Sprintf("%s: %d fixed, %d remain, %d new, %d same, %d skipped, %d failed", count(s.Done, "request"), s.Fixed, s.Remains, s.New, s.Same, s.Skipped, s.Failed))
}
