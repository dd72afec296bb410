// Package export writes stored exchanges for other tools: as a file of Hurl's, as lines for curl, as an
// HTTP archive, or as a Go test with golden answers; and reads such archives. The command and the
// dashboard export through it, so that both write the same.
//
// What was redacted stays so: no header, body or answer that was is written as if it were what was sent.
package export

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/strangler-fig/toolkit/web"
)

// Export is what stored exchanges are written as.
type Export struct {
	Base *url.URL // where requests go: scheme and host, and no path that ends in a slash
	Of   string   // the route or group they are of
	Side string   // whose answers count as right: legacy or service
	As   string   // one of Formats
}

// Formats lists what exchanges can be written as.
func Formats() []string { return []string{"hurl", "curl", "har", "go"} }

// Sides lists whose answers may count as right.
func Sides() []string { return []string{"legacy", "service"} }

// ParseBase reads where requests go. Its error says what would do.
func ParseBase(s string) (*url.URL, error) {
	to, err := url.Parse(strings.TrimRight(s, "/"))
	if err != nil || to.Scheme != "http" && to.Scheme != "https" || to.Host == "" {
		return nil, fmt.Errorf("%q: it has to be such as http://127.0.0.1:8080", s)
	}
	return to, nil
}

// FileName returns what a file of it is called: letters, digits, dashes and an ending.
func (e Export) FileName() string {
	name := strings.Trim(strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, e.Of), "-")
	if name = name[:min(len(name), 100)]; name == "" {
		name = "export"
	}
	switch e.As {
	case "go":
		return strings.ReplaceAll(name, "-", "_") + "_test.go"
	case "curl":
		return name + ".sh"
	}
	return name + "." + e.As
}

// Write writes exchanges. Those of which the right side has no answer are left out where the format is
// about answers. It fails where w does, or where the format or side is none.
func (e Export) Write(w io.Writer, all []web.Exchange) error {
	if !slices.Contains(Sides(), e.Side) {
		return fmt.Errorf("write exchanges: no side %q; it is legacy or service", e.Side)
	}
	out := bufio.NewWriter(w)
	var err error
	switch e.As {
	case "curl":
		err = writeCurl(out, e, all)
	case "go":
		err = writeGo(out, e, all)
	case "har":
		err = writeHAR(out, e, all)
	case "hurl":
		err = writeHurl(out, e, all)
	default:
		err = fmt.Errorf("write exchanges: no format %q; it is one of %s", e.As, strings.Join(Formats(), ", "))
	}
	if err != nil {
		return err
	}
	return out.Flush()
}

// right returns the answer that counts as right; nil: that side gave none.
func (e Export) right(x web.Exchange) *web.Answer {
	if e.Side == "service" {
		return x.Service
	}
	return x.Legacy
}

func (e Export) url(x web.Exchange) string { return e.Base.String() + x.Path }

// header is one line of a request's header.
type header struct{ name, value string }

// sent returns the headers that are worth sending again, sorted: not those that belong to a
// connection, and none that was redacted.
func sent(x web.Exchange) (all []header) {
	for _, name := range sortedKeys(x.Headers) {
		switch name {
		case "Connection", "Content-Length", "Host", "Keep-Alive", "Transfer-Encoding", "Upgrade", "Accept-Encoding",
			"X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Port", "X-Request-Id", "Traceparent":
			continue
		}
		for _, value := range x.Headers[name] {
			if !web.IsRedacted(value) {
				all = append(all, header{name, value})
			}
		}
	}
	return all
}

func sortedKeys[T any](m map[string]T) []string { return slices.Sorted(maps.Keys(m)) }
