package command

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/strangler-fig/toolkit/web"
)

// stale is how old data may be that nothing is said of.
const stale = 5 * time.Second

// smallest is the least that the screen is drawn for.
const (
	smallestWidth  = 40
	smallestHeight = 8
)

// layout is how many lines everything has.
type layout struct{ wants, routes int }

// fixedLines are the title, the share, a blank line, the head of the table and the last line.
const fixedLines = 5

// layout gives what needs a person a third of the screen at most, unless routes leave more.
func (s *screen) layout() layout {
	free := max(s.height-fixedLines, 0)
	wants, routes := max(len(s.wants()), 1), len(s.now.Stats.Routes)
	most := max(free/3, 1, free-routes-1)
	shown := min(wants, most)
	return layout{wants: shown, routes: max(free-shown-1, 1)} // a blank line between the two
}

// draw returns the screen's lines.
func (s *screen) draw(now time.Time) string {
	if s.width < smallestWidth || s.height < smallestHeight {
		if s.width == 0 {
			return "" // its size isn't known yet
		}
		return ansi.Truncate(fmt.Sprintf("%d x %d is too small; q quits", s.width, s.height), s.width, "")
	}
	all := s.layout()
	lines := []string{s.title(now), s.share(), ""}
	lines = append(lines, s.needed(all.wants)...)
	lines = append(lines, "", s.tableHead())
	for i := s.top; i < min(s.top+all.routes, len(s.now.Stats.Routes)); i++ {
		lines = append(lines, s.tableRow(s.now.Stats.Routes[i]))
	}
	for len(lines) < s.height-1 {
		lines = append(lines, "")
	}
	lines = append(lines[:s.height-1], s.footer(all.routes))
	return strings.Join(lines, "\n")
}

// line fits a text into the width, in a way.
func (s *screen) line(way colour, text string) string {
	text = ansi.Truncate(text, s.width, "…")
	if way == "" {
		return text
	}
	return string(way) + text + string(plain)
}

// title says whose state this is, and how old it is.
func (s *screen) title(now time.Time) string {
	age := now.Sub(s.at).Truncate(time.Second)
	state, way := "as of "+s.at.Local().Format("15:04:05"), bold
	switch {
	case s.away != nil:
		state, way = fmt.Sprintf("reconnecting… (data is %s old)", age), bold+red
	case age >= stale:
		state = fmt.Sprintf("waiting… (data is %s old)", age)
	}
	left := "strangler " + printable(s.address)
	room := s.width - ansi.StringWidth(state) - 2
	left = ansi.Truncate(left, max(room, 0), "…")
	return s.line(way, left+strings.Repeat(" ", max(s.width-ansi.StringWidth(left)-ansi.StringWidth(state), 1))+state)
}

// share says how far the migration is: routes by phase, and the share of requests that services serve.
func (s *screen) share() string {
	var legacy, service float64
	for _, r := range s.now.Stats.Routes {
		legacy, service = legacy+r.Legacy.PerSecond, service+r.Service.PerSecond
	}
	text := "no requests at present"
	if all := legacy + service; all > 0 {
		text = fmt.Sprintf("services serve %.0f%% of %.1f/s", 100*service/all, all)
		if s.width >= 90 {
			text = barText(service/all, 20) + " " + text
		}
	}
	return s.line("", text+"; "+progress(s.now.Routes))
}

// wants are what needs a person, what is worst first.
func (s *screen) wants() []string {
	wants := troubles(s.now.statusReport)
	byRoute := map[string][]web.Group{}
	for _, g := range s.now.open {
		byRoute[g.Route] = append(byRoute[g.Route], g)
	}
	for _, r := range s.now.Routes {
		groups := byRoute[r.Name]
		if len(groups) == 0 {
			continue
		}
		largest := slices.MaxFunc(groups, func(a, b web.Group) int { return cmp.Compare(a.Count, b.Count) })
		text := "1 open group: " + largest.Title
		if n := len(groups); n > 1 {
			text = fmt.Sprintf("%d open groups, the largest: %s", n, largest.Title)
		}
		wants = append(wants, fmt.Sprintf("%s: %s", r.Name, text))
	}
	for i := range wants {
		wants[i] = printable(wants[i])
	}
	return wants
}

func (s *screen) needed(lines int) []string {
	wants := s.wants()
	if len(wants) == 0 {
		return []string{s.line("", "nothing needs a person")}
	}
	var shown []string
	for i, want := range wants {
		if i == lines-1 && len(wants) > lines {
			shown = append(shown, s.line(red, fmt.Sprintf("! and %d more: strangler status", len(wants)-i)))
			break
		}
		shown = append(shown, s.line(red, "! "+want))
	}
	return shown
}

