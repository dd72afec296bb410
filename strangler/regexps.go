package strangler

import (
	"regexp/syntax"
	"unicode"
)

// regexpsMeet reports whether some text that isn't empty is matched whole by both regexps. It
// walks both programs at once, over all pairs of places that one text can lead to. Assertions
// (\b, ^, $) are taken to hold, so that it may say yes where the answer is no, never the
// reverse.
func regexpsMeet(a, b string) bool {
	progA, errA := program(a)
	progB, errB := program(b)
	if errA != nil || errB != nil {
		return true
	}
	type pair struct{ a, b uint32 }
	start := pair{uint32(progA.Start), uint32(progB.Start)}
	seen := map[pair]bool{start: true}
	// The start may be an end too, that of the empty text, which no segment is.
	for todo := []pair{start}; len(todo) > 0; {
		at := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, ia := range runesAt(progA, at.a) {
			for _, ib := range runesAt(progB, at.b) {
				if !runesMeet(ia, ib) {
					continue
				}
				if endsAt(progA, ia.Out) && endsAt(progB, ib.Out) {
					return true
				}
				if next := (pair{ia.Out, ib.Out}); !seen[next] {
					seen[next] = true
					todo = append(todo, next)
				}
			}
		}
	}
	return false
}

func program(source string) (*syntax.Prog, error) {
	re, err := syntax.Parse(source, syntax.Perl)
	if err != nil {
		return nil, err
	}
	return syntax.Compile(re.Simplify())
}

// reach returns what can be reached from pc without reading: the instructions that read, and
// whether the program can end there.
func reach(prog *syntax.Prog, pc uint32) (reading []*syntax.Inst, ends bool) {
	seen := map[uint32]bool{}
	var visit func(pc uint32)
	visit = func(pc uint32) {
		if seen[pc] {
			return
		}
		seen[pc] = true
		inst := &prog.Inst[pc]
		switch inst.Op {
		case syntax.InstAlt, syntax.InstAltMatch:
			visit(inst.Out)
			visit(inst.Arg)
		case syntax.InstCapture, syntax.InstNop, syntax.InstEmptyWidth:
			visit(inst.Out)
		case syntax.InstMatch:
			ends = true
		case syntax.InstFail:
		default:
			reading = append(reading, inst)
		}
	}
	visit(pc)
	return reading, ends
}

func runesAt(prog *syntax.Prog, pc uint32) []*syntax.Inst {
	reading, _ := reach(prog, pc)
	return reading
}

func endsAt(prog *syntax.Prog, pc uint32) bool {
	_, ends := reach(prog, pc)
	return ends
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
