package shadow

import (
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// What stands for what was taken out begins alike, whatever it was.
const (
	redacted       = "[redacted]"
	redactedPrefix = "[redacted"
)

// IsRedacted reports whether something was taken out of a text before it was recorded.
func IsRedacted[T ~string | ~[]byte](text T) bool {
	return strings.Contains(string(text), redactedPrefix)
}

// redactor takes out what must not be remembered. It never changes what it is given.
type redactor struct {
	headers  map[string]bool // canonical names
	queries  map[string]bool
	pointers []pattern
	scrubber
}

// pattern is a JSON pointer, split and unescaped; "*" is any one token.
type pattern []string

func parseRedact(rules, scrubs []string) (redactor, error) {
	d := redactor{
		headers: map[string]bool{"Authorization": true, "Proxy-Authorization": true, "Cookie": true, "Set-Cookie": true},
		queries: make(map[string]bool),
	}
	var errs []error
	var patterns []string
	for _, rule := range rules {
		kind, name, _ := strings.Cut(rule, ":")
		switch {
		case strings.HasPrefix(rule, "/"):
			d.pointers = append(d.pointers, splitPointer(rule))
		case kind == "header" && name != "":
			d.headers[textproto.CanonicalMIMEHeaderKey(name)] = true
		case kind == "query" && name != "":
			d.queries[name] = true
		case kind == "pattern" && name != "":
			patterns = append(patterns, name)
		default:
			errs = append(errs, fmt.Errorf("no redaction %q: it is header:NAME, query:NAME, pattern:REGEXP or a JSON pointer such as /card/number", rule))
		}
	}
	var err error
	d.scrubber, err = newScrubber(scrubs, patterns)
	return d, errors.Join(append(errs, err)...)
}

// and returns a redactor that takes out what stands at further pointers, too.
func (d redactor) and(pointers []string) redactor {
	if len(pointers) > 0 {
		d.pointers = slices.Clone(d.pointers)
	}
	for _, p := range pointers {
		d.pointers = append(d.pointers, splitPointer(p))
	}
	return d
}

var unescapePointer = strings.NewReplacer("~1", "/", "~0", "~")

// splitPointer returns the tokens of an RFC 6901 pointer; none for the whole document.
func splitPointer(p string) pattern {
	if p == "" {
		return nil
	}
	tokens := strings.Split(p[1:], "/")
	for i, t := range tokens {
		tokens[i] = unescapePointer.Replace(t)
	}
	return tokens
}

// header returns a copy of h without secret values. A Set-Cookie keeps the cookie's name, which
// is what one compares and no secret. Query rules hold for the addresses that headers carry.
func (d redactor) header(h http.Header) http.Header {
	if h == nil {
		return nil
	}
	kept := make(http.Header, len(h))
	for name, values := range h {
		values = append([]string(nil), values...)
		for i, v := range values {
			values[i] = d.headerValue(http.CanonicalHeaderKey(name), v)
		}
		kept[name] = values
	}
	return kept
}

func (d redactor) headerValue(name, value string) string {
	switch {
	case name == "Set-Cookie":
		cookie, _, assigned := strings.Cut(value, "=")
		if assigned && !strings.ContainsAny(cookie, "; ") {
			return cookie + "=" + redacted
		}
		return redacted
	case d.headers[name]:
		return redacted
	case name == "Referer" || name == "Location" || name == "Content-Location":
		return d.path(value)
	}
	return d.string(value)
}

// path returns a path or address with the secret query parameters' values taken out, and
// everything else as it stood.
func (d redactor) path(p string) string {
	before, query, has := strings.Cut(p, "?")
	if !has || len(d.queries) == 0 {
		return d.string(p)
	}
	query, fragment, fragmented := strings.Cut(query, "#")
	p = before + "?" + d.query(query)
	if fragmented {
		p += "#" + fragment
	}
	return d.string(p)
}

// query does path's work on a query or form alone.
func (d redactor) query(q string) string {
	pairs := strings.Split(q, "&")
	for i, pair := range pairs {
		name, _, _ := strings.Cut(pair, "=")
		decoded, err := url.QueryUnescape(name)
		if err != nil {
			decoded = name
		}
		if d.queries[decoded] {
			pairs[i] = name + "=" + redacted
		}
	}
	return strings.Join(pairs, "&")
}

// requestBody returns a request's body as it is kept.
func (d redactor) requestBody(h http.Header, body []byte) []byte {
	kind, _, _ := mime.ParseMediaType(h.Get("Content-Type"))
	if kind == "application/x-www-form-urlencoded" && len(d.queries) > 0 {
		if body == nil || h.Get("Content-Encoding") != "" {
			return nil
		}
		return d.text([]byte(d.query(string(body))))
	}
	body, _ = d.body(h, body)
	return body
}

// generalise puts * for keys in patterns that are secrets, such as an e-mail address, in place: what
// is learnt, grouped and made rules of has the same form everywhere.
func (d redactor) generalise(list []Difference) []Difference {
	for i := range list {
		pattern := list[i].Pattern
		if !strings.HasPrefix(pattern, "/") || d.string(pattern) == pattern {
			continue
		}
		tokens := strings.Split(pattern, "/")
		for j, token := range tokens {
			if d.string(token) != token {
				tokens[j] = "*"
			}
		}
		list[i].Pattern = strings.Join(tokens, "/")
	}
	return list
}

// differences returns a copy of list without secret values, those that stand in a larger value
// included.
func (d redactor) differences(list []Difference, legacy, service *Answer) []Difference {
	structured := hasStructure(legacy) || hasStructure(service)
	kept := make([]Difference, len(list))
	for i, diff := range d.generalise(slices.Clone(list)) {
		hide := func(v json.RawMessage) json.RawMessage { return d.value(diff, v, structured) }
		if name, is := fieldOf(diff.Pointer); is {
			hide = func(v json.RawMessage) json.RawMessage { return d.headerJSON(name, v) }
		}
		diff.Legacy, diff.Service = d.json(hide(diff.Legacy)), d.json(hide(diff.Service))
		diff.Pointer = d.string(diff.Pointer)
		kept[i] = diff
	}
	return kept
}

// fieldOf returns the canonical name of the header or trailer that a pointer names. One cookie of a
// Set-Cookie is a field of its own: a difference there has its attributes and never its value.
func fieldOf(pointer string) (name string, is bool) {
	for _, prefix := range []string{"header:", "trailer:"} {
		if name, is := strings.CutPrefix(pointer, prefix); is {
			return http.CanonicalHeaderKey(name), true
		}
	}
	return "", false
}

func hasStructure(a *Answer) bool {
	return a != nil && (claimsJSON(a.Header) || looksJSON(a.Body))
}

// value redacts one side's value of a difference in a body; structured says that the body is
// JSON, or claims it.
func (d redactor) value(diff Difference, v json.RawMessage, structured bool) json.RawMessage {
	if len(v) == 0 || len(d.pointers) == 0 || diff.Pointer == "status" {
		return v
	}
	at, general := splitPointer(diff.Pointer), splitPointer(diff.Pattern)
	var below []pattern
	for _, p := range d.pointers {
		for from := range 2 { // a line of JSON is a document of its own, and its number no part of the pointer
			if from > 0 && (len(general) == 0 || general[0] != "*") {
				break
			}
			n := min(len(p), len(at)-from)
			if !p[:n].matches(at[from:from+n], general[from:]) {
				continue
			}
			if n == len(p) {
				return hidden // the difference lies at or below what is redacted
			}
			below = append(below, p[n:])
		}
	}
	if len(below) == 0 {
		return v
	}
	if diff.Pointer == "" && structured && (diff.Kind == KindBody || diff.Kind == KindEncoding) {
		return hidden // text of a body that can't be read: a secret can't be told from the rest
	}
	var excerpt string
	if json.Unmarshal(v, &excerpt) == nil && (structured || looksJSON([]byte(excerpt))) {
		return hidden // the beginning of a value that was too large, or a line of a text that is JSON
	}
	clean, _, err := redactJSON(v, below)
	if err != nil {
		return hidden
	}
	return clean
}

var hidden = json.RawMessage(`"` + redacted + `"`)

// matches reports whether p holds for the tokens at. Where they are those of a keyed array's
// element, general has * and its index isn't known: then a pattern's index holds, to be safe. A
// map's key has * there too, and is known.
func (p pattern) matches(at, general pattern) bool {
	for i, token := range p {
		if token != "*" && token != at[i] && !(i < len(general) && general[i] == "*" && isIndex(token)) {
			return false
		}
	}
	return true
}

func isIndex(token string) bool {
	_, err := strconv.ParseUint(token, 10, 64)
	return err == nil
}

// headerJSON redacts a header's value or list of values in a difference.
func (d redactor) headerJSON(name string, v json.RawMessage) json.RawMessage {
	var one string
	var many []string
	switch {
	case len(v) == 0:
		return v
	case json.Unmarshal(v, &one) == nil:
		many = []string{one}
	case json.Unmarshal(v, &many) != nil:
		if d.headers[name] {
			return hidden
		}
		return v
	}
	for i, value := range many {
		if name == "Set-Cookie" && !strings.ContainsAny(value, "=;") {
			continue // only names: all that is compared of a Set-Cookie
		}
		many[i] = d.headerValue(name, value)
	}
	var clean any = many
	if v[0] == '"' {
		clean = many[0]
	}
	text, err := json.Marshal(clean)
	if err != nil {
		return hidden
	}
	return text
}
