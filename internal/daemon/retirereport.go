package daemon

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/shadow/ledger"
	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/strangler/journal"
	"github.com/strangler-fig/toolkit/strangler/rollout"
	"github.com/strangler-fig/toolkit/web"
)

// reportsFolder is where reports lie, in the data folder.
const reportsFolder = "reports"

// mostEntries is how many of a route's moves a report tells, the newest.
const mostEntries = 200

// reportRetired writes what there is to know about a route that has just retired, for those who ask in
// a year. What can't be read is named in it, and what can't be written is in the answer alone.
func (d *Daemon) reportRetired(ctx context.Context, fact rollout.Retirement, r web.Retire) web.Report {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTimeout)
	defer cancel()
	report := web.Report{Route: fact.Route.Name, Markdown: d.retiredText(ctx, fact, r)}
	file, err := saveReport(filepath.Join(d.options.Config.Data, reportsFolder), fact.Route.Name+"-"+fact.Now.UTC().Format(time.DateOnly), report.Markdown)
	if err != nil {
		d.log.Error("the report of a retired route could not be saved", keyRoute, fact.Route.Name, keyError, err)
		report.Problem = err.Error()
		return report
	}
	d.log.Info("report saved", keyRoute, fact.Route.Name, keyFile, file)
	report.File = file
	return report
}

// saveReport puts a text into a file of that name, or with a number behind it where there is one: a
// report is never written over. Whoever finds it finds it whole.
func saveReport(folder, name, text string) (string, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", err
	}
	part, err := os.CreateTemp(folder, ".report-*")
	if err != nil {
		return "", err
	}
	defer os.Remove(part.Name()) // it has another name then
	_, err = part.WriteString(text)
	if err = errors.Join(err, part.Sync(), part.Close()); err != nil {
		return "", err
	}
	for n := 1; ; n++ {
		file := filepath.Join(folder, name+".md")
		if n > 1 {
			file = filepath.Join(folder, fmt.Sprintf("%s-%d.md", name, n))
		}
		reserved, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return "", err
		}
		if err := errors.Join(reserved.Close(), os.Rename(part.Name(), file)); err != nil {
			return "", errors.Join(err, os.Remove(file))
		}
		return file, nil
	}
}

// page is a report in the making.
type page struct{ strings.Builder }

func (p *page) line(format string, args ...any) { fmt.Fprintf(p, format+"\n", args...) }

// section begins one.
func (p *page) section(title string) { p.line("\n## %s\n", title) }

// row writes a line of a table.
func (p *page) row(cells ...any) {
	texts := make([]string, len(cells))
	for i, cell := range cells {
		texts[i] = plain(fmt.Sprint(cell))
	}
	p.line("| %s |", strings.Join(texts, " | "))
}

// table begins one.
func (p *page) table(columns ...any) {
	p.row(columns...)
	p.line("|%s", strings.Repeat("---|", len(columns)))
}

// plain writes what comes from outside so that it means nothing to Markdown, and nothing to a terminal.
func plain(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case strings.ContainsRune("\\`*_[]<>|#~&", r):
			b.WriteByte('\\')
		case !unicode.IsPrint(r):
			r = unicode.ReplacementChar
		}
		b.WriteRune(r)
	}
	return b.String()
}

