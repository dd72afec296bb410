package body

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/big"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/itchyny/gojq"

	"github.com/strangler-fig/toolkit/acl/document"
)

// MaxTime is how long a jq program may take for one document or record. The time is looked at between the
// steps of a program. A single step ends by itself, and may take longer: the square of a number of a million
// digits, all matches of a regular expression in a text of a megabyte.
const MaxTime = 5 * time.Second

// maxSize is the most that what a jq program gets may take, and its result: bytes of texts, and as many again
// for each of the values as a document needs.
const maxSize = 16 << 20

// maxNumber is the most digits of a number that a jq program gets: those of many more take seconds to read,
// in one step.
const maxNumber = 100_000

// program is a compiled jq program. It is safe for concurrent use.
type program struct {
	way  Direction
	code *gojq.Code
}

func compile(way Direction, text string) (*program, error) {
	query, err := gojq.Parse(text)
	if err != nil {
		var at *gojq.ParseError
		if errors.As(err, &at) {
			return nil, fmt.Errorf("%w, at byte %d", err, at.Offset)
		}
		return nil, err
	}
	// Without options there is no environment, no further input and no module.
	code, err := gojq.Compile(query)
	if err != nil {
		return nil, err
	}
	return &program{way, code}, nil
}

// run returns what the program makes of a value.
func (p *program) run(ctx context.Context, in document.Value) (out *document.Document, err error) {
	defer func() {
		if v := recover(); v != nil { // an interpreter, and anybody's values
			err = p.wrong("it broke off: %v", v)
		}
	}()
	given, err := new(toJQ).value(in)
	if err != nil {
		return nil, p.wrong("%w", err)
	}
	limited, cancel := context.WithTimeout(ctx, MaxTime)
	defer cancel()
	results := p.code.RunWithContext(limited, given)
	result, ok := results.Next()
	if !ok {
		return nil, p.wrong("it gives no value")
	}
	if failed, is := result.(error); is {
		return nil, p.failed(ctx, failed)
	}
	if second, more := results.Next(); more {
		if failed, is := second.(error); is {
			return nil, p.failed(ctx, failed)
		}
		return nil, p.wrong("it gives more than one value; put them into an array")
	}
	w := fromJQ{b: document.NewBuilder(nil, 64)}
	// What a program moves stays what it was: a text that may be a number, one that may be a list.
	w.b.Repeats(in.Repeats())
	if err := w.value(result); err != nil {
		return nil, p.wrong("%w", err)
	}
	doc, err := w.b.Document()
	if err != nil {
		return nil, p.wrong("%w", err)
	}
	return doc, nil
}

func (p *program) wrong(format string, args ...any) error {
	return &document.Error{Err: fmt.Errorf("the jq program %s: %w", p.way, fmt.Errorf(format, args...))}
}

// behind says of an error of the fields that it is about what the program returned, so that its place is none
// of the body.
func (p *program) behind(err error) error {
	var e *document.Error
	if !errors.As(err, &e) || e.Pointer == "" {
		return err
	}
	return &document.Error{Err: fmt.Errorf("in the result of the jq program %s, at %s: %w", p.way, e.Pointer, e.Err)}
}

func (p *program) failed(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, context.DeadlineExceeded):
		return p.wrong("it takes longer than %v", MaxTime)
	}
	return p.wrong("%w", err)
}

// toJQ makes values as gojq wants them. Numbers stay the digits that they are until something is
// computed from them.
type toJQ struct{ size int }

func (r *toJQ) value(v document.Value) (any, error) {
	if r.size += 16 + len(v.Bytes()); r.size > maxSize {
		return nil, fmt.Errorf("the body is larger than %d MiB", maxSize>>20)
	}
	switch v.Kind() {
	case document.True, document.False:
		return v.Kind() == document.True, nil
	case document.Number:
		if n := len(v.Bytes()); n > maxNumber {
			return nil, fmt.Errorf("a number of the body, at %s, has %d digits, more than %d", v.Pointer(), n, maxNumber)
		}
		return json.Number(v.Text()), nil
	case document.String:
		return v.Text(), nil
	case document.Array:
		elements := make([]any, 0, v.Len())
		for e := range v.Elements() {
			element, err := r.value(e)
			if err != nil {
				return nil, err
			}
			elements = append(elements, element)
		}
		return elements, nil
	case document.Object:
		return r.object(v)
	}
	return nil, nil
}

// object makes an array of the values of a name that repeats, since jq has no other way.
func (r *toJQ) object(v document.Value) (any, error) {
	members := make(map[string]any, v.Len())
	lists := map[string]bool{}
	for name, member := range v.Members() {
		r.size += len(name)
		name := string(name)
		value, err := r.value(member)
		if err != nil {
			return nil, err
		}
		before, there := members[name]
		switch {
		case !there:
			members[name] = value
		case lists[name]:
			members[name] = append(before.([]any), value)
		default:
			members[name] = []any{before, value}
			lists[name] = true
		}
	}
	return members, nil
}

// fromJQ writes what gojq returned.
type fromJQ struct {
	b    *document.Builder
	size int
}

func (w *fromJQ) value(v any) error {
	if w.size += 16; w.size > maxSize {
		return fmt.Errorf("its result is larger than %d MiB", maxSize>>20)
	}
	switch v := v.(type) {
	case nil:
		w.b.Null()
	case bool:
		w.b.Bool(v)
	case int:
		w.b.Number(strconv.Itoa(v))
	case *big.Int:
		return w.text(document.Number, v.String())
	case json.Number:
		return w.text(document.Number, v.String())
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return errors.New("a number in its result is infinite or not a number")
		}
		text, err := gojq.Marshal(v)
		if err != nil {
			return err
		}
		w.b.Number(string(text))
	case string:
		if !utf8.ValidString(v) {
			return errors.New("a text in its result isn't UTF-8")
		}
		return w.text(document.String, v)
	case []any:
		w.b.Array()
		for _, e := range v {
			if err := w.value(e); err != nil {
				return err
			}
		}
		w.b.End()
	case map[string]any:
		return w.object(v)
	default:
		return fmt.Errorf("its result has a %T in it", v)
	}
	return w.b.Err()
}

func (w *fromJQ) text(kind document.Kind, s string) error {
	if w.size += len(s); w.size > maxSize {
		return fmt.Errorf("its result is larger than %d MiB", maxSize>>20)
	}
	if kind == document.Number {
		w.b.Number(s)
	} else {
		w.b.String(s)
	}
	return w.b.Err()
}

func (w *fromJQ) object(members map[string]any) error {
	w.b.Object()
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if !utf8.ValidString(name) {
			return errors.New("a name in its result isn't UTF-8")
		}
		w.size += len(name)
		w.b.Name(name)
		if err := w.value(members[name]); err != nil {
			return err
		}
	}
	w.b.End()
	return w.b.Err()
}
