package command

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/strangler-fig/toolkit/web"
)

// stoppedNamed is up to how many rollouts that are stopped are named.
const stoppedNamed = 10

// tellStopped says which rollouts of these routes are stopped, as they are when a person moves a route,
// and how they go on. The move is done, so that a question that failed is no failure.
func tellStopped(w io.Writer, rollouts []web.Rollout, err error, routes ...string) {
	if err != nil {
		return
	}
	var names []string
	for _, r := range rollouts {
		of := slices.ContainsFunc(r.Routes, func(name string) bool { return slices.Contains(routes, name) })
		if of && r.State == web.RolloutStopped {
			names = append(names, printable(r.Name))
		}
	}
	switch n := len(names); {
	case n == 0:
	case n == 1:
		fmt.Fprintf(w, "the rollout of %s is stopped; strangler rollout resume %[1]s lets it go on\n", names[0])
	case n > stoppedNamed:
		fmt.Fprintf(w, "the rollouts of %s and %d more are stopped; strangler rollout resume ROUTE lets one go on\n",
			strings.Join(names[:stoppedNamed], ", "), n-stoppedNamed)
	default:
		fmt.Fprintf(w, "the rollouts of %s and %s are stopped; strangler rollout resume ROUTE lets one go on\n",
			strings.Join(names[:n-1], ", "), names[n-1])
	}
}

// routeNames returns the names of routes.
func routeNames(routes []web.Route) []string {
	all := make([]string, len(routes))
	for i, r := range routes {
		all[i] = r.Name
	}
	return all
}
