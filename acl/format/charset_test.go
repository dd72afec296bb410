package format

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/ianaindex"
)

// TestCharsets holds, for every set that a name finds and every byte or two of it: they are
// characters or an error, never a replacement; and what is read and can be written is read again
// as the same. Read as a stream it is the same as well.
func TestCharsets(t *testing.T) {
	names := []string{"", "utf8", "GBK", "gb18030", "Big5", "EUC-JP", "Shift_JIS", "EUC-KR", "US-ASCII", "latin1", "ibm866", "x-sjis", "x-mac-cyrillic", "windows-874"}
	for _, e := range charmap.All {
		if name, err := ianaindex.IANA.Name(e); err == nil {
			names = append(names, name)
		}
	}
	accepted := 0
	for _, name := range names {
		c, err := lookupCharset(name)
		if err != nil {
			if !strings.Contains(err.Error(), "doesn't contain ASCII") {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		accepted++
		_, single := c.enc.(*charmap.Charmap)
		decoder := c.decoder()
		for first := range 256 {
			for second := 0; second < 256; second += 3 {
				if single && second > 0 {
					break
				}
				raw := []byte{byte(first), byte(second), 'x'}
				text, err := decoder.append(nil, raw)
				if err != nil {
					continue
				}
				if !utf8.Valid(text) || bytes.Contains(text, []byte("\uFFFD")) {
					t.Fatalf("%s: % x is read as %q", name, raw, text)
				}
				if len(text) > c.grown(raw) {
					t.Fatalf("%s: % x has grown to %d bytes", name, raw, len(text))
				}
				written, err := c.append(nil, text)
				if err != nil {
					if len(name) > 3 && strings.Contains("Big5 EUC-JP Shift_JIS x-sjis GBK gb18030 EUC-KR", name) {
						continue // they read more than they write
					}
					t.Fatalf("%s: % x is read as %q, which can't be written: %v", name, raw, text, err)
				}
				if again, err := decoder.append(nil, written); err != nil || !bytes.Equal(again, text) {
					t.Fatalf("%s: % x is read as %q, and written and read as %q, %v", name, raw, text, again, err)
				}
			}
		}
	}
	if accepted < 30 {
		t.Errorf("only %d sets are read", accepted)
	}
}

func TestCharsetsThatArentSafe(t *testing.T) {
	for _, name := range []string{"UTF-7", "UTF-16", "UTF-16LE", "ISO-2022-JP", "HZ-GB-2312", "ISO-2022-KR", "IBM037", "replacement", "klingon", "../x"} {
		if c, err := lookupCharset(name); err == nil {
			t.Errorf("%s is read as %s", name, c)
		}
	}
}

func TestCharsetExact(t *testing.T) {
	latin, err := lookupCharset("iso-8859-1")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := latin.decode([]byte("\x80\xe4")); err != nil || string(got) != "\u0080ä" {
		t.Errorf("ISO-8859-1 is read as %q, %v; it isn't windows-1252", got, err)
	}
	for _, s := range []string{"€", "a\xff"} {
		if got, err := latin.append([]byte("x"), []byte(s)); err == nil || string(got) != "x" {
			t.Errorf("%q is written as %q", s, got)
		}
	}
}

// TestCharsetNames holds that names of a standard are its set and not that of Windows, as to browsers.
func TestCharsetNames(t *testing.T) {
	for name, want := range map[string]string{
		"iso8859-1": "ISO-8859-1", "ISO88591": "ISO-8859-1", "iso_8859-1": "ISO-8859-1", "l1": "ISO-8859-1", "cp819": "ISO-8859-1",
		"ascii": "US-ASCII", "ANSI_X3.4-1968": "US-ASCII", "iso8859-9": "ISO-8859-9", "iso88599": "ISO-8859-9", "latin5": "ISO-8859-9",
		"iso8859-15": "ISO-8859-15", "iso88592": "ISO-8859-2", "cp1252": "windows-1252", "x-cp1254": "windows-1254",
	} {
		if c, err := lookupCharset(name); err != nil || c.String() != want {
			t.Errorf("%s is %s, %v, want %s", name, c, err, want)
		}
	}
}

// TestCharsetOf holds which set a body is read in.
func TestCharsetOf(t *testing.T) {
	for _, test := range []struct{ name, configured, contentType, want string }{
		{"none", "", "text/csv", "UTF-8"},
		{"configured", "latin1", "text/csv; header=present", "ISO-8859-1"},
		{"announced", "latin1", `text/csv; Charset="utf-8"`, "UTF-8"},
		{"announced alone", "", "text/csv; charset=cp1252", "windows-1252"},
		{"announced as a part of what is configured", "windows-1252", "text/csv; charset=iso-8859-1", "windows-1252"},
		{"announced as ASCII", "windows-1252", "text/csv; charset=us-ascii", "windows-1252"},
		{"announced beside what is no parameter", "", "text/csv; charset=latin1; x", "ISO-8859-1"},
		{"announced beside what needs quotes", "latin1", `a/b; action=urn:x/y; q="a\"; charset=x" ;Charset = "utf-8"`, "UTF-8"},
		{"announced twice alike", "", "text/csv; charset=latin1; charset=LATIN1", "ISO-8859-1"},
		{"none beside what is no parameter", "latin1", "text/csv; x; charset=", "ISO-8859-1"},
		{"announced as another", "windows-1252", "text/csv; charset=iso-8859-2", "ISO-8859-2"},
	} {
		c, err := lookupCharset(test.configured)
		if err != nil {
			t.Fatal(err)
		}
		if c, err = c.of(test.contentType); err != nil || c.String() != test.want {
			t.Errorf("%s: got %s, %v, want %s", test.name, c, err, test.want)
		}
	}
}

// TestCharsetOfTwo holds that of two sets none is taken.
func TestCharsetOfTwo(t *testing.T) {
	for _, contentType := range []string{"text/csv; charset=latin1; charset=utf-8", "text/xml; x; charset=latin1; charset=utf-8"} {
		if c, err := (charset{}).of(contentType); err == nil || !strings.Contains(err.Error(), "names two character sets") {
			t.Errorf("%s: %s, %v", contentType, c, err)
		}
		if _, err := mustXML(t, Config{}).Decode([]byte("<a/>"), contentType); err == nil || !strings.Contains(err.Error(), "names two character sets") {
			t.Errorf("%s: %v", contentType, err)
		}
	}
}

func TestCharsetReader(t *testing.T) {
	for _, test := range []struct{ name, set, in, want, err string }{
		{"latin", "ISO-8859-1", strings.Repeat("\xe4", 10000), strings.Repeat("ä", 10000), ""},
		{"two bytes", "Shift_JIS", strings.Repeat("\x93\xfa", 10000), strings.Repeat("日", 10000), ""},
		{"half of two bytes", "Shift_JIS", "x\x93", "x", "the body isn't Shift_JIS"},
		{"bytes that are nothing", "US-ASCII", "abc\xe4def", "abc", "the body isn't US-ASCII"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c, err := lookupCharset(test.set)
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(c.reader(iotest.OneByteReader(strings.NewReader(test.in))))
			if string(got) != test.want {
				t.Errorf("got %d bytes, want %d", len(got), len(test.want))
			}
			if (err == nil) != (test.err == "") || err != nil && !strings.HasPrefix(err.Error(), test.err) {
				t.Errorf("got %v, want %q", err, test.err)
			}
		})
	}
}
