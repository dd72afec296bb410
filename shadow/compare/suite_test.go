package compare_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/strangler-fig/toolkit/shadow"
)

// TestSuite takes the texts in testdata/json, which are named in the manner of JSONTestSuite
// (https://github.com/nst/JSONTestSuite): what is valid (y_) is compared by structure, what isn't
// (n_) by bytes, and where readers disagree (i_) either is right. Everything equals itself.
func TestSuite(t *testing.T) {
	files, err := filepath.Glob("testdata/json/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("found %d texts in testdata/json; error %v", len(files), err)
	}
	seen := map[byte]int{}
	for _, file := range files {
		name := filepath.Base(file)
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		seen[name[0]]++
		t.Run(strings.TrimSuffix(name, ".json"), func(t *testing.T) {
			suiteCase(t, name[0], text)
		})
	}
	if seen['y'] == 0 || seen['n'] == 0 || seen['i'] == 0 {
		t.Errorf("texts of each kind: %v", seen)
	}
}

func suiteCase(t *testing.T, kind byte, text []byte) {
	c := comparer(t, rules{})
	against := func(other []byte) (lone *shadow.Difference, n int, skipped bool) {
		diffs, err := c.Compare(jsonAnswer(string(text)), jsonAnswer(string(other)))
		if len(diffs) == 0 {
			return nil, 0, err != nil
		}
		return &diffs[0], len(diffs), err != nil
	}
	if _, n, skipped := against(bytes.Clone(text)); n > 0 || skipped {
		t.Errorf("differs from itself (%d differences, skipped: %t)", n, skipped)
	}
	notJSON := func(d *shadow.Difference, n int) bool {
		return n == 1 && d.Kind == shadow.KindBody && bytes.HasPrefix(d.Legacy, []byte(`"not JSON (`))
	}
	longer := append(bytes.Clone(text), "\n7"...)
	switch kind {
	case 'y':
		var spaced bytes.Buffer
		if err := json.Indent(&spaced, text, "\t", " \r\n"); err != nil {
			t.Fatal(err)
		}
		if d, n, skipped := against(append([]byte("\n"), spaced.Bytes()...)); n > 0 || skipped {
			t.Errorf("differs from itself with blanks: %+v, skipped: %t", d, skipped)
		}
		wrapped := `[` + string(text) + `,7]`
		if d, n, skipped := against([]byte(wrapped)); n == 0 || skipped || d.Kind == shadow.KindBody {
			t.Errorf("against itself in an array: %+v, skipped: %t; want a difference in structure", d, skipped)
		}
	case 'n':
		for _, valid := range [][]byte{longer, []byte("{}")} {
			if d, n, skipped := against(valid); !notJSON(d, n) || skipped {
				t.Errorf("against %.40q: %+v, skipped: %t; want one difference by bytes that says it is not JSON", valid, d, skipped)
			}
		}
	case 'i':
		if d, n, skipped := against(longer); n == 0 && !skipped {
			t.Errorf("against another text: %+v, skipped: %t; want a difference, or skipped", d, skipped)
		}
	default:
		t.Errorf("begins with %q, want y, n or i", kind)
	}
}
