package strangler

import (
	"cmp"
	"slices"
	"strings"
)

// node is a place in the tree of segments. Its children are tried in order of precedence. It is as large as
// a line of a processor's cache: with hundreds of routes each of them finds its own nodes cold.
type node struct {
	literals literals
	regexps  *regexpChild // in order of declaration; those that overlap are ties, see ties
	any      *node
	here     *leaf // of the patterns that end here
	rest     *leaf // of the patterns that end in /* here
}

// literals are a node's children that stand for one text each.
type literals struct {
	text string // of the only one
	only *node  // nil: there is none, or several
	all  map[string]*node
}

func (l *literals) of(text string) *node {
	switch {
	case l.only == nil:
		return l.all[text]
	case l.text == text:
		return l.only
	}
	return nil
}

// add adds a child of which there is none yet.
func (l *literals) add(text string, n *node) {
	switch {
	case l.only != nil:
		l.all = map[string]*node{l.text: l.only, text: n}
		l.text, l.only = "", nil
	case l.all != nil:
		l.all[text] = n
	default:
		l.text, l.only = text, n
	}
}

type regexpChild struct {
	segment
	node *node
	next *regexpChild
}

// leaf holds the routes that have the same path pattern, by host.
type leaf struct {
	none  []candidate  // that ask for no host
	hosts *hostLeaves  // nil: none asks for one
	first [1]candidate // of none, so that a lone one lies here
}

// hostLeaves are a leaf's routes that ask for a host.
type hostLeaves struct {
	exact map[string][]candidate // key: the host in normal form
	wild  map[string][]candidate // key: what stands behind the *, ".example.com"
}

// builder makes a matcher's tree. It has what one request looks at lie together: the nodes that a pattern
// adds to the tree, and all literals.
type builder struct {
	texts map[string]string
	nodes []node // made beforehand, of which len are in use; another one when it is full
}

// together returns patterns' literals by themselves, all of them parts of one string.
func together(patterns []pattern) map[string]string {
	var all strings.Builder
	ends := map[string]int{}
	for i := range patterns {
		for _, s := range patterns[i].segments {
			if _, seen := ends[s.text]; s.kind == literal && !seen {
				all.WriteString(s.text)
				ends[s.text] = all.Len()
			}
		}
	}
	texts := make(map[string]string, len(ends))
	for text, end := range ends {
		texts[text] = all.String()[end-len(text) : end]
	}
	return texts
}

func (b *builder) node() *node {
	if len(b.nodes) == cap(b.nodes) {
		b.nodes = make([]node, 0, 64)
	}
	b.nodes = b.nodes[:len(b.nodes)+1]
	return &b.nodes[len(b.nodes)-1]
}

func (b *builder) add(n *node, route int, match *Match, p *pattern) {
	for _, s := range p.segments {
		n = b.child(n, s)
	}
	end := &n.here
	if p.rest {
		end = &n.rest
	}
	if *end == nil {
		*end = new(leaf)
	}
	(*end).add(newCandidate(route, match), match.Host)
}

// child returns n's child for a segment, a new one where there is none.
func (b *builder) child(n *node, s segment) *node {
	switch s.kind {
	case literal:
		c := n.literals.of(s.text)
		if c == nil {
			c = b.node()
			n.literals.add(b.texts[s.text], c)
		}
		return c
	case matched:
		last := &n.regexps
		for ; *last != nil; last = &(*last).next {
			if (*last).text == s.text {
				return (*last).node
			}
		}
		*last = &regexpChild{segment: s, node: b.node()}
		return (*last).node
	}
	if n.any == nil {
		n.any = b.node()
	}
	return n.any
}

func (l *leaf) add(c candidate, host string) {
	if host == "" {
		if l.none == nil {
			l.none = l.first[:0]
		}
		l.none = sorted(append(l.none, c))
		return
	}
	if l.hosts == nil {
		l.hosts = &hostLeaves{exact: map[string][]candidate{}, wild: map[string][]candidate{}}
	}
	if domain, wild := strings.CutPrefix(normalHost(host), "*"); wild {
		l.hosts.wild[domain] = sorted(append(l.hosts.wild[domain], c))
	} else {
		l.hosts.exact[domain] = sorted(append(l.hosts.exact[domain], c))
	}
}

// sorted puts candidates with the same path and host into order of precedence. It is stable:
// routes that only a request with contradictory predicate values could both match (see ties)
// stay in order of declaration.
func sorted(cs []candidate) []candidate {
	slices.SortStableFunc(cs, func(a, b candidate) int {
		if listed := a.lists(); listed != b.lists() {
			if listed {
				return -1
			}
			return 1
		}
		return cmp.Compare(b.predicates().count(), a.predicates().count())
	})
	return cs
}
