package accesslog

import (
	"cmp"
	"io"
	"net/netip"
	"slices"
	"strings"
	"time"
	"unicode"
)

// Config says what a Survey looks for.
type Config struct {
	// Since is when what counts begins; what was logged before is only counted as lines.
	Since time.Time
	// Own are addresses whose requests are left out.
	Own []netip.Prefix
	// Routes returns which of the routes that are looked for a request may have belonged to, and whether
	// that is sure; none: to others.
	Routes func(Entry) (routes []string, sure bool)
}

const (
	maxCallers = 50      // of a route, by name
	maxKnown   = 100_000 // callers that are told apart while a log is read, in all
	maxUnread  = 5       // lines that can't be read and are named
	maxWho     = 200     // bytes of a caller's name
)

// Survey is what was found in one log, of one or several files in any order. It is not safe for
// concurrent use.
type Survey struct {
	From, Until time.Time // of the first line and the last; zero: there is none
	Lines       int64
	Unread      int64    // of those: they could not be read
	Own         int64    // of those: from Config.Own
	NoRequest   int64    // of those: they tell of no request
	Bad         []Unread // the first few that could not be read

	cfg     Config
	callers map[caller]*Caller
	hours   map[int64]bool // since 1970, in which there is a line
}

// Caller is somebody whose requests belong, or may belong, to a route.
type Caller struct {
	Route string
	Who   string // an address and what the caller calls itself; Others: all that are not told apart
	Maybe bool   // the log doesn't tell whether it was the route's request
	Count int64
	Last  time.Time
}

// Others is the Who of callers that are counted together.
const Others = "others"

type caller struct {
	route, who string
	maybe      bool
}

// New returns a survey of nothing yet.
func New(c Config) *Survey {
	return &Survey{cfg: c, callers: map[caller]*Caller{}, hours: map[int64]bool{}}
}

// Read takes in a file. The error is Read's.
func (s *Survey) Read(name string, from io.Reader) error {
	return Read(name, from, s.add, func(u Unread) {
		s.Lines++
		s.Unread++
		if len(s.Bad) < maxUnread {
			s.Bad = append(s.Bad, u)
		}
	})
}

func (s *Survey) add(e Entry) {
	s.Lines++
	if s.From.IsZero() || e.Time.Before(s.From) {
		s.From = e.Time
	}
	if e.Time.After(s.Until) {
		s.Until = e.Time
	}
	if e.Time.After(s.cfg.Since.Add(-time.Hour)) && len(s.hours) < maxHours {
		s.hours[e.Time.Unix()/secondsOfHour] = true
	}
	switch {
	case s.isOwn(e.Client):
		s.Own++
		return
	case e.Method == "":
		s.NoRequest++
		return
	case e.Time.Before(s.cfg.Since):
		return
	}
	routes, sure := s.cfg.Routes(e)
	for _, route := range routes {
		s.count(caller{route, who(e), !sure}, e.Time)
	}
}

func (s *Survey) count(key caller, at time.Time) {
	c := s.callers[key]
	if c == nil && len(s.callers) >= maxKnown {
		key.who = Others
		c = s.callers[key]
	}
	if c == nil {
		c = &Caller{Route: key.route, Who: key.who, Maybe: key.maybe}
		s.callers[key] = c
	}
	c.Count++
	if at.After(c.Last) {
		c.Last = at
	}
}

// isOwn reports whether a client is one of those that are left out. A host name is none.
func (s *Survey) isOwn(client string) bool {
	addr, err := netip.ParseAddr(client)
	if err != nil {
		return false
	}
	addr = addr.Unmap().WithZone("")
	return slices.ContainsFunc(s.cfg.Own, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// who names a caller: its address, and the first product of what it calls itself.
func who(e Entry) string {
	product, _, _ := strings.Cut(e.Agent, " ")
	name := e.Client
	if product != "" {
		name += " (" + product + ")"
	}
	name = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, strings.ToValidUTF8(name, "?"))
	if len(name) > maxWho {
		name = strings.ToValidUTF8(name[:maxWho], "") + "…"
	}
	return name
}

// Callers returns who called, by route and the last one first: of each route those by name that called
// last, and all others together.
func (s *Survey) Callers() []Caller {
	all := make([]Caller, 0, len(s.callers))
	for _, c := range s.callers {
		all = append(all, *c)
	}
	order := func(a, b Caller) int {
		return cmp.Or(cmp.Compare(a.Route, b.Route), b.Last.Compare(a.Last), cmp.Compare(a.Who, b.Who), compareBool(a.Maybe, b.Maybe))
	}
	slices.SortFunc(all, order)
	var kept []Caller
	named, others := map[string]int{}, map[caller]int{}
	for _, c := range all {
		if c.Who != Others {
			if named[c.Route]++; named[c.Route] <= maxCallers {
				kept = append(kept, c)
				continue
			}
			c.Who = Others
		}
		key := caller{c.Route, c.Who, c.Maybe}
		if i, ok := others[key]; ok {
			kept[i].Count += c.Count // the last of them came first
			continue
		}
		others[key] = len(kept)
		kept = append(kept, c)
	}
	slices.SortFunc(kept, order)
	return kept
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

const (
	secondsOfHour = 60 * 60
	maxHours      = 10 * 366 * 24
)

// Gap returns the ends, to the hour, of the longest time without any line between Config.Since, or the
// first line after it, and the last line.
func (s *Survey) Gap() (from, until time.Time) {
	hours := make([]int64, 0, len(s.hours))
	for hour := range s.hours {
		hours = append(hours, hour)
	}
	slices.Sort(hours)
	longest := int64(1) // neighbours
	for i := 1; i < len(hours); i++ {
		if hours[i]-hours[i-1] > longest {
			longest = hours[i] - hours[i-1]
			from, until = time.Unix((hours[i-1]+1)*secondsOfHour, 0).UTC(), time.Unix(hours[i]*secondsOfHour, 0).UTC()
		}
	}
	return from, until
}
