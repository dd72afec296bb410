package shadow

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// maxDecoded bounds what a coded body may unfold to, bytes.
const maxDecoded = 8 << 20

// body returns a body as it is kept: as it is where nothing in it is to be hidden, else decoded and
// redacted (plain). One that claims to be JSON, or begins like it, and can't be read is dropped
// rather than kept with its secrets; so is one that isn't JSON and has the name of what a pointer
// redacts in it.
func (d redactor) body(h http.Header, body []byte) (kept []byte, plain bool) {
	if len(body) == 0 {
		return body, false
	}
	text, err := decoded(h.Get("Content-Encoding"), body)
	switch {
	case err != nil && claimsJSON(h) && len(d.pointers) > 0:
		return nil, false
	case err != nil:
		return body, false // nobody can read it
	}
	hit := false
	if !claimsJSON(h) && !looksJSON(text) && d.names(text) {
		return nil, false
	}
	if len(d.pointers) > 0 && (claimsJSON(h) || looksJSON(text)) {
		clean, found, err := redactJSON(text, d.pointers)
		if err != nil {
			return nil, false
		}
		if hit = found; hit {
			text = clean
		}
	}
	clean := d.text(text)
	if !hit && bytes.Equal(clean, text) {
		return body, false
	}
	return clean, true
}

// names reports whether a body that is no JSON has in it the name of something that a pointer redacts:
// an element of XML, a field of a form. Where in it that is only its parser knows.
func (d redactor) names(text []byte) bool {
	var lower []byte
	for _, p := range d.pointers {
		name := ""
		for _, token := range p {
			if field := fieldName.FindStringSubmatch(token); field != nil {
				token = field[1] // input[password]
			}
			if token != "*" && !strings.HasPrefix(token, "@") {
				name = strings.ToLower(token)
			}
		}
		if name == "" {
			continue
		}
		if lower == nil {
			lower = bytes.ToLower(text)
		}
		if bytes.Contains(lower, []byte(name)) {
			return true
		}
	}
	return false
}

var fieldName = regexp.MustCompile(`\[(.+)\]$`)

func claimsJSON(h http.Header) bool {
	kind, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		kind = h.Get("Content-Type")
	}
	return strings.Contains(strings.ToLower(kind), "json")
}

func looksJSON(text []byte) bool {
	text = bytes.TrimLeft(text, " \t\r\n\ufeff")
	return len(text) > 0 && (text[0] == '{' || text[0] == '[')
}

// decoded undoes a Content-Encoding, the last coding first (RFC 9110 section 8.4).
func decoded(codings string, body []byte) ([]byte, error) {
	list := strings.Split(codings, ",")
	for i := len(list) - 1; i >= 0; i-- {
		var err error
		if body, err = undo(strings.ToLower(strings.TrimSpace(list[i])), body); err != nil {
			return nil, err
		}
	}
	return body, nil
}

func undo(coding string, body []byte) ([]byte, error) {
	var from io.Reader
	var err error
	switch coding {
	case "", "identity":
		return body, nil
	case "gzip", "x-gzip":
		from, err = gzip.NewReader(bytes.NewReader(body))
	case "deflate":
		from, err = zlib.NewReader(bytes.NewReader(body))
	case "br":
		from = brotli.NewReader(bytes.NewReader(body))
	case "zstd":
		var z *zstd.Decoder
		z, err = zstd.NewReader(bytes.NewReader(body), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxDecoded))
		if err == nil {
			defer z.Close()
		}
		from = z
	default:
		return nil, fmt.Errorf("no content coding %q", coding)
	}
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(from, maxDecoded+1))
	if err == nil && len(text) > maxDecoded {
		err = fmt.Errorf("decoded body is over %d bytes", maxDecoded)
	}
	return text, err
}

// redactJSON returns text, one JSON value or several after another, with what lies at the
// pointers replaced; hit says whether anything did.
func redactJSON(text []byte, pointers []pattern) (clean []byte, hit bool, err error) {
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	loose := []jsontext.Options{jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)}
	var out bytes.Buffer
	walk := jsonRedactor{
		in:  jsontext.NewDecoder(bytes.NewReader(text), loose...),
		out: jsontext.NewEncoder(&out, append(loose, jsontext.PreserveRawStrings(true))...),
	}
	for {
		if walk.in.PeekKind() == 0 {
			if _, err := walk.in.ReadToken(); errors.Is(err, io.EOF) {
				return bytes.TrimSuffix(out.Bytes(), []byte("\n")), walk.hit, nil
			}
		}
		if err := walk.value(pointers); err != nil {
			return nil, walk.hit, err
		}
	}
}

type jsonRedactor struct {
	in  *jsontext.Decoder
	out *jsontext.Encoder
	hit bool
}

// value copies the next value, in which the pointers that still hold are relative to it.
func (w *jsonRedactor) value(pointers []pattern) error {
	for _, p := range pointers {
		if len(p) == 0 {
			w.hit = true
			if err := w.in.SkipValue(); err != nil {
				return err
			}
			return w.out.WriteToken(jsontext.String(redacted))
		}
	}
	kind := w.in.PeekKind()
	if len(pointers) == 0 || kind != '{' && kind != '[' {
		v, err := w.in.ReadValue()
		if err != nil {
			return err
		}
		return w.out.WriteValue(v)
	}
	if err := w.token(); err != nil {
		return err
	}
	for i := 0; ; i++ {
		next := w.in.PeekKind()
		if next == '}' || next == ']' {
			return w.token()
		}
		at := strconv.Itoa(i)
		if kind == '{' {
			name, err := w.in.ReadToken()
			if err != nil {
				return err
			}
			at = name.String()
			if err := w.out.WriteToken(name); err != nil {
				return err
			}
		}
		var below []pattern
		for _, p := range pointers {
			if p[0] == "*" || p[0] == at {
				below = append(below, p[1:])
			}
		}
		if err := w.value(below); err != nil {
			return err
		}
	}
}

func (w *jsonRedactor) token() error {
	t, err := w.in.ReadToken()
	if err != nil {
		return err
	}
	return w.out.WriteToken(t)
}
