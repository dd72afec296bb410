package identity

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// identify reads who is logged in from a lookup's answer into e. Where the visitor's place holds null, an
// empty text or false, nobody is.
func (b *Bridge) identify(e *entry, h http.Header, body []byte) (kind, error) {
	a := &answer{header: h, body: body}
	if b.c.Issue != nil {
		sub, err := a.claim(b.c.Issue.Claims["sub"]) // first: of nobody the others may be missing
		if err == nil {
			sub, err = subject(sub)
		}
		if err != nil {
			return failed, fmt.Errorf("claim sub: %w", err)
		}
		if sub == nil {
			return anonymous, nil
		}
		e.claims = map[string]jsontext.Value{"sub": sub}
		for name, claim := range b.c.Issue.Claims {
			if name == "sub" {
				continue
			}
			value, err := a.claim(claim)
			if missing := (*missingError)(nil); errors.As(err, &missing) && claim.Optional {
				continue
			} else if err != nil {
				return failed, fmt.Errorf("claim %s: %w", name, err)
			}
			e.claims[name] = value
		}
	} else if a.hasJSON(b.c.CSRF) {
		if err := a.read(); err != nil {
			return failed, err
		}
	}
	if b.c.CSRF != nil {
		value, err := a.claim(Claim{From: b.c.CSRF.From})
		if err == nil {
			e.csrf, err = csrfToken(value)
		}
		if err != nil {
			return failed, fmt.Errorf("CSRF token: %w", err)
		}
	}
	return known, nil
}

// answer is a lookup's answer, whose JSON is read when it is needed.
type answer struct {
	header http.Header
	body   []byte
	value  jsontext.Value
}

func (a *answer) hasJSON(c *CSRF) bool { return c != nil && strings.HasPrefix(c.From, "/") }

// read reads the body: exactly one JSON value in UTF-8 without duplicate names (RFC 7493), so that nobody
// reads another name in it than the service does.
func (a *answer) read() error {
	if a.value != nil {
		return nil
	}
	var v jsontext.Value
	if err := json.Unmarshal(a.body, &v); err != nil {
		return errors.New("the answer is not JSON, or not as it should be" + where(err))
	}
	a.value = v
	return nil
}

// where returns where a JSON text is broken, without what stands there: that may be somebody's.
func where(err error) string {
	var syntactic *jsontext.SyntacticError
	if !errors.As(err, &syntactic) {
		return ""
	}
	return fmt.Sprintf(" (at byte %d, in %q)", syntactic.ByteOffset, string(syntactic.JSONPointer))
}

// missingError says that there is nothing at a place.
type missingError struct{ place string }

func (e *missingError) Error() string { return "there is nothing at " + e.place + " in the answer" }

// claim returns a claim's value as JSON.
func (a *answer) claim(c Claim) (jsontext.Value, error) {
	if c.Const != "" {
		return text(c.Const)
	}
	if name, ok := strings.CutPrefix(c.From, "header:"); ok {
		values := a.header.Values(name)
		switch {
		case len(values) == 0:
			return nil, &missingError{c.From}
		case len(values) > 1:
			return nil, fmt.Errorf("there are %d at %s in the answer", len(values), c.From)
		}
		return text(values[0])
	}
	if err := a.read(); err != nil {
		return nil, err
	}
	v := a.value
	for token := range jsontext.Pointer(c.From).Tokens() {
		var ok bool
		if v, ok = member(v, token); !ok {
			return nil, &missingError{c.From}
		}
	}
	return v.Clone(), nil
}

// text returns a text as JSON.
func text(s string) (jsontext.Value, error) {
	if !utf8.ValidString(s) {
		return nil, errors.New("it is not UTF-8")
	}
	return jsontext.AppendQuote(nil, s)
}

// member returns an object's member or an array's element.
func member(v jsontext.Value, token string) (jsontext.Value, bool) {
	switch v.Kind() {
	case '{':
		var object map[string]jsontext.Value
		if json.Unmarshal(v, &object) != nil {
			return nil, false
		}
		found, ok := object[token]
		return found, ok
	case '[':
		var array []jsontext.Value
		i, err := strconv.ParseUint(token, 10, 31)
		if err != nil || token != strconv.FormatUint(i, 10) || json.Unmarshal(v, &array) != nil || i >= uint64(len(array)) {
			return nil, false
		}
		return array[i], true
	}
	return nil, false
}

// subject returns a text for the claim sub (RFC 7519 section 4.1.2), or nil where nobody is logged in.
func subject(v jsontext.Value) (jsontext.Value, error) {
	switch v.Kind() {
	case 'n', 'f':
		return nil, nil
	case '"':
		if string(v) == `""` {
			return nil, nil
		}
		return v, nil
	case '0':
		return jsontext.AppendQuote(nil, string(v)) // its digits, exactly
	}
	return nil, errors.New("it is neither a text nor a number")
}

// csrfToken returns a token that fits into a header and into a cookie.
func csrfToken(v jsontext.Value) (string, error) {
	var token string
	if err := json.Unmarshal(v, &token); err != nil {
		return "", errors.New("it is no text")
	}
	if token == "" || len(token) > MaxCookie {
		return "", fmt.Errorf("it has %d bytes, and may have 1 to %d", len(token), MaxCookie)
	}
	for _, c := range []byte(token) { // cookie-octet (RFC 6265 section 4.1.1)
		if c <= ' ' || c >= 0x7f || strings.IndexByte(`",;\`, c) >= 0 {
			return "", errors.New("there are characters in it that a cookie can't have")
		}
	}
	return token, nil
}
