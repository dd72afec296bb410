package export

import (
	"bytes"
	"fmt"
	"go/format"
	"io"
	"net/http"
	"strconv"

	"github.com/strangler-fig/toolkit/web"
)

// writeGo writes a test that asks for each answer and compares it with the one that is right, JSON by
// value. It needs nothing but the standard library.
func writeGo(w io.Writer, e Export, all []web.Exchange) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, `// Package golden_test holds answers of %s to %s.
package golden_test

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"reflect"
	"strings"
	"testing"
)

// base is where requests go, unless BASE_URL says otherwise.
const base = %s

var exchanges = []struct {
	name, method, path string
	header             http.Header
	body               string
	status             int
	answer             string
}{
`, e.Side, strconv.Quote(e.Of), strconv.Quote(e.Base.String()))
	for _, x := range all {
		right := e.right(x)
		if right == nil || x.Binary || right.Binary || web.IsRedacted(right.Body) {
			continue // nobody answers that
		}
		header := http.Header{}
		for _, h := range sent(x) {
			header.Add(h.name, h.value)
		}
		fmt.Fprintf(&b, "{%q, %q, %q, %#v, %s, %d, %s},\n", x.ID, x.Method, x.Path, header, literal(x.Body), right.Status, literal(right.Body))
	}
	b.WriteString(`}

func TestGolden(t *testing.T) {
	to := base
	if url := os.Getenv("BASE_URL"); url != "" {
		to = strings.TrimRight(url, "/")
	}
	for _, x := range exchanges {
		t.Run(x.name, func(t *testing.T) {
			r, err := http.NewRequest(x.method, to+x.path, strings.NewReader(x.body))
			if err != nil {
				t.Fatal(err)
			}
			r.Header = x.header
			resp, err := http.DefaultTransport.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			if resp.StatusCode != x.status {
				t.Errorf("%s %s: status %d, want %d", x.method, x.path, resp.StatusCode, x.status)
			}
			if !same(string(body), x.answer) {
				t.Errorf("%s %s:\n%s\nwant\n%s", x.method, x.path, body, x.answer)
			}
		})
	}
}

// same compares JSON by value, and what isn't as it is.
func same(got, want string) bool {
	var a, b any
	if json.Unmarshal([]byte(got), &a) != nil || json.Unmarshal([]byte(want), &b) != nil {
		return got == want
	}
	return reflect.DeepEqual(a, b)
}
`)
	text, err := format.Source(b.Bytes())
	if err != nil {
		return fmt.Errorf("write a Go test: %w", err)
	}
	_, err = w.Write(text)
	return err
}

// literal writes a string so that people can read it, if Go can have it so.
func literal(s string) string {
	if strconv.CanBackquote(s) {
		return "`" + s + "`"
	}
	return strconv.Quote(s)
}
