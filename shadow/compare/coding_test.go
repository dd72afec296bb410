package compare_test

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"github.com/strangler-fig/toolkit/shadow"
)

func encode(t testing.TB, coding, body string) string {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser
	switch coding {
	case "gzip":
		w = gzip.NewWriter(&b)
	case "br":
		w = brotli.NewWriter(&b)
	case "zstd":
		w, _ = zstd.NewWriter(&b)
	case "deflate":
		w = zlib.NewWriter(&b)
	case "raw deflate":
		w, _ = flate.NewWriter(&b, 5)
	default:
		return body
	}
	io.WriteString(w, body)
	w.Close()
	return b.String()
}

func TestCodings(t *testing.T) {
	c := comparer(t, rules{})
	for _, coding := range []string{"gzip", "br", "zstd", "deflate", "raw deflate", "identity"} {
		name := coding
		if coding == "raw deflate" {
			name = "deflate"
		}
		coded := func(body string) *shadow.Answer {
			return answer(encode(t, coding, body), "Content-Type", "application/json", "Content-Encoding", name)
		}
		for range 2 { // the second time with used decoders
			for _, tt := range []struct {
				name            string
				legacy, service *shadow.Answer
				want            []string
			}{
				{"same", coded(`{"a":1}`), jsonAnswer(`{"a":1}`), nil},
				{"other", coded(`{"a":1}`), jsonAnswer(`{"a":2}`), []string{"value /a"}},
				{"no body has no coding", coded(`{"a":1}`), answer("", "Content-Type", "application/json", "Content-Encoding", name), []string{"body "}},
			} {
				diffs, err := c.Compare(tt.legacy, tt.service)
				if err != nil {
					t.Fatal(coding, tt.name, err)
				}
				if d := cmp.Diff(tt.want, lines(diffs)); d != "" {
					t.Errorf("%s, %s (-want +got):\n%s", coding, tt.name, d)
				}
			}
			if coding == "identity" {
				continue
			}
			whole := encode(t, coding, `{"a":1}`)
			for what, body := range map[string]string{"cut short": whole[:len(whole)-3], "something else": "\x00nonsense"} {
				diffs, err := c.Compare(answer(body, "Content-Encoding", name), answer(`{"a":1}`))
				if err != nil {
					t.Fatal(coding, what, err)
				}
				if d := cmp.Diff([]string{"encoding "}, lines(diffs)); d != "" {
					t.Errorf("%s, %s (-want +got):\n%s", coding, what, d)
				}
			}
		}
	}
}

func TestCodingsStacked(t *testing.T) {
	twice := answer(encode(t, "br", encode(t, "gzip", "x")), "Content-Encoding", "gzip", "Content-Encoding", "br")
	diffs, err := comparer(t, rules{}).Compare(twice, answer("x"))
	if err != nil || len(diffs) > 0 {
		t.Errorf("got %v, %v, want no difference", lines(diffs), err)
	}
}

func TestBomb(t *testing.T) {
	if testing.Short() {
		t.Skip("it costs what it bounds")
	}
	zeros := string(make([]byte, 17<<20))
	for _, coding := range []string{"gzip", "br", "zstd", "deflate"} {
		_, err := comparer(t, rules{}).Compare(answer(encode(t, coding, zeros), "Content-Encoding", coding), answer("x"))
		if skip, ok := errors.AsType[*shadow.SkipError](err); !ok || skip.Reason != shadow.SkipTooComplex {
			t.Errorf("%s: got %v, want skip reason %q", coding, err, shadow.SkipTooComplex)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, coding := range []string{"gzip", "br", "zstd", "deflate"} {
		f.Add(coding, []byte(encode(f, coding, `{"a":1}`)))
	}
	c := comparer(f, rules{})
	f.Fuzz(func(t *testing.T, coding string, body []byte) {
		coded := answer(string(body), "Content-Encoding", coding)
		if diffs, err := c.Compare(coded, coded); err != nil || len(diffs) > 0 {
			t.Errorf("an answer differs from itself: %v, %v", lines(diffs), err)
		}
		if diffs, err := c.Compare(coded, answer("x")); err == nil && len(diffs) > 1 {
			t.Errorf("got %v, want at most one difference", lines(diffs))
		}
	})
}