// retiredText is the report.
func (d *Daemon) retiredText(ctx context.Context, fact rollout.Retirement, r web.Retire) string {
	var p page
	route := fact.Route
	now := d.journal.Present()[route.Name]
	p.line("# Route %s is retired\n", plain(route.Name))
	by := plain(now.Actor)
	if !now.Verified {
		by += " (as the client said)"
	}
	p.line("Retired %s by %s%s.", stamp(now.Since), by, reasonText(now.Reason))
	p.line("%s", answers(route))

	p.section("What it is")
	p.table("what", "is")
	p.row("requests", matchText(route.Match))
	if route.Service != "" {
		p.row("service", route.Service)
	}
	if route.Unit != "" {
		p.row("unit", route.Unit)
	}
	p.row("return", route.Return)

	d.reportMoves(ctx, &p, route.Name)
	d.reportEvidence(ctx, &p, route.Name)
	d.reportCalls(ctx, &p, fact)
	reportLog(&p, fact, r.RetireEvidence)
	if r.Force {
		p.section("What stood in the way, and was forced")
		why, _ := fact.Obstacles()
		for _, text := range why {
			p.line("- %s", plain(text))
		}
		if len(why) == 0 {
			p.line("Nothing.")
		}
	}
	return p.String()
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 MST") }

func reasonText(reason string) string {
	if reason == "" {
		return ", who gave no reason"
	}
	return ": " + plain(reason)
}

// answers says who answers from now on.
func answers(route strangler.Route) string {
	if route.Service != "" {
		return fmt.Sprintf("The service %s answers all of its requests. Legacy is never called for it.", plain(route.Service))
	}
	return "Its requests are answered with status 410: " + plain(route.Gone)
}

// matchText says which requests are a route's, in one line.
func matchText(m strangler.Match) string {
	text := strings.Join(m.Methods, ", ")
	if text == "" {
		text = "any method"
	}
	text += " " + m.Path
	if m.Host != "" {
		text += " on " + m.Host
	}
	for _, some := range []struct {
		what string
		of   map[string]string
	}{{"header", m.Headers}, {"query", m.Query}} {
		for _, name := range slices.Sorted(maps.Keys(some.of)) {
			text += fmt.Sprintf(", %s %s=%s", some.what, name, some.of[name])
		}
	}
	return text
}

// reportMoves tells what moved, when, and by whom.
func (d *Daemon) reportMoves(ctx context.Context, p *page, route string) {
	p.section("What moved")
	entries, err := d.journal.Entries(ctx, journal.Query{Route: route, Limit: mostEntries})
	if err != nil {
		p.line("The journal can't be read: %s", plain(err.Error()))
		return
	}
	p.table("when", "what", "from", "to", "by", "why")
	for i := len(entries) - 1; i >= 0; i-- {
		e := entries[i]
		what := string(e.Kind)
		if e.How != "" {
			what = string(e.How)
		}
		if e.Kind == journal.Steered {
			what = "rollout " + plain(web.Entry{Steering: e.Steering}.Steered().Told())
		}
		by := e.Actor
		if !e.Verified {
			by += " (as the client said)"
		}
		p.row(stamp(e.At), what, standsAt(e.Before), standsAt(e.After), by, e.Reason)
	}
	if len(entries) == mostEntries {
		p.line("\nThe journal has more, before these.")
	}
}

func standsAt(p *strangler.Position) string {
	if p == nil {
		return ""
	}
	return p.String()
}

// reportEvidence tells what the comparisons showed.
func (d *Daemon) reportEvidence(ctx context.Context, p *page, route string) {
	p.section("What was compared")
	totals, err := d.ledger.Totals(ctx)
	if err != nil {
		p.line("The ledger can't be read: %s", plain(err.Error()))
		return
	}
	counts := map[shadow.Verdict]int64{}
	var sum int64
	for _, t := range totals {
		if t.Route == route {
			counts[t.Verdict] += t.Count
			sum += t.Count
		}
	}
	if sum == 0 {
		p.line("Nothing: no comparison of this route is on record.")
	} else {
		p.table("verdict", "comparisons")
		for _, v := range []shadow.Verdict{shadow.Match, shadow.Noise, shadow.Lag, shadow.Diverged, shadow.Failed, shadow.Skipped} {
			if counts[v] > 0 {
				p.row(v, counts[v])
			}
		}
	}
	groups, err := d.ledger.Groups(ctx, route, "")
	if err != nil {
		p.line("\nThe groups of divergences can't be read: %s", plain(err.Error()))
		return
	}
	if len(groups) > 0 {
		p.line("\nGroups of divergences:\n")
		p.table("group", "what", "divergences", "last", "state", "by", "why")
		for _, g := range groups {
			p.row(g.ID, g.Title(), g.Count, stamp(g.Last), g.State, g.Actor, g.Reason)
		}
	}
	if pairs := d.shadow.Evidence()[route].Statuses; len(pairs) > 0 {
		p.line("\nStatuses of both answers to the same requests, since the proxy was started %s:\n", stamp(d.started))
		p.table("legacy", "service", "requests")
		for _, one := range pairs {
			if one.Legacy == 0 {
				p.row("others", "", one.Count)
				continue
			}
			p.row(one.Legacy, one.Service, one.Count)
		}
	}
}

// reportCalls tells when legacy was called last, through the proxy.
func (d *Daemon) reportCalls(ctx context.Context, p *page, fact rollout.Retirement) {
	p.section("When legacy was called last")
	since, calls, err := d.ledger.LegacyCalls(ctx, fact.Route.Name)
	switch {
	case err != nil:
		p.line("That can't be read: %s", plain(err.Error()))
		return
	case since.IsZero():
		p.line("That was not on record.")
		return
	}
	p.line("On record since %s, with shadowing left out. Asked for were %s without a call.\n", stamp(since), rollout.Days(fact.After))
	if len(calls) == 0 {
		p.line("It was never called.")
		return
	}
	p.table("who", "how", "calls", "first", "last")
	for _, c := range calls {
		p.row(callerText(c), c.Why, c.Count, stamp(c.First), stamp(c.Last))
	}
}

func callerText(c ledger.LegacyCall) string {
	if who := whoOf(c); who != "" {
		return who
	}
	return "clients, not told apart"
}

// reportLog tells what the legacy server's log said.
func reportLog(p *page, fact rollout.Retirement, e web.RetireEvidence) {
	p.section("Callers that go around the proxy")
	switch log := e.AccessLog; {
	case e.ProxyOnly:
		p.line("There is no way around the proxy, says who retired it (proxy only).")
	case fact.Log == nil:
		p.line("Nobody looked.")
	default:
		p.line("The access log of the legacy server (%s): %d lines from %s to %s, of which %d were the proxy's own and %d could not be read.\n",
			plain(strings.Join(log.Files, ", ")), log.Lines, stamp(log.From), stamp(log.Until), log.Own, log.Unread)
		if len(fact.Log.Calls) == 0 {
			p.line("Nobody called, as far as callers can be told from the proxy: those at its own addresses can't.")
			return
		}
		p.table("who", "calls", "last", "certain")
		for _, c := range fact.Log.Calls {
			certain := "yes"
			if c.Maybe {
				certain = "no: it may have been another route's"
			}
			p.row(c.Who, c.Count, stamp(c.Last), certain)
		}
	}
}
