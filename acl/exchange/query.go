package exchange

import (
	"net/url"
	"strings"
)

// query is a query whose parameters are taken off one by one; those that are left keep their
// bytes and their order.
type query struct{ pairs []string }

func newQuery(raw string) *query {
	if raw == "" {
		return &query{}
	}
	return &query{strings.Split(raw, "&")}
}

// take returns the values of a parameter, which is no longer among the pairs.
func (q *query) take(key string) []string {
	var taken []string
	left := q.pairs[:0]
	for _, pair := range q.pairs {
		k, v, _ := strings.Cut(pair, "=")
		if unescaped(k) != key {
			left = append(left, pair)
			continue
		}
		taken = append(taken, unescaped(v))
	}
	q.pairs = left
	return taken
}

// unescaped takes the escapes off a part of a query; what escapes nothing stays as it is.
func unescaped(raw string) string {
	if text, err := url.QueryUnescape(raw); err == nil {
		return text
	}
	return raw
}

// keys goes through all that a server may take for names of parameters: some take semicolons for
// separators as well.
func (q *query) keys(yield func(string) bool) {
	for _, pair := range q.pairs {
		for part := range strings.SplitSeq(pair, ";") {
			key, _, _ := strings.Cut(part, "=")
			if !yield(unescaped(key)) {
				return
			}
		}
	}
}

// add puts a parameter behind the others.
func (q *query) add(key, value string) {
	q.pairs = append(q.pairs, url.QueryEscape(key)+"="+url.QueryEscape(value))
}

func (q *query) String() string { return strings.Join(q.pairs, "&") }
