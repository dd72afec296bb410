package lens

import "github.com/strangler-fig/toolkit/acl/document"

// stock has the texts that a lens writes whatever it reads: names and literals. They are put into a
// document once, at its beginning, however often they stand in it.
type stock struct {
	text []byte
	have map[string]span
}

// span is text[start:end] of a stock.
type span struct{ start, end int32 }

func (s *stock) put(text string) span {
	if at, ok := s.have[text]; ok {
		return at
	}
	if s.have == nil {
		s.have = map[string]span{}
	}
	at := span{int32(len(s.text)), int32(len(s.text) + len(text))}
	s.text = append(s.text, text...)
	s.have[text] = at
	return at
}

// stocked is a literal whose text is in the stock.
type stocked struct {
	kind document.Kind
	span
}

func (s *stock) literal(l Literal) stocked {
	if l.Kind == document.String || l.Kind == document.Number {
		return stocked{l.Kind, s.put(l.Text)}
	}
	return stocked{kind: l.Kind}
}

// literal is the cell of a literal; of "no value" it is nothing.
func (c *call) literal(l stocked) cell {
	if l.kind == document.Missing {
		return cell{}
	}
	return cell{form: scalar, kind: l.kind, start: c.stock + l.start, end: c.stock + l.end}
}
