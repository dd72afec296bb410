package compare

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"unicode"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
)

// Limits of a message, which is written as JSON. A level is an object and an array.
const (
	maxMessage       = maxText / 8
	maxMessageLevels = 100 // protobuf's own limit
)

// parseMessage reads a protobuf message as what can be known of it without its schema: fields by
// number, each a list.
func (t *tree) parseMessage(body []byte) error {
	text, err := (&message{}).append(nil, body, 0)
	if err != nil {
		return err
	}
	return t.parse(text)
}

// The members that say what kind of value they hold.
const (
	memberFixed32 = " fixed32"
	memberFixed64 = " fixed64"
	memberGroup   = " group"
	memberBytes   = " bytes"
)

// message writes messages as JSON.
type message struct {
	fields int
}

// append writes a message as an object of lists by field number. Fields of different numbers
// may come in any order (https://protobuf.dev/programming-guides/encoding/#order).
func (m *message) append(dst, body []byte, level int) ([]byte, error) {
	switch {
	case len(body) > maxMessage:
		return nil, tooComplex("a message of %d bytes; the limit is %d", len(body), maxMessage)
	case level > maxMessageLevels:
		return nil, tooComplex("messages nested over %d deep", maxMessageLevels)
	}
	byNumber := map[protowire.Number][]value{}
	for len(body) > 0 {
		v, n := consume(body)
		if n < 0 {
			return nil, errors.New("bytes that are no field")
		}
		if m.fields++; m.fields > maxNodes/2 {
			return nil, tooComplex("a message with over %d fields", maxNodes/2)
		}
		byNumber[v.number] = append(byNumber[v.number], v)
		body = body[n:]
	}
	numbers := make([]protowire.Number, 0, len(byNumber))
	for number := range byNumber {
		numbers = append(numbers, number)
	}
	slices.Sort(numbers)
	dst = append(dst, '{')
	for i, number := range numbers {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, '"')
		dst = strconv.AppendInt(dst, int64(number), 10)
		dst = append(dst, `":[`...)
		for j, v := range byNumber[number] {
			if j > 0 {
				dst = append(dst, ',')
			}
			var err error
			if dst, err = m.appendValue(dst, v, level); err != nil {
				return nil, err
			}
		}
		dst = append(dst, ']')
	}
	return append(dst, '}'), nil
}

// value is one field of a message.
type value struct {
	number protowire.Number
	kind   protowire.Type
	bits   uint64 // of a number
	bytes  []byte // of a text, message, group or bytes
}

// consume reads one field; a negative length says that there is none.
func consume(body []byte) (v value, length int) {
	number, kind, n := protowire.ConsumeTag(body)
	if n < 0 {
		return v, n
	}
	v = value{number: number, kind: kind}
	m := -1
	switch rest := body[n:]; kind {
	case protowire.VarintType:
		v.bits, m = protowire.ConsumeVarint(rest)
	case protowire.Fixed32Type:
		var bits uint32
		bits, m = protowire.ConsumeFixed32(rest)
		v.bits = uint64(bits)
	case protowire.Fixed64Type:
		v.bits, m = protowire.ConsumeFixed64(rest)
	case protowire.BytesType:
		v.bytes, m = protowire.ConsumeBytes(rest)
	case protowire.StartGroupType:
		v.bytes, m = protowire.ConsumeGroup(number, rest)
	}
	if m < 0 {
		return v, m
	}
	return v, n + m
}

// appendValue writes a value as what it looks like: the wire format doesn't say whether bytes are a
// text or a message, nor whether a number of fixed size is a float. What lies there is told apart by
// members that have no place of their own in pointers, so that values that differ are never
// written alike.
func (m *message) appendValue(dst []byte, v value, level int) ([]byte, error) {
	switch v.kind {
	case protowire.VarintType:
		return strconv.AppendUint(dst, v.bits, 10), nil
	case protowire.Fixed32Type:
		f := float64(math.Float32frombits(uint32(v.bits)))
		return append(appendMember(append(dst, '{'), memberFixed32, showFloat(f, 32, v.bits)), '}'), nil
	case protowire.Fixed64Type:
		f := math.Float64frombits(v.bits)
		return append(appendMember(append(dst, '{'), memberFixed64, showFloat(f, 64, v.bits)), '}'), nil
	case protowire.StartGroupType:
		dst, err := m.append(append(appendString(append(dst, '{'), memberGroup), ':'), v.bytes, level+1)
		return append(dst, '}'), err
	}
	switch {
	case isPrintable(v.bytes):
		return appendString(dst, string(v.bytes)), nil
	case isMessage(v.bytes):
		return m.append(dst, v.bytes, level+1)
	case utf8.Valid(v.bytes):
		return appendString(dst, string(v.bytes)), nil
	}
	return append(appendMember(append(dst, '{'), memberBytes, hex.EncodeToString(v.bytes)), '}'), nil
}

// showFloat writes what is a plausible float as such, and all else by its bits.
func showFloat(f float64, size int, bits uint64) string {
	if magnitude := math.Abs(f); bits == 0 || magnitude >= 1e-9 && magnitude < 1e15 {
		return strconv.FormatFloat(f, 'g', -1, size)
	}
	return fmt.Sprintf("%d bits %x", size, bits)
}

// isPrintable reports a text without control characters, which a message has nearly always.
func isPrintable(s []byte) bool {
	for len(s) > 0 {
		r, n := utf8.DecodeRune(s)
		if r == utf8.RuneError && n <= 1 || unicode.IsControl(r) {
			return false
		}
		s = s[n:]
	}
	return true
}

// isMessage reports whether bytes are fields to their end.
func isMessage(body []byte) bool {
	for len(body) > 0 {
		_, n := consume(body)
		if n < 0 {
			return false
		}
		body = body[n:]
	}
	return true
}
