package shadow

import (
	"bytes"
	"encoding/json"
	"net/http"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

func mustRedact(t testing.TB, rules ...string) redactor {
	t.Helper()
	d, err := parseRedact(rules, nil)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestRedactHeader(t *testing.T) {
	d := mustRedact(t, "header:x-api-key", "query:token")
	given := http.Header{
		"Authorization": {"Bearer s3cret"}, "Cookie": {"sid=s3cret"}, "Proxy-Authorization": {"Basic s3cret"},
		"Set-Cookie": {"sid=s3cret; Path=/", "s3cret"}, "X-Api-Key": {"s3cret"}, "Accept": {"*/*"},
		"Referer": {"https://a.example/?token=s3cret&b=1#top"},
	}
	before := given.Clone()
	want := http.Header{
		"Authorization": {redacted}, "Cookie": {redacted}, "Proxy-Authorization": {redacted},
		"Set-Cookie": {"sid=" + redacted, redacted}, "X-Api-Key": {redacted}, "Accept": {"*/*"},
		"Referer": {"https://a.example/?token=" + redacted + "&b=1#top"},
	}
	if diff := cmp.Diff(want, d.header(given)); diff != "" {
		t.Errorf("header (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(before, given); diff != "" {
		t.Errorf("the header given was changed (-before +after):\n%s", diff)
	}
}

func TestRedactPath(t *testing.T) {
	d := mustRedact(t, "query:token")
	for name, test := range map[string][2]string{
		"no query":      {"/a", "/a"},
		"other":         {"/a?b=%zz;c&&d", "/a?b=%zz;c&&d"},
		"value":         {"/a?b=1&token=s3cret&c", "/a?b=1&token=" + redacted + "&c"},
		"name is coded": {"/a?%74oken=s3cret", "/a?%74oken=" + redacted},
		"twice":         {"/?token=a&token=b", "/?token=" + redacted + "&token=" + redacted},
		"question mark": {"/?x=?&token=s3cret?", "/?x=?&token=" + redacted},
	} {
		t.Run(name, func(t *testing.T) {
			if got := d.path(test[0]); got != test[1] {
				t.Errorf("path(%q) = %q, want %q", test[0], got, test[1])
			}
		})
	}
}

func TestRedactBody(t *testing.T) {
	d := mustRedact(t, "/card/number", "/items/*/secret", "/0/pin", "/a~1b", "query:password")
	for name, test := range map[string]struct{ kind, in, want string }{
		"member":           {"application/json", `{"card":{"number":"4711","type":"x"},"n":9007199254740993}`, `{"card":{"number":"[redacted]","type":"x"},"n":9007199254740993}`},
		"any element":      {"application/json", `{"items":[{"secret":1},{"secret":{"a":[2]}},3]}`, `{"items":[{"secret":"[redacted]"},{"secret":"[redacted]"},3]}`},
		"any member":       {"application/json", `{"items":{"x":{"secret":1}}}`, `{"items":{"x":{"secret":"[redacted]"}}}`},
		"index":            {"application/json", `[{"pin":1},{"pin":2}]`, `[{"pin":"[redacted]"},{"pin":2}]`},
		"escaped":          {"application/json", `{"a/b":1}`, `{"a/b":"[redacted]"}`},
		"name is escaped":  {"application/json", `{"\u0063ard":{"number":1}}`, `{"\u0063ard":{"number":"[redacted]"}}`},
		"duplicate names":  {"application/json", `{"card":{"number":1,"number":2},"card":{"number":3}}`, `{"card":{"number":"[redacted]","number":"[redacted]"},"card":{"number":"[redacted]"}}`},
		"nothing there":    {"application/json", `{ "a" : 1.0 }`, `{ "a" : 1.0 }`},
		"vendor type":      {"application/vnd.x+json; charset=utf-8", `{"card":{"number":1}}`, `{"card":{"number":"[redacted]"}}`},
		"lines":            {"application/x-ndjson", "{\"card\":{\"number\":1}}\n{\"card\":{\"number\":2}}", "{\"card\":{\"number\":\"[redacted]\"}}\n{\"card\":{\"number\":\"[redacted]\"}}"},
		"mislabelled":      {"text/html", ` {"card":{"number":1}}`, `{"card":{"number":"[redacted]"}}`},
		"byte order mark":  {"application/json", "\ufeff{\"card\":{\"number\":1}}", `{"card":{"number":"[redacted]"}}`},
		"broken":           {"application/json", `{"card":{"number":"4711"`, ""},
		"UTF-16":           {"application/json", "\xff\xfe{\x00}\x00", ""},
		"no JSON":          {"text/html", `<p>4711`, `<p>4711`},
		"form":             {"application/x-www-form-urlencoded", "user=a&password=s3cret", "user=a&password=[redacted]"},
		"invalid in value": {"application/json", "{\"card\":{\"number\":\"\xff\"},\"x\":1}", `{"card":{"number":"[redacted]"},"x":1}`},
	} {
		t.Run(name, func(t *testing.T) {
			got := d.requestBody(http.Header{"Content-Type": {test.kind}}, []byte(test.in))
			if diff := cmp.Diff(test.want, string(got)); diff != "" {
				t.Errorf("body (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRedactCodedBody(t *testing.T) {
	d := mustRedact(t, "/card")
	secret := []byte(`{"card":4711}`)
	var gz, br bytes.Buffer
	g := gzip.NewWriter(&gz)
	g.Write(secret)
	g.Close()
	b := brotli.NewWriter(&br)
	b.Write(secret)
	b.Close()
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		coding string
		body   []byte
		want   string
		plain  bool
	}{
		"gzip":      {"gzip", gz.Bytes(), `{"card":"[redacted]"}`, true},
		"br":        {"br", br.Bytes(), `{"card":"[redacted]"}`, true},
		"zstd":      {"zstd", z.EncodeAll(secret, nil), `{"card":"[redacted]"}`, true},
		"two":       {"identity, zstd", z.EncodeAll(secret, nil), `{"card":"[redacted]"}`, true},
		"unknown":   {"lzma", secret, "", false},
		"broken":    {"gzip", gz.Bytes()[:12], "", false},
		"too large": {"zstd", z.EncodeAll(make([]byte, maxDecoded+1), nil), "", false},
	} {
		t.Run(name, func(t *testing.T) {
			h := http.Header{"Content-Type": {"application/json"}, "Content-Encoding": {test.coding}}
			got, plain := d.body(h, test.body)
			if string(got) != test.want || plain != test.plain {
				t.Errorf("kept %q (plain: %t), want %q (plain: %t)", got, plain, test.want, test.plain)
			}
		})
	}
	if got, plain := d.body(http.Header{"Content-Encoding": {"gzip"}, "Content-Type": {"image/png"}}, gz.Bytes()[:12]); plain || got == nil {
		t.Error("a body that claims no JSON is to be kept as it is")
	}
}

func TestRedactDifferences(t *testing.T) {
	d := mustRedact(t, "/card/number", "/items/0/pin", "header:X-Key")
	answer := &Answer{Header: http.Header{"Content-Type": {"application/json"}}}
	for name, test := range map[string]struct {
		diff Difference
		want string
	}{
		"at it":             {Difference{Pointer: "/card/number", Pattern: "/card/number"}, `"[redacted]"`},
		"below it":          {Difference{Pointer: "/card/number/0", Pattern: "/card/number/*"}, `"[redacted]"`},
		"above it":          {Difference{Pointer: "/card", Pattern: "/card", Legacy: json.RawMessage(`{"number":4711,"a":1}`)}, `{"number":"[redacted]","a":1}`},
		"above it, cut off": {Difference{Pointer: "/card", Pattern: "/card", Legacy: json.RawMessage(`{"number":47`)}, `"[redacted]"`},
		"above it, excerpt": {Difference{Pointer: "/card", Pattern: "/card", Legacy: json.RawMessage(`"{\"number\":47… (9000 bytes)"`)}, `"[redacted]"`},
		"beside it":         {Difference{Pointer: "/card/type", Pattern: "/card/type"}, `4711`},
		"keyed element":     {Difference{Pointer: "/items/id=7/pin", Pattern: "/items/*/pin"}, `"[redacted]"`},
		"map's other entry": {Difference{Pointer: "/card/type", Pattern: "/card/*"}, `4711`},
		"map's entry":       {Difference{Pointer: "/card/number", Pattern: "/card/*"}, `"[redacted]"`},
		"whole body":        {Difference{Kind: KindBody, Legacy: json.RawMessage(`"{\"card\":{\"number\":"`)}, `"[redacted]"`},
		"status":            {Difference{Pointer: "status"}, `4711`},
		"header":            {Difference{Pointer: "header:X-Key", Legacy: json.RawMessage(`"4711"`)}, `"[redacted]"`},
		"header, values":    {Difference{Pointer: "header:x-key", Legacy: json.RawMessage(`["a","b"]`)}, `["[redacted]","[redacted]"]`},
		"cookie":            {Difference{Pointer: "header:Set-Cookie", Legacy: json.RawMessage(`["sid=1; Path=/"]`)}, `["sid=[redacted]"]`},
		"cookie names":      {Difference{Pointer: "header:Set-Cookie", Legacy: json.RawMessage(`["sid"]`)}, `["sid"]`},
		"one cookie":        {Difference{Pointer: "header:Set-Cookie/sid", Legacy: json.RawMessage(`"Path=/; HttpOnly"`)}, `"Path=/; HttpOnly"`},
		"trailer":           {Difference{Pointer: "trailer:X-Key", Legacy: json.RawMessage(`"4711"`)}, `"[redacted]"`},
		"in a line of JSON": {Difference{Pointer: "/2/card/number", Pattern: "/*/card/number"}, `"[redacted]"`},
		"a line of JSON":    {Difference{Pointer: "/2", Pattern: "/*", Legacy: json.RawMessage(`{"card":{"number":4711}}`)}, `{"card":{"number":"[redacted]"}}`},
		"a line of a text":  {Difference{Pointer: "/2", Pattern: "/*", Legacy: json.RawMessage(`"\"number\": 4711"`)}, `"[redacted]"`},
		"other header":      {Difference{Pointer: "header:Accept"}, `4711`},
	} {
		t.Run(name, func(t *testing.T) {
			if test.diff.Legacy == nil {
				test.diff.Legacy = json.RawMessage("4711")
			}
			got := d.differences([]Difference{test.diff}, answer, nil)
			if diff := cmp.Diff(test.want, string(got[0].Legacy)); diff != "" {
				t.Errorf("value (-want +got):\n%s", diff)
			}
			if got[0].Service != nil {
				t.Errorf("a side without value got %s", got[0].Service)
			}
		})
	}
}

// FuzzRedactJSON checks that a marker at the pointer never comes through, and that what comes
// out is JSON that has nothing more to redact.
func FuzzRedactJSON(f *testing.F) {
	for _, seed := range []string{`{"a":{"b":1}}`, `[{"a":1}]`, `{"a":[1,{"b":"x"}]} {}`, `{"a":`, `"\ud800"`, `{"a":1,"a":2}`} {
		f.Add([]byte(seed))
	}
	d := mustRedact(f, "/a/b", "/*/secret")
	f.Fuzz(func(t *testing.T, text []byte) {
		clean, hit, err := redactJSON(text, d.pointers)
		if err != nil {
			return
		}
		again, hitAgain, err := redactJSON(clean, d.pointers)
		if err != nil {
			t.Fatalf("%q became %q, which can't be read: %v", text, clean, err)
		}
		if hit != hitAgain || !bytes.Equal(clean, again) {
			t.Errorf("%q became %q, then %q", text, clean, again)
		}
	})
}
