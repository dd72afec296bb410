package compare

import (
	"errors"
	"maps"
	"math"
	"net/textproto"
	"slices"
	"strconv"

	"github.com/andybalholm/cascadia"
)

// rule is what the rules say about one place in a body; below it lie the rules for the places
// below. Rules form a tree, in which one place may be reached by several branches at once,
// since * matches any key.
type rule struct {
	keys map[string]*rule
	any  *rule

	ignore    bool
	only      bool // this place, and what lies below
	onlyBelow bool // a place below is only
	unordered bool
	keyed     string // name of the member that pairs elements
	isKeyed   bool
	tolerance *tolerance
}

func (r *rule) grow(token string) *rule {
	if token == Wildcard {
		if r.any == nil {
			r.any = new(rule)
		}
		return r.any
	}
	if r.keys == nil {
		r.keys = make(map[string]*rule)
	}
	if r.keys[token] == nil {
		r.keys[token] = new(rule)
	}
	return r.keys[token]
}

// plan is rules in the form in which they are applied.
type plan struct {
	status   bool
	headers  []string // canonical, in order of comparison
	trailers []string
	body     bool
	root     *rule // nil: no rule about the body
	whole    bool  // the body is compared whole, save for what is ignored

	cookies        map[string]bool // those compared; nil: all
	ignoredCookies map[string]bool

	selected []Pointer // selectors whose elements' texts are compared
	ignored  []cascadia.SelectorGroup
}

// cookie reports whether a cookie is compared.
func (p *plan) cookie(name string) bool {
	return (p.cookies == nil || p.cookies[name]) && !p.ignoredCookies[name]
}

// Check lists all that is wrong with the rules, in a stable order.
func (r Rules) Check() []*RuleError {
	_, problems := r.compile()
	return problems
}

var defaultHeaders = []string{"Content-Type", "Location", "Cache-Control", "Set-Cookie"}

// defaultTrailers say how a gRPC call ended.
var defaultTrailers = []string{"Grpc-Status", "Grpc-Message"}

func (r Rules) compile() (plan, []*RuleError) {
	c := compiler{plan: plan{status: true, trailers: defaultTrailers, body: true, whole: true}}
	c.setHeaders(r.Headers)
	if len(r.Only) > 0 {
		c.only(r.Only)
	}
	for _, text := range r.Ignore {
		c.ignore(text)
	}
	for _, text := range r.Unordered {
		c.body("unordered", text, func(at *rule) { at.unordered = true })
	}
	for _, text := range slices.Sorted(maps.Keys(r.Keyed)) {
		member := r.Keyed[text]
		c.body("keyed", text, func(at *rule) {
			if at.unordered {
				c.bad("keyed", text, "is unordered too: an array is compared one way, so keep one of the two")
			}
			if member == "" {
				c.bad("keyed", text, "names no member: write the one that tells elements apart, as in {/items: id}")
			}
			at.keyed, at.isKeyed = member, true
		})
	}
	for _, text := range slices.Sorted(maps.Keys(r.Tolerance)) {
		t := r.Tolerance[text]
		c.body("tolerance", text, func(at *rule) {
			if t.By < 0 || math.IsNaN(t.By) || math.IsInf(t.By, 0) {
				c.bad("tolerance", text, "must be zero or a positive number, as in 0.01 or 1%")
				return
			}
			at.tolerance = newTolerance(t)
		})
	}
	return c.plan, c.problems
}

type compiler struct {
	plan
	problems []*RuleError
}

func (c *compiler) bad(rule, pointer, problem string) {
	c.problems = append(c.problems, &RuleError{Rule: rule, Pointer: pointer, Problem: problem})
}

func (c *compiler) parse(rule, text string) (Pointer, bool) {
	p, err := ParsePointer(text)
	if err == nil {
		return p, true
	}
	var e *RuleError
	errors.As(err, &e)
	c.bad(rule, text, e.Problem)
	return p, false
}

func (c *compiler) setHeaders(names []string) {
	if names == nil {
		names = defaultHeaders
	}
	for _, name := range names {
		if !validHeaderName(name) {
			c.bad("headers", name, "not a header's name: write the bare name, as in Content-Type")
			continue
		}
		c.addHeader(textproto.CanonicalMIMEHeaderKey(name))
	}
}

func (c *compiler) addHeader(name string) {
	if !slices.Contains(c.headers, name) {
		c.headers = append(c.headers, name)
	}
}

