package ledger

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/strangler-fig/toolkit/shadow"
)

// Title says in a line what differs, how often, and what may be the reason.
func (g Group) Title() string {
	if len(g.Causes) == 0 {
		return fmt.Sprintf("more than %d other causes", maxGroups)
	}
	title := g.what()
	if g.Share > 0 {
		title += " in " + percent(g.Share) + " of answers"
	}
	if g.Guess != "" {
		title += ", " + g.Guess
	}
	return title
}

func (g Group) what() string {
	if g.LegacyStatus != g.ServiceStatus {
		return fmt.Sprintf("legacy answers %s, the service %s", statusText(g.LegacyStatus), statusText(g.ServiceStatus))
	}
	first := g.Causes[0].text()
	switch n := len(g.Causes) - 1; n {
	case 0:
		return first
	case 1:
		return first + ", and " + g.Causes[1].text()
	default:
		return fmt.Sprintf("%s, and %d more places", first, n)
	}
}

func statusText(status int) string {
	return strings.TrimSpace(strconv.Itoa(status) + " " + http.StatusText(status))
}

// percent writes a share with about two digits that say something.
func percent(share float64) string {
	switch p := share * 100; {
	case p >= 9.95:
		return fmt.Sprintf("%.0f %%", p)
	case p >= 0.995:
		return fmt.Sprintf("%.1f %%", p)
	case p >= 0.01:
		return fmt.Sprintf("%.2f %%", p)
	}
	return "less than 0.01 %"
}

func (c Cause) text() string {
	place := c.Pointer
	if place == "" {
		place = "the body"
	}
	switch c.Kind {
	case shadow.KindMissing:
		return place + " is missing"
	case shadow.KindExtra:
		return place + " is extra"
	case shadow.KindOrder:
		return place + " is in another order"
	case shadow.KindLength:
		return place + " has another length"
	case shadow.KindType:
		return place + " has another type"
	case shadow.KindEncoding:
		return place + " is encoded differently"
	}
	return place + " differs"
}