// column is one of the table's, right of the name.
type column struct {
	head  string
	width int
	of    func(web.RouteStats) string
}

// statusColumns are those that fit into 80 characters, with a name of 22.
func statusColumns(report statusReport) []column {
	at := positions(report)
	return []column{
		{"AT", 7, func(r web.RouteStats) string { return orDash(at[r.Route]) }},
		{"REQ/S", 7, func(r web.RouteStats) string { return fmt.Sprintf("%.1f", r.Legacy.PerSecond+r.Service.PerSecond) }},
		{"SERVED", 6, func(r web.RouteStats) string {
			all := r.Legacy.PerSecond + r.Service.PerSecond
			if all == 0 {
				return "-"
			}
			return fmt.Sprintf("%.0f%%", 100*r.Service.PerSecond/all)
		}},
		{"FAILED L/S", 10, func(r web.RouteStats) string { return brief(r.Legacy.Failures) + "/" + brief(r.Service.Failures) }},
		{"COMPARED", 8, func(r web.RouteStats) string { return brief(comparedOf(r)) }},
		{"DIVERGED", 8, func(r web.RouteStats) string { return brief(r.Comparisons.Diverged) }},
	}
}

// positions are where routes stand, by name; that of no name is what no route takes.
func positions(report statusReport) map[string]string {
	at := map[string]string{"": "legacy"}
	if report.Legacy.Absent {
		at[""] = "404"
	}
	for _, r := range report.Routes {
		at[r.Name] = position(r)
	}
	return at
}

// comparedOf is how many comparisons of a route had two answers.
func comparedOf(r web.RouteStats) int64 {
	c := r.Comparisons
	return c.Match + c.Noise + c.Lag + c.Diverged
}

func (s *screen) columns() []column {
	all := statusColumns(s.now.statusReport)
	if s.width >= 100 {
		all = append(all, column{"SKIPPED", 7, func(r web.RouteStats) string { return brief(r.Comparisons.Skipped) }},
			column{"P99 L/S MS", 11, func(r web.RouteStats) string {
				return fmt.Sprintf("%.0f/%.0f", r.Legacy.P99MS, r.Service.P99MS)
			}})
	}
	for s.nameWidth(all) < 12 && len(all) > 1 { // on a narrow terminal the name matters more
		all = all[:len(all)-1]
	}
	return all
}

func (s *screen) nameWidth(columns []column) int {
	width := s.width
	for _, c := range columns {
		width -= c.width + 1
	}
	return width
}

func (s *screen) tableHead() string {
	return s.tableLine(bold+reverse, "ROUTE", func(c column) string { return c.head })
}

func (s *screen) tableRow(r web.RouteStats) string {
	way := colour("")
	if s.away != nil {
		way = faint
	}
	return s.tableLine(way, printable(routeOrRest(r.Route)), func(c column) string { return c.of(r) })
}

func (s *screen) tableLine(way colour, name string, cell func(column) string) string {
	columns := s.columns()
	width := s.nameWidth(columns)
	name = ansi.Truncate(name, width, "…")
	text := name + strings.Repeat(" ", max(width-ansi.StringWidth(name), 0))
	for _, c := range columns {
		value := ansi.Truncate(cell(c), c.width, "…")
		text += " " + strings.Repeat(" ", max(c.width-ansi.StringWidth(value), 0)) + value
	}
	return s.line(way, text)
}

func (s *screen) footer(routes int) string {
	n := len(s.now.Stats.Routes)
	text := "q quits"
	if n > routes {
		text = fmt.Sprintf("%d to %d of %d; ↑ ↓ and page keys scroll, q quits", s.top+1, min(s.top+routes, n), n)
	}
	up := s.now.Stats.At.Sub(s.now.Stats.Started).Truncate(time.Second)
	return s.line(faint, fmt.Sprintf("%s; up %s, shadow queue %d of %d, ledger %.1f of %d MiB", text, up, s.now.Stats.Shadow.Queue, s.now.Stats.Shadow.QueueCap,
		float64(s.now.Stats.Ledger.Bytes)/(1<<20), s.now.Stats.Ledger.MaxBytes>>20))
}

// brief writes a count in at most five characters.
func brief(n int64) string {
	switch {
	case n < 10_000:
		return strconv.FormatInt(n, 10)
	case n < 10_000_000:
		return strconv.FormatInt(n/1000, 10) + "k"
	}
	return strconv.FormatInt(n/1_000_000, 10) + "M"
}