// only turns everything off but what is named.
func (c *compiler) only(pointers []string) {
	c.status, c.headers, c.trailers, c.plan.body, c.whole = false, nil, nil, false, false
	cookies, allCookies := map[string]bool{}, false
	for _, text := range pointers {
		p, ok := c.parse("only", text)
		switch {
		case !ok:
		case p.status:
			c.status = true
		case p.header != "":
			c.addHeader(p.header)
			switch {
			case p.cookie != "":
				cookies[p.cookie] = true
			case p.header == "Set-Cookie":
				allCookies = true
			}
		case p.trailer != "":
			c.trailers = append(c.trailers, p.trailer)
		case p.selector != nil:
			c.plan.body = true
			c.selected = append(c.selected, p)
		default:
			c.plan.body = true
			c.place(p, func(at *rule) { at.only = true }, func(above *rule) { above.onlyBelow = true })
			c.whole = c.root.only
		}
	}
	if !allCookies {
		c.cookies = cookies
	}
}

func (c *compiler) ignore(text string) {
	p, ok := c.parse("ignore", text)
	switch {
	case !ok:
	case p.status:
		c.status = false
	case p.cookie != "":
		if c.ignoredCookies == nil {
			c.ignoredCookies = map[string]bool{}
		}
		c.ignoredCookies[p.cookie] = true
	case p.header != "":
		c.headers = slices.DeleteFunc(c.headers, func(name string) bool { return name == p.header })
	case p.trailer != "":
		c.trailers = slices.DeleteFunc(slices.Clone(c.trailers), func(name string) bool { return name == p.trailer })
	case p.selector != nil:
		c.ignored = append(c.ignored, p.selector)
	default:
		c.place(p, func(at *rule) { at.ignore = true }, nil)
		c.plan.body = c.plan.body && !c.root.ignore
	}
}

// body adds a rule that makes sense for a body only.
func (c *compiler) body(rule, text string, set func(*rule)) {
	p, ok := c.parse(rule, text)
	switch {
	case !ok:
	case !p.Body():
		c.bad(rule, text, "must point into the body, as in /items")
	default:
		c.place(p, set, nil)
	}
}

func (c *compiler) place(p Pointer, set, above func(*rule)) {
	if c.root == nil {
		c.root = new(rule)
	}
	at := c.root
	for _, token := range p.tokens {
		if above != nil {
			above(at)
		}
		at = at.grow(token)
	}
	set(at)
}

// place is where a comparison stands: the rules that hold there, and whether it is inside of
// what is to be compared or only on the way to it.
type place struct {
	rules  []*rule
	inside bool
}

// anyIndex stands for the index of an element whose position means nothing: only * matches it.
const anyIndex = -1

// enter returns the place below p, and false if nothing is compared there. A nil key means the
// element at index. The new place is valid until leave is called with the mark.
func (w *walk) enter(p place, key []byte, index int) (below place, mark int, ok bool) {
	mark = len(w.rules)
	below.inside = p.inside
	if w.placeless(key) {
		return p, mark, p.inside && string(key) != memberOrder
	}
	if len(p.rules) == 0 {
		return below, mark, p.inside
	}
	isIndex := key == nil
	var digits [20]byte
	if isIndex && index != anyIndex {
		key = strconv.AppendInt(digits[:0], int64(index), 10)
	}
	for _, r := range p.rules {
		if r.any != nil {
			w.rules = append(w.rules, r.any)
		}
		if key != nil && r.keys != nil {
			if next := r.keys[string(key)]; next != nil {
				w.rules = append(w.rules, next)
			}
		}
	}
	if isIndex && w.shape.lists {
		w.rules = append(w.rules, p.rules...)
	}
	below.rules = w.rules[mark:len(w.rules):len(w.rules)]
	var onTheWay bool
	for _, r := range below.rules {
		if r.ignore {
			return below, mark, false
		}
		below.inside = below.inside || r.only
		onTheWay = onTheWay || r.onlyBelow
	}
	return below, mark, below.inside || onTheWay
}

func (w *walk) leave(mark int) { w.rules = w.rules[:mark] }

func (p place) unordered() bool {
	return slices.ContainsFunc(p.rules, func(r *rule) bool { return r.unordered })
}

// keyed returns the name of the member that pairs elements here.
func (p place) keyed() (member string, ok bool) {
	for _, r := range p.rules {
		if r.isKeyed {
			return r.keyed, true
		}
	}
	return "", false
}

// tolerates reports whether any of the tolerances that hold here allows the two numbers.
func (p place) tolerates(legacy, service []byte) bool {
	return slices.ContainsFunc(p.rules, func(r *rule) bool {
		return r.tolerance != nil && r.tolerance.allows(legacy, service)
	})
}

func (p place) tolerant() bool {
	return slices.ContainsFunc(p.rules, func(r *rule) bool { return r.tolerance != nil })
}
