package format

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestXMLConfigProblems(t *testing.T) {
	for name, test := range map[string]struct {
		config Config
		want   string
	}{
		"root":                   {Config{Root: "a b"}, `root: an element can't be called "a b" in XML`},
		"root's prefix":          {Config{Root: "p:a"}, `root: the prefix of "p:a" isn't among the namespaces`},
		"root is no element":     {Config{Root: "@a"}, `root: an element can't be called "@a" in XML`},
		"root's characters":      {Config{Root: "größe", Charset: "US-ASCII"}, `root: "größe" has a character that the character set lacks`},
		"character set":          {Config{Charset: "latin-17"}, `charset: the character set "latin-17" isn't known`},
		"a prefix that is none":  {Config{Namespaces: map[string]string{"a b": "urn:x"}}, `namespaces.a b: "a b" can't be a prefix`},
		"a prefix of XML's":      {Config{Namespaces: map[string]string{"xml": "urn:x"}}, "namespaces.xml: this prefix is XML's own"},
		"a URI of XML's":         {Config{Namespaces: map[string]string{"x": xmlURI}}, "is XML's own and needs no prefix"},
		"no URI":                 {Config{Namespaces: map[string]string{"x": ""}}, "namespaces.x: a prefix needs a URI"},
		"no such URI":            {Config{Namespaces: map[string]string{"x": "urn x"}}, `namespaces.x: "urn x" is no URI`},
		"two prefixes":           {Config{Namespaces: map[string]string{"x": "urn:x", "y": "urn:x"}}, "namespaces.y: urn:x has the prefix x already"},
		"xsi for something else": {Config{Namespaces: map[string]string{"xsi": "urn:x"}}, "namespaces.xsi: this prefix is that of " + xsiURI + "; give urn:x another"},
		"CDATA":                  {Config{CDATA: []string{"a..b"}}, "cdata: the path"},
		"CDATA of an index":      {Config{CDATA: []string{"a[1]"}}, `cdata: "a[1]" has an index`},
		"all of it":              {Config{Root: "1", Charset: "x", CDATA: []string{""}}, `; root: an element can't be called "1" in XML; cdata: the path is empty`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := newXML(test.config)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, want %q", err, test.want)
			}
		})
	}
}

func TestXMLContentTypes(t *testing.T) {
	f := mustXML(t, Config{})
	own := mustXML(t, Config{ContentType: "text/x-order"})
	for contentType, want := range map[string][2]bool{
		"application/xml":         {true, true},
		"text/xml; charset=utf-8": {true, true},
		"Application/RSS+XML":     {true, true},
		"text/x-order":            {false, true},
		"application/json":        {false, false},
		"text/html":               {false, false},
		"application/xhtml+xml":   {false, false},
	} {
		if got := [2]bool{f.Accepts(contentType), own.Accepts(contentType)}; got != want {
			t.Errorf("%s: %v, want %v", contentType, got, want)
		}
	}
	if diff := cmp.Diff([]string{"application/xml; charset=utf-8", "text/x-order"}, []string{f.ContentType(), own.ContentType()}); diff != "" {
		t.Errorf("announced (-want +got):\n%s", diff)
	}
}
