package compare_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/shadow"
)

// pair is two answers, and what is to be found between them. The files in testdata/pairs hold
// them:
//
//	=== name, which says why
//	rules {"ignore": ["/a"]}
//	--- legacy 200
//	Content-Type: text/xml
//	# Grpc-Status: 0       (a trailer)
//	hosts legacy:8000 shop (what the side calls itself)
//
//	<a/>
//	--- service 200 quoted (every line of the body in Go's escapes, joined)
//	--- want
//	value /a
//
// A word after want is the reason for which the comparison is skipped.
type pair struct {
	name            string
	rules           rules
	legacy, service *shadow.Answer
	want            []string
	skip            string
}

func readPairs(t testing.TB) map[string][]pair {
	t.Helper()
	files, err := filepath.Glob("testdata/pairs/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no pairs: %v", err)
	}
	all := map[string][]pair{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		topic := strings.TrimSuffix(filepath.Base(file), ".txt")
		for _, section := range strings.Split("\n"+string(text), "\n=== ")[1:] {
			all[topic] = append(all[topic], readPair(t, section))
		}
	}
	return all
}

func readPair(t testing.TB, section string) (p pair) {
	t.Helper()
	parts := strings.Split(section, "\n--- ")
	p.name, _, _ = strings.Cut(parts[0], "\n")
	if _, text, ok := strings.Cut(parts[0], "\nrules "); ok {
		if err := json.Unmarshal([]byte(text), &p.rules); err != nil {
			t.Fatalf("%s: rules: %v", p.name, err)
		}
	}
	for _, part := range parts[1:] {
		head, rest, _ := strings.Cut(part, "\n")
		words := strings.Fields(head)
		switch words[0] {
		case "want":
			p.skip = strings.Join(words[1:], " ")
			if rest = strings.TrimSpace(rest); rest != "" {
				p.want = strings.Split(rest, "\n")
			}
		case "legacy":
			p.legacy = readAnswer(t, words, rest)
		case "service":
			p.service = readAnswer(t, words, rest)
		}
	}
	if p.legacy == nil || p.service == nil {
		t.Fatalf("%s: an answer is missing", p.name)
	}
	return p
}

func readAnswer(t testing.TB, words []string, text string) *shadow.Answer {
	t.Helper()
	a := &shadow.Answer{Header: http.Header{}, Trailer: http.Header{}}
	a.Status, _ = strconv.Atoi(words[1])
	head, body, _ := strings.Cut("\n"+text+"\n", "\n\n")
	for line := range strings.FieldsFuncSeq(head, func(r rune) bool { return r == '\n' }) {
		to := a.Header
		if hosts, is := strings.CutPrefix(line, "hosts "); is {
			a.Hosts = strings.Fields(hosts)
			continue
		}
		if rest, is := strings.CutPrefix(line, "# "); is {
			line, to = rest, a.Trailer
		}
		name, value, _ := strings.Cut(line, ": ")
		to.Add(name, value)
	}
	body = strings.TrimSuffix(body, "\n")
	if words[len(words)-1] == "quoted" {
		var plain strings.Builder
		for line := range strings.SplitSeq(body, "\n") {
			s, err := strconv.Unquote(`"` + line + `"`)
			if err != nil {
				t.Fatalf("%q: %v", line, err)
			}
			plain.WriteString(s)
		}
		body = plain.String()
	}
	a.Body, a.Size = []byte(body), int64(len(body))
	return a
}

// TestPairs compares labelled pairs, and each answer with itself.
func TestPairs(t *testing.T) {
	for topic, pairs := range readPairs(t) {
		for _, p := range pairs {
			t.Run(topic+"/"+p.name, func(t *testing.T) {
				c := comparer(t, p.rules)
				diffs, err := c.Compare(p.legacy, p.service)
				skip, _ := errors.AsType[*shadow.SkipError](err)
				if skip != nil && skip.Reason != p.skip || skip == nil && p.skip != "" {
					t.Fatalf("error is %v, want skip reason %q", err, p.skip)
				}
				var got []string
				for _, line := range lines(diffs) {
					got = append(got, strings.TrimSpace(line)) // a whole body has no pointer
				}
				if d := cmp.Diff(p.want, got); d != "" {
					t.Errorf("differences (-want +got):\n%s", d)
				}
				for _, d := range diffs {
					for _, v := range []json.RawMessage{d.Legacy, d.Service} {
						if v != nil && !json.Valid(v) {
							t.Errorf("%s: %q is not JSON", d.Pointer, v)
						}
					}
				}
				for _, a := range []*shadow.Answer{p.legacy, p.service} {
					again := *a
					again.Body = bytes.Clone(a.Body)
					if diffs, err := c.Compare(a, &again); err != nil || len(diffs) > 0 {
						t.Errorf("an answer differs from itself: %v, %v", lines(diffs), err)
					}
				}
			})
		}
	}
}
