package suggest

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/strangler-fig/toolkit/acl/document"
	"github.com/strangler-fig/toolkit/acl/lens"
)

// What a proposal looks at; more of it adds time, not knowledge.
const (
	MaxExamples = 200     // pairs, or pairs of elements of arrays
	MaxPaths    = 300     // of each side
	maxCells    = 4 << 20 // times that two values are compared
	maxArrays   = 24      // of each side
	maxNesting  = 6       // arrays in arrays
)

// Pair is both sides' answer to the same.
type Pair struct{ Legacy, Service document.Value }

// Proposal is a lens as far as the examples tell.
type Proposal struct {
	// Name is what fields of other proposals call it by, in Each; that of the outermost is empty.
	Name     string `json:"name,omitempty"`
	Examples int    `json:"examples"` // that were looked at
	// Records says that the bodies are lists, and that the fields are of an element.
	Records bool `json:"records,omitempty"`
	// Order, if not empty, says that the elements of a list are in another order on the other side.
	Order  string  `json:"order,omitempty"`
	Fields []Field `json:"fields"` // in the order of legacy's document, then what only the service has
	// Choices are fields between which the examples don't decide. They are in no definition.
	Choices []Choice `json:"choices,omitempty"`
	// Legacy and Service are what stayed over on either side.
	Legacy  []Rest `json:"legacy,omitempty"`
	Service []Rest `json:"service,omitempty"`
	// More says that there were more paths than are looked at, or more examples.
	More   string      `json:"more,omitempty"`
	Nested []*Proposal `json:"nested,omitempty"` // the lenses that fields refer to
}

// Field is a field with what speaks for it.
type Field struct {
	lens.Field `json:"-"`
	YAML       string  `json:"field"`      // in the configuration's words
	Confidence float64 `json:"confidence"` // 0 to 1
	Reason     string  `json:"reason"`
	Holds      int     `json:"holds"` // examples in which it is so
	Of         int     `json:"of"`    // examples that say anything of it

	nested *Proposal
	bits   float64
}

// Choice is a place of legacy's with the places of the service's that it may be, each with the
// same right.
type Choice struct {
	Legacy  []string `json:"legacy"`
	Service []string `json:"service"`
	// Fields are the candidates, at most 12 of them.
	Fields []Field `json:"-"`
}

// Rest is a path for which nothing was found.
type Rest struct {
	Path    string `json:"path"`
	Example string `json:"example"`        // a value, shortened
	Note    string `json:"note,omitempty"` // what was seen
}

// Definition returns the lens that is proposed. What no field names is dropped, either way.
func (p *Proposal) Definition() lens.Definition {
	d := lens.Definition{Unknown: lens.Ways[lens.Unknown]{ToService: lens.Drop, ToLegacy: lens.Drop}}
	for _, f := range p.Fields {
		d.Fields = append(d.Fields, f.Field)
	}
	return d
}

// Set returns the lenses that the definition refers to, by name.
func (p *Proposal) Set() lens.Set {
	set := lens.Set{Lenses: map[string]lens.Definition{}}
	p.addTo(set.Lenses)
	return set
}

func (p *Proposal) addTo(lenses map[string]lens.Definition) {
	for _, n := range p.Nested {
		lenses[n.Name] = n.Definition()
		n.addTo(lenses)
	}
}

// Config says what a proposal is for. The zero value is good.
type Config struct {
	// Name is that of the translator, with which the names of nested lenses begin.
	Name string
	// Hidden reports that a text stands for a value that was taken out before the document was
	// recorded: nothing is known of it. nil: there are none.
	Hidden func(text string) bool
}

// Propose proposes a lens. The pairs are answers to requests of one kind; legacy's documents are of
// one format, and so are the service's. It is an error where there are none to compare.
func Propose(c Config, pairs []Pair) (*Proposal, error) {
	var rows []Pair
	for _, p := range pairs {
		if p.Legacy.Exists() && p.Service.Exists() {
			rows = append(rows, p)
		}
	}
	if len(rows) == 0 {
		return nil, errors.New("there is no pair of two documents to propose anything from")
	}
	s := &solver{zones: map[string]*time.Location{}, hidden: c.Hidden}
	if s.hidden == nil {
		s.hidden = func(string) bool { return false }
	}
	var p *Proposal
	if listed(rows) {
		whole := s.nest(lists(rows), 0)
		if whole.proposal == nil {
			return nil, errors.New("both sides answer with lists, and none of their elements can be paired: they have different lengths, and no key in common")
		}
		p = whole.proposal
		p.Records, p.Order = true, whole.order
	} else {
		p = s.propose(rows, 0)
	}
	p.Name = c.Name
	names := map[string]bool{c.Name: true}
	for _, n := range p.Nested {
		n.rename(c.Name, names)
	}
	p.refer()
	return p, p.settle()
}

// listed reports whether both sides' documents are lists.
func listed(rows []Pair) bool {
	for _, r := range rows {
		if r.Legacy.Kind() != document.Array || r.Service.Kind() != document.Array {
			return false
		}
	}
	return true
}

func lists(rows []Pair) (all [][2][]document.Value) {
	for _, r := range rows {
		all = append(all, [2][]document.Value{slices.Collect(r.Legacy.Elements()), slices.Collect(r.Service.Elements())})
	}
	return all
}

// maxName is how long the name of a translator may be, bytes.
const maxName = 100

var plainName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$`)

// IsName reports whether the configuration takes a name for a translator's.
func IsName(name string) bool { return plainName.MatchString(name) }

// plain returns a text without what can't stand in a translator's name.
func plain(text string) string {
	kept := strings.Map(func(r rune) rune {
		if IsName("x" + string(r)) {
			return r
		}
		return -1
	}, text)
	return strings.Trim(kept, "._-")
}

// rename gives a nested proposal its final name, of the translator's and its own.
func (p *Proposal) rename(prefix string, names map[string]bool) {
	own := p.Name
	if prefix != "" {
		own = prefix + "-" + own
	}
	own = own[:min(len(own), maxName)]
	name := own
	for n := 2; names[name]; n++ {
		number := fmt.Sprintf("-%d", n)
		name = own[:min(len(own), maxName-len(number))] + number
	}
	names[name] = true
	p.Name = name
	for _, n := range p.Nested {
		n.rename(prefix, names)
	}
}

// refer has fields call the nested proposals by their names.
func (p *Proposal) refer() {
	for i := range p.Fields {
		if n := p.Fields[i].nested; n != nil {
			p.Fields[i].Each = n.Name
		}
		p.Fields[i].YAML = FieldYAML(p.Fields[i].Field)
	}
	for _, n := range p.Nested {
		n.refer()
	}
}

// solver is one call of Propose.
type solver struct {
	zones  map[string]*time.Location // nil: this machine doesn't know it
	hidden func(text string) bool
}
