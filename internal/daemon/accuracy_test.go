package daemon_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// said is one answer of a side's.
type said struct {
	status int // 0: 200
	header string
	body   string
}

// sequence is what one side answers, call after call; after the last one it goes on with that.
type sequence []said

func says(bodies ...string) (all sequence) {
	for _, body := range bodies {
		all = append(all, said{body: body})
	}
	return all
}

// TestAccuracy sends requests through the whole system, a route for each case, and looks at what was
// made of them: the verdicts, and the groups that are open. What pairs of answers differ in is held by
// package compare's own suite.
func TestAccuracy(t *testing.T) {
	now := func() string { return time.Now().UTC().Format(time.RFC3339) }
	cases := []struct {
		name            string
		reason          string // why the verdict is right
		legacy, service sequence
		rules           string // of the route's shadow
		requests        int    // 0: 1
		cookie          bool
		want            string // verdicts, and the causes of open groups
	}{
		{"match", "the same bytes", says(`{"a":1}`), says(`{"a":1}`), "", 0, false, "match 1"},
		{"number", "numbers are compared by value", says(`{"a":1.50}`), says(`{"a":15e-1}`), "", 0, false, "match 1"},
		{"value", "a price is a price", says(`{"total":12.5}`), says(`{"total":1250}`), "", 0, false, "diverged 1: /total value"},
		{"type", "a string is no number", says(`{"id":7}`), says(`{"id":"7"}`), "", 0, false, "diverged 1: /id type"},
		{"missing", "what legacy says the service has to", says(`{"a":1,"b":null}`), says(`{"a":1}`), "", 0, false, "diverged 1: /b missing"},
		{"extra", "what the service adds may break clients", says(`{"a":1}`), says(`{"a":1,"b":2}`), "", 0, false, "diverged 1: /b extra"},
		{"status", "404 against 200 is all there is to say", sequence{{body: `{}`}}, sequence{{status: 404, body: `{"error":1}`}}, "", 0, false, "diverged 1: status status"},
		{"order", "the order of elements counts", says(`["a","b"]`), says(`["b","a"]`), "", 0, false, "diverged 1: the body order"},
		{"unordered", "unless a rule says otherwise", says(`["a","b"]`), says(`["b","a"]`), `compare: {unordered: [""]}`, 0, false, "match 1"},
		{"map", "keys that are ids are one place", says(`{"prices":{"4711":1,"4712":2,"4713":3}}`), says(`{"prices":{"4711":2,"4712":2,"4713":3}}`), "", 0, false, "diverged 1: /prices/* value"},
		{"ignored", "a rule says so", says(`{"a":1,"at":1}`), says(`{"a":1,"at":2}`), `compare: {ignore: [/at]}`, 0, false, "match 1"},

		{"unstable", "legacy, asked twice, differs from itself there", says(`{"rev":1}`, `{"rev":2}`, `{"rev":3}`), says(`{"rev":9}`), "", 0, false, "noise 1"},
		{"unstable and wrong", "noise in one place hides no mistake in another", says(`{"rev":1,"total":5}`, `{"rev":2,"total":5}`, `{"rev":3,"total":5}`, `{"rev":4,"total":5}`), says(`{"rev":9,"total":6}`), "", 0, false, "diverged 1: /total value"},
		{"clock", "both say what time it is", sequence{{body: `{"at":"NOW"}`}}, sequence{{body: `{"at":"LATER"}`}}, "", 0, false, "noise 1"},
		{"clock an hour off", "a time that isn't now is a value", sequence{{body: `{"at":"NOW"}`}, {body: `{"at":"LATER"}`}}, sequence{{body: `{"at":"2020-01-01T00:00:00Z"}`}}, "", 0, false, "diverged 1: /at value"},
		{"new ids", "an id that is new each time", says(`{"id":"0d9bb2f2-1f0c-4b50-9f0e-aa1a2b3c4d51"}`, `{"id":"0d9bb2f2-1f0c-4b50-9f0e-aa1a2b3c4d52"}`), says(`{"id":"7c9e6679-7425-40de-944b-e07fc1f90ae7"}`), "", 0, false, "noise 1"},
		{"the wrong id", "legacy gives the same one twice", says(`{"customer":"0d9bb2f2-1f0c-4b50-9f0e-aa1a2b3c4d5e"}`), says(`{"customer":"7c9e6679-7425-40de-944b-e07fc1f90ae7"}`), "", 0, false, "diverged 1: /customer value"},
		{"forgery", "a page's token is its own", sequence{{header: "text/html", body: `<form><input type=hidden name=csrf_token value=aaaa><input name=q></form>`}},
			sequence{{header: "text/html", body: `<form><input type=hidden name=csrf_token value=bbbb><input name=q></form>`}}, "", 0, false, "noise 1"},
		{"learnt", "after some controls no other is needed", nil, says(`{"rev":-1}`), "", 40, false, "noise 40"},

		{"late service", "a moment later both say the same", says(`{"stock":4}`), says(`{"stock":5}`, `{"stock":4}`), "", 0, false, "lag 1"},
		{"late legacy", "whichever of them was late", says(`{"stock":4}`, `{"stock":4}`, `{"stock":5}`), says(`{"stock":5}`), "", 0, false, "lag 1"},
		{"late and wrong", "what stays counts", says(`{"stock":4,"total":1}`), says(`{"stock":5,"total":2}`, `{"stock":4,"total":2}`), "", 0, false, "diverged 1: /total value"},
		{"no recheck", "nobody is asked again", says(`{"stock":4}`), says(`{"stock":5}`, `{"stock":4}`), "recheck: 0s", 0, false, "diverged 1: /stock value"},
		{"session", "legacy isn't asked twice with a session", says(`{"rev":1}`, `{"rev":2}`), says(`{"rev":9}`), "", 0, true, "diverged 1: /rev value"},
		{"a session that may", "unless the route says so", says(`{"rev":1}`, `{"rev":2}`), says(`{"rev":9}`), "second_call: with_session", 0, true, "noise 1"},

		{"not modified", "it depends on what the client has", sequence{{status: 304}}, sequence{{status: 304}}, "", 0, false, "skipped 1"},
		{"redirect", "each to its own host", sequence{{status: 302, header: "Location: LEGACY/next"}}, sequence{{status: 302, header: "Location: SERVICE/next"}}, "", 0, false, "match 1"},
		{"redirect elsewhere", "another place is another place", sequence{{status: 302, header: "Location: LEGACY/next"}}, sequence{{status: 302, header: "Location: SERVICE/other"}}, "", 0, false, "diverged 1: header:Location header"},
		{"xml", "prefixes and order of attributes are how, not what", sequence{{header: "application/xml", body: `<a:o xmlns:a="u" x="1" y="2"><a:n>1</a:n></a:o>`}},
			sequence{{header: "application/xml", body: `<o xmlns="u" y="2" x="1"><n>1</n></o>`}}, "", 0, false, "match 1"},
		{"xml value", "and a value is a value", sequence{{header: "application/xml", body: `<o><n>1</n></o>`}}, sequence{{header: "application/xml", body: `<o><n>2</n></o>`}}, "", 0, false, "diverged 1: /o/n value"},
		{"page", "only the total of a page that was made anew", sequence{{header: "text/html", body: `<table><tr><td id=total>12</table>`}},
			sequence{{header: "text/html", body: `<main><p id=total>12</p></main>`}}, `compare: {only: ["css:#total"]}`, 0, false, "match 1"},
		{"form", "by name", sequence{{header: "application/x-www-form-urlencoded", body: `a=1&b=2`}}, sequence{{header: "application/x-www-form-urlencoded", body: `b=3&a=1`}}, "", 0, false, "diverged 1: /b value"},
		{"charset", "the same letters in other bytes", sequence{{header: "text/plain; charset=utf-8", body: "Größe"}}, sequence{{header: "text/plain; charset=iso-8859-1", body: "Gr\xf6\xdfe"}}, "", 0, false, "diverged 1: header:Content-Type encoding"},
		{"lines", "the line that differs", sequence{{header: "text/plain", body: "a\nb\nc\n"}}, sequence{{header: "text/plain", body: "a\nB\nc\n"}}, "", 0, false, "diverged 1: /* value"},
	}

	// A share of nothing is nothing: there have to be requests before legacy is asked again. Those
	// are answered 304, and so compared with nothing.
	const warmups = 6
	var yaml strings.Builder
	sides := map[string]*calls{"legacy": {now: now, asked: map[string]int{}, says: map[string]sequence{}}, "service": {now: now, asked: map[string]int{}, says: map[string]sequence{}}}
	legacy, service := backend(t, "", sides["legacy"].ServeHTTP), backend(t, "", sides["service"].ServeHTTP)
	for _, side := range sides {
		side.hosts = strings.NewReplacer("LEGACY", legacy.URL, "SERVICE", service.URL)
	}
	fmt.Fprintf(&yaml, "legacy: {url: %s}\nservices: {s: {urls: [%s]}}\nroutes:\n", legacy.URL, service.URL)
	for _, c := range cases {
		name := strings.ReplaceAll(c.name, " ", "-")
		path := "/" + name
		sides["legacy"].says[path], sides["service"].says[path] = c.legacy, c.service
		rules := ""
		if c.rules != "" {
			rules = ", " + c.rules
		}
		recheck := "recheck: 20ms, "
		if strings.Contains(c.rules, "recheck") {
			recheck = ""
		}
		fmt.Fprintf(&yaml, "  - {name: %s, match: {path: %s}, service: s, start: shadow, shadow: {%slegacy_extra: {share: 100%%, per_second: 1000}%s}}\n", name, path, recheck, rules)
	}
	s := start(t, yaml.String())
	for _, c := range cases {
		name := strings.ReplaceAll(c.name, " ", "-")
		t.Run(name, func(t *testing.T) {
			for i := range warmups + max(1, c.requests) {
				r, err := http.NewRequest(http.MethodGet, "http://"+s.Addr()+"/"+name, nil)
				if err != nil {
					t.Fatal(err)
				}
				if i < warmups {
					r.Header.Set("X-Warm-Up", "1")
				}
				if c.cookie {
					r.Header.Set("Cookie", "sid=1")
				}
				resp, err := http.DefaultTransport.RoundTrip(r)
				if err != nil {
					t.Fatal(err)
				}
				resp.Body.Close()
			}
			var got string
			eventually(t, "a verdict", func() bool {
				var settled bool
				got, settled = verdictsOf(t, s, name, warmups)
				return settled
			})
			if groups, err := s.API.Groups(t.Context(), name, "open"); err != nil {
				t.Fatal(err)
			} else if strings.HasPrefix(got, "diverged") {
				eventually(t, "a group", func() bool {
					groups, err = s.API.Groups(t.Context(), name, "open")
					return err == nil && len(groups) > 0
				})
				for _, g := range groups {
					got += ":"
					for _, cause := range g.Causes {
						got += " " + strings.TrimSpace(cmpOr(cause.Pointer, "the body")+" "+string(cause.Kind))
					}
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", c.reason, diff)
			}
		})
	}
}

func cmpOr(a, b string) string {
	if a == "" {
		return b
	}
	return a
}

// calls answers by path, and by how often it was asked.
type calls struct {
	now   func() string
	hosts *strings.Replacer

	mu    sync.Mutex
	asked map[string]int
	says  map[string]sequence
}

// ServeHTTP implements http.Handler.
func (c *calls) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("X-Warm-Up") != "" {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	c.mu.Lock()
	n := c.asked[r.URL.Path]
	c.asked[r.URL.Path]++
	all := c.says[r.URL.Path]
	c.mu.Unlock()
	answer := said{body: fmt.Sprintf(`{"rev":%d}`, n)}
	if len(all) > 0 {
		answer = all[min(n, len(all)-1)]
	}
	switch name, value, is := strings.Cut(answer.header, ": "); {
	case is:
		w.Header().Set(name, c.hosts.Replace(value))
	case answer.header != "":
		w.Header().Set("Content-Type", answer.header)
	default:
		w.Header().Set("Content-Type", "application/json")
	}
	if answer.status != 0 {
		w.WriteHeader(answer.status)
	}
	later := time.Now().UTC().Add(2 * time.Second).Format(time.RFC3339)
	w.Write([]byte(strings.NewReplacer("NOW", c.now(), "LATER", later).Replace(answer.body)))
}

// verdictsOf names a route's verdicts but those of warm-ups, and says whether none is pending.
func verdictsOf(t *testing.T, d *system, route string, warmups int64) (text string, settled bool) {
	t.Helper()
	for _, r := range d.Stats().Routes {
		if r.Route != route {
			continue
		}
		c := r.Comparisons
		var all []string
		for _, v := range []struct {
			name string
			n    int64
		}{{"match", c.Match}, {"noise", c.Noise}, {"lag", c.Lag}, {"diverged", c.Diverged}, {"failed", c.Failed}, {"skipped", c.Skipped - warmups}} {
			if v.n > 0 {
				all = append(all, fmt.Sprintf("%s %d", v.name, v.n))
			}
		}
		return strings.Join(all, ", "), c.Sampled > warmups && c.Pending == 0
	}
	return "", false
}
