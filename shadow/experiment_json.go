package shadow

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"unicode/utf8"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"
)

// Bounds of what is kept of a Go value, bytes of JSON.
const (
	maxValueBody = 1 << 20 // of the whole
	maxValuePart = 1 << 10 // of one side of a difference
)

var errTooLong = errors.New("it is too long")

// bounded JSON: what is written beyond the bound ends the encoding.
type limitedBuffer struct {
	bytes.Buffer
	most int
}

func (b *limitedBuffer) Write(p []byte) (int, error) {
	if room := b.most - b.Len(); len(p) > room {
		n, _ := b.Buffer.Write(p[:max(0, room)])
		return n, errTooLong
	}
	return b.Buffer.Write(p)
}

// encodeValue returns a value as encoding/json writes it, but for the order of a map's keys, which
// is theirs in both. A value that refers to itself, or that is deeper than 10,000, is an error, and
// so is one longer than most bytes, with what there was room for.
func encodeValue(v any, most int) (text []byte, err error) {
	out := &limitedBuffer{most: most}
	defer func() {
		if v := recover(); v != nil { // a MarshalJSON's
			err = fmt.Errorf("its method panics: %s", sentence(v))
		}
	}()
	err = jsonv2.MarshalWrite(out, v, jsonv1.DefaultOptionsV1(), jsontext.EscapeForHTML(false), jsonv2.Deterministic(true))
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), err
}

// jsonOf returns a value as JSON; where there is none, a string that says why.
func jsonOf(v any) json.RawMessage {
	text, err := encodeValue(v, maxValueBody)
	if err == nil {
		return text
	}
	return quoted(notJSON(v, err))
}

// excerptOf returns one side of a difference: the value as JSON, or its beginning as a string; nil
// for none.
func excerptOf(v reflect.Value) json.RawMessage {
	if !v.IsValid() {
		return nil
	}
	if !v.CanInterface() {
		return quoted("a " + v.Type().String())
	}
	text, err := encodeValue(v.Interface(), maxValuePart)
	switch {
	case err == nil:
		return text
	case errors.Is(err, errTooLong):
		return quoted(string(cutUTF8(text, maxValuePart/4)) + "… (over " + strconv.Itoa(maxValuePart) + " bytes)")
	}
	return quoted(notJSON(v.Interface(), err))
}

func notJSON(v any, err error) string {
	return fmt.Sprintf("a %T, which can't be written as JSON: %s", v, cutUTF8([]byte(err.Error()), maxValuePart/4))
}

// quoted returns text as a JSON string; a string always has one.
func quoted(s string) json.RawMessage {
	text, _ := json.Marshal(s)
	return text
}

// cutUTF8 returns the first n bytes of s, or a little less so as not to split a character.
func cutUTF8(s []byte, n int) []byte {
	if n >= len(s) {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
