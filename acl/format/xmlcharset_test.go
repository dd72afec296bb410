package format

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestXMLCharsets(t *testing.T) {
	const latin = `{"NAME":"Müller & Söhne","ORT":{"@land":"Österreich","#text":"Köln"}}`
	const windows = `{"NAME":"„Müller“ – 5 €","ORT":{"@land":"Österreich","#text":"Köln"}}`
	const wide = `{"NAME":"„Müller“ – 5 € 😀","ORT":{"@land":"Österreich","#text":"Köln"}}`
	for file, test := range map[string]struct{ charset, want string }{
		"latin1.xml":  {"ISO-8859-1", latin},
		"cp1252.xml":  {"windows-1252", windows},
		"utf16le.xml": {"UTF-16LE", wide},
		"utf16be.xml": {"UTF-16", wide},
	} {
		t.Run(file, func(t *testing.T) {
			body, err := os.ReadFile(filepath.Join("testdata", "xml", file))
			if err != nil {
				t.Fatal(err)
			}
			f := mustXML(t, Config{Root: "KUNDE", Charset: test.charset})
			doc, err := f.Decode(body, "text/xml")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, show(doc.Root())); diff != "" {
				t.Errorf("document (-want +got):\n%s", diff)
			}
			for _, charset := range []string{test.charset, "", "ISO-8859-15", "US-ASCII", "UTF-16", "UTF-16BE", "Shift_JIS"} {
				f := mustXML(t, Config{Root: "KUNDE", Charset: charset, CDATA: []string{"NAME"}})
				out, err := f.Append(nil, doc.Root())
				if err != nil {
					t.Fatalf("%s: %v", charset, err)
				}
				again, err := f.Decode(out, f.ContentType())
				if err != nil {
					t.Fatalf("%s: %v\n%s", charset, err, out)
				}
				if diff := cmp.Diff(test.want, show(again.Root())); diff != "" {
					t.Errorf("through %s (-want +got):\n%s", charset, diff)
				}
			}
		})
	}
}

func TestXMLCharsetOf(t *testing.T) {
	for name, test := range map[string]struct {
		body, contentType, configured, want, wantErr string
	}{
		"none is UTF-8":                     {body: "<a>é</a>", want: "é"},
		"the configured one":                {body: "<a>\xe9</a>", configured: "ISO-8859-1", want: "é"},
		"the declared one before that":      {body: "<?xml version='1.0' encoding='utf-8'?><a>é</a>", configured: "ISO-8859-1", want: "é"},
		"the announced one before that":     {body: "<?xml version='1.0' encoding='utf-8'?><a>\xe9</a>", contentType: "text/xml; charset=ISO-8859-1", want: "é"},
		"a byte order mark before all":      {body: "\xef\xbb\xbf<a>é</a>", contentType: "text/xml; charset=ISO-8859-1", want: "é"},
		"UTF-16 without a mark":             {body: "<\x00a\x00>\x00\xe9\x00<\x00/\x00a\x00>\x00", want: "é"},
		"big-endian too":                    {body: "\x00<\x00a\x00>\x00\xe9\x00<\x00/\x00a\x00>", contentType: "text/xml;charset=UTF-16", want: "é"},
		"UTF-16 that isn't":                 {body: "<?xml version='1.0' encoding='utf-16'?><a>é</a>", want: "é"},
		"windows-1252 announced as latin1":  {body: "<a>\x80</a>", contentType: "text/xml; charset=iso-8859-1", configured: "windows-1252", want: "€"},
		"windows-1252 declared as latin1":   {body: "<?xml version='1.0' encoding='ISO-8859-1'?><a>\x80</a>", configured: "windows-1252", want: "€"},
		"windows-1252 declared as ASCII":    {body: "<?xml version='1.0' encoding='US-ASCII'?><a>\x80</a>", configured: "windows-1252", want: "€"},
		"announced beside no parameter":     {body: "<a>\xe9</a>", contentType: "text/xml; charset=ISO-8859-1; x", want: "é"},
		"UTF-8 that isn't":                  {body: "<a>\xe9</a>", wantErr: "the body isn't UTF-8"},
		"UTF-16 that is cut":                {body: "\xff\xfe<\x00a", wantErr: "the body isn't UTF-16"},
		"half a surrogate pair":             {body: "\xff\xfe<\x00a\x00>\x00\x00\xd8<\x00/\x00a\x00>\x00", wantErr: "the body isn't UTF-16"},
		"a replacement character of theirs": {body: "\xff\xfe<\x00a\x00>\x00\xfd\xff<\x00/\x00a\x00>\x00", want: "\uFFFD"},
		"ASCII that isn't":                  {body: "<a>\xe9</a>", configured: "US-ASCII", wantErr: "the body isn't US-ASCII"},
		"an unknown one":                    {body: "<?xml version='1.0' encoding='klingon'?><a/>", wantErr: `"klingon" isn't known`},
	} {
		t.Run(name, func(t *testing.T) {
			doc, err := mustXML(t, Config{Root: "a", Charset: test.configured}).Decode([]byte(test.body), test.contentType)
			if test.wantErr != "" {
				if err == nil || !strings.Contains(err.Error(), test.wantErr) {
					t.Fatalf("%v, want %q", err, test.wantErr)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := doc.Root().Text(); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestXMLWritesCharacterReferences(t *testing.T) {
	f := mustXML(t, Config{Root: "a", Charset: "iso-8859-1", CDATA: []string{"d"}})
	out, err := f.Append(nil, parse(t, `{"@k":"5 € ü","t":"5 € ü <","d":"5 € ü <"}`))
	if err != nil {
		t.Fatal(err)
	}
	want := "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a k=\"5 &#8364; \xfc\"><t>5 &#8364; \xfc &lt;</t>" +
		"<d><![CDATA[5 ]]>&#8364;<![CDATA[ \xfc <]]></d></a>"
	if diff := cmp.Diff(want, string(out)); diff != "" {
		t.Errorf("written (-want +got):\n%s", diff)
	}
	if got := f.ContentType(); got != "application/xml; charset=iso-8859-1" {
		t.Errorf("announced as %s", got)
	}
	for _, value := range []string{`{"Ω":1}`, `{"@Ω":1}`} {
		if _, err := f.Append(nil, parse(t, value)); err == nil || !strings.Contains(err.Error(), "the character set lacks") {
			t.Errorf("%s: %v", value, err)
		}
	}
}
