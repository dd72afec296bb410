package strangler

import (
	"regexp/syntax"
	"unicode"
)

// machine is a regexp as machinesMeet walks it: its program, and what was seen of it so far.
type machine struct {
	prog   *syntax.Prog // nil: it can't be read
	places map[uint32]*place
}

func newMachine(source string) *machine {
	m := &machine{places: map[uint32]*place{}}
	if re, err := syntax.Parse(source, syntax.Perl); err == nil {
		if prog, err := syntax.Compile(re.Simplify()); err == nil {
			m.prog = prog
		}
	}
	return m
}

// place is where a text can lead to: what may be read next, and whether the text may end.
type place struct {
	reading []*syntax.Inst
	ends    bool
}

// maxEffort bounds what two regexps may cost, in instructions looked at: some milliseconds. It is
// reached by long repetitions of what may be empty, such as (a?){500}.
const maxEffort = 1 << 18

// machinesMeet reports whether some text that isn't empty is matched whole by both regexps. It walks
// both programs at once, over all pairs of places that one text can lead to. Assertions (\b, ^,
// $) are taken to hold, and so is everything where the effort would be too large, so that it may
// say yes where the answer is no, never the reverse.
func machinesMeet(a, b *machine) bool {
	if a.prog == nil || b.prog == nil {
		return true
	}
	type pair struct{ a, b uint32 }
	start := pair{uint32(a.prog.Start), uint32(b.prog.Start)}
	var seen map[pair]bool // most have nothing in common at the start
	effort := maxEffort
	// The start may be an end too, that of the empty text, which no segment is.
	for todo := []pair{start}; len(todo) > 0; {
		at := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		pa, pb := a.at(at.a, &effort), b.at(at.b, &effort)
		for _, ia := range pa.reading {
			for _, ib := range pb.reading {
				if effort -= len(ia.Rune) + len(ib.Rune); effort < 0 {
					return true
				}
				if !runesMeet(ia, ib) {
					continue
				}
				if a.at(ia.Out, &effort).ends && b.at(ib.Out, &effort).ends {
					return true
				}
				if next := (pair{ia.Out, ib.Out}); !seen[next] {
					if seen == nil {
						seen = map[pair]bool{start: true}
					}
					seen[next] = true
					todo = append(todo, next)
				}
			}
		}
	}
	return effort < 0
}

// at returns the place that can be reached from pc without reading. Where the effort ends first,
// it is the place as far as it is known.
func (m *machine) at(pc uint32, effort *int) *place {
	if known := m.places[pc]; known != nil {
		return known
	}
	p := new(place)
	seen := map[uint32]bool{pc: true}
	visit := func(todo []uint32, pc uint32) []uint32 {
		if seen[pc] {
			return todo
		}
		seen[pc] = true
		return append(todo, pc)
	}
	for todo := []uint32{pc}; len(todo) > 0; {
		if *effort--; *effort < 0 {
			return p
		}
		inst := &m.prog.Inst[todo[len(todo)-1]]
		todo = todo[:len(todo)-1]
		switch inst.Op {
		case syntax.InstAlt, syntax.InstAltMatch:
			todo = visit(visit(todo, inst.Out), inst.Arg)
		case syntax.InstCapture, syntax.InstNop, syntax.InstEmptyWidth:
			todo = visit(todo, inst.Out)
		case syntax.InstMatch:
			p.ends = true
		case syntax.InstFail:
		default:
			p.reading = append(p.reading, inst)
		}
	}
	m.places[pc] = p
	return p
}

// runesMeet reports whether some character is one that both instructions read. Where two sets
// of ranges meet, one of them has its lower bound in the other.
func runesMeet(a, b *syntax.Inst) bool {
	return anyBound(a, b) || anyBound(b, a)
}

func anyBound(a, b *syntax.Inst) bool {
	for i := 0; i < len(a.Rune); i += 2 {
		r := a.Rune[i]
		if b.MatchRune(r) {
			return true
		}
		if len(a.Rune) == 1 && syntax.Flags(a.Arg)&syntax.FoldCase != 0 {
			for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
				if b.MatchRune(f) {
					return true
				}
			}
		}
	}
	return false
}
