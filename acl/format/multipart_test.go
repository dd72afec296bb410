package format

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	mimemultipart "mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestMultipartIsReadByOthers posts what is written to a server that reads forms as Go does.
func TestMultipartIsReadByOthers(t *testing.T) {
	got := map[string][]string{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseMultipartForm(1 << 20); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		for name, values := range r.MultipartForm.Value {
			got[name] = values
		}
		for name, files := range r.MultipartForm.File {
			for _, h := range files {
				f, err := h.Open()
				if err != nil {
					t.Error(err)
					return
				}
				content, _ := io.ReadAll(f)
				got[name] = append(got[name], h.Filename, h.Header.Get("Content-Type"), string(content))
			}
		}
	}))
	defer server.Close()
	f := mustNew(t, Config{Name: Multipart})
	body, err := f.Append(nil, value(t, `{"a \"q\" \\ ü":["1",2,true],"empty":"","f":{"filename":"ä \"b\".bin","content_type":"application/x-y","content":"AP8NCi0t","encoding":"base64"}}`))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Post(server.URL, ContentTypeOf(f, body), bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if text, _ := io.ReadAll(resp.Body); resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s", resp.Status, text)
	}
	want := map[string][]string{
		`a "q" \ ü`: {"1", "2", "true"}, "empty": {""}, "f": {`ä "b".bin`, "application/x-y", "\x00\xff\r\n--"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestMultipartOfOthers reads what Go writes.
func TestMultipartOfOthers(t *testing.T) {
	var b bytes.Buffer
	w := mimemultipart.NewWriter(&b)
	w.WriteField("name", "Jürgen")
	w.WriteField("line", "--"+w.Boundary()+"x\r\n--\r\n")
	file, _ := w.CreateFormFile("file", "a.bin")
	file.Write([]byte("\x00\x01"))
	part, _ := w.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {`form-data; name=q; filename="grün.txt"`},
		"Content-Type":        {"text/plain"}, "X-Other": {"y"}, "Content-Transfer-Encoding": {"Quoted-Printable"},
	})
	part.Write([]byte("=41=\r\nB"))
	part, _ = w.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {`form-data; name="old"`}, "Content-Type": {"text/plain; charset=windows-1252"}, "Content-Transfer-Encoding": {"base64"},
	})
	part.Write([]byte("gA==\r\n"))
	w.Close()
	boundary := w.Boundary()
	got := decodeTo(t, mustNew(t, Config{Name: Multipart}), "preamble\r\n"+b.String()+"epilogue", w.FormDataContentType())
	want := `{"name":"Jürgen","line":"--` + boundary + `x\r\n--\r\n","file":{"filename":"a.bin","content_type":"application/octet-stream","content":"AAE=","encoding":"base64"},` +
		`"q":{"filename":"grün.txt","content_type":"text/plain","content":"AB"},"old":"€"}`
	if got != want {
		t.Errorf("(-want +got)\n%s", cmp.Diff(want, got))
	}
}

// TestMultipartTextOfItsOwnSet holds that a text whose content type names a character set is written
// in that, since it is what a text is read in.
func TestMultipartTextOfItsOwnSet(t *testing.T) {
	for _, test := range []struct{ name, charset, part, body, again string }{
		{"latin1 in UTF-8", "", `{"content_type":"text/plain; charset=ISO-8859-1","content":"ü"}`, "\r\n\r\n\xfc\r\n", `"ü"`},
		{"UTF-8 in latin1", "ISO-8859-1", `{"content_type":"text/plain; charset=UTF-8","content":"€"}`, "\r\n\r\n€\r\n", `"€"`},
		{"the form's", "windows-1252", `{"content_type":"text/plain","content":"€"}`, "\r\n\r\n\x80\r\n", `"€"`},
		{"a file", "windows-1252", `{"filename":"a","content_type":"text/plain","content":"€"}`, "\r\n\r\n€\r\n", `{"filename":"a","content_type":"text/plain","content":"€"}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := mustNew(t, Config{Name: Multipart, Charset: test.charset})
			body, err := f.Append(nil, value(t, `{"a":`+test.part+`}`))
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Contains(body, []byte(test.body)) {
				t.Errorf("%q isn't in %q", test.body, body)
			}
			if got, want := decodeTo(t, f, string(body), ContentTypeOf(f, body)), `{"a":`+test.again+`}`; got != want {
				t.Errorf("(-want +got)\n%s", cmp.Diff(want, got))
			}
		})
	}
	for part, want := range map[string]string{
		`{"content_type":"text/plain; charset=ISO-8859-1","content":"€"}`: "at /a/content: ISO-8859-1 has no character '€' (U+20AC)",
		`{"content_type":"text/plain; charset=klingon","content":"a"}`:    `at /a/content_type: the character set "klingon" isn't known; use an IANA name such as ISO-8859-1 or windows-1252`,
	} {
		if _, err := mustNew(t, Config{Name: Multipart}).Append(nil, value(t, `{"a":`+part+`}`)); err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}

func TestFreeBoundary(t *testing.T) {
	sum := sha256.Sum256([]byte("x"))
	taken := hex.EncodeToString(sum[:boundaryLength/2])
	free := freeBoundary(sum, []byte("a body with "+taken))
	if free == taken || len(free) != boundaryLength || strings.Contains(taken, free) {
		t.Errorf("%s is taken, and %s free", taken, free)
	}
	if got := freeBoundary(sum, []byte("a body")); got != taken {
		t.Errorf("got %s, want %s", got, taken)
	}
}
