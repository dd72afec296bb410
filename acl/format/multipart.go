package format

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/strangler-fig/toolkit/acl/document"
)

// multipart is multipart/form-data (RFC 7578). It is an object in which names repeat. A part that
// is plain text is a text; one with a file name or of another type is an object of filename,
// content_type and content, and of encoding: base64 where content isn't a text but bytes.
type multipart struct {
	media
	charset charset
}

func newMultipart(c Config) (Format, error) {
	set, _ := lookupCharset(c.Charset) // New tells what is wrong with it
	if parameter(c.ContentType, "boundary") != "" {
		return nil, Problems{{"content_type", "the boundary is made anew for every body, and can't be given"}}
	}
	return &multipart{newMedia(c.ContentType, "multipart/form-data"), set}, nil
}

// The members of a part that is more than a text.
const (
	partFilename = "filename"
	partType     = "content_type"
	partContent  = "content"
	partEncoding = "encoding"
)

// boundaryLength is that of boundaries that are written: half of a SHA-256 in hexadecimal.
const boundaryLength = sha256.Size

// Append implements Format; see [ContentTypeOf] for how the body is announced. The boundary is
// made of the body, so that the same value always gives the same bytes.
func (f *multipart) Append(dst []byte, v document.Value) ([]byte, error) {
	start := len(dst)
	var boundaries []int // where one will stand
	open := func(begin string) {
		dst = append(append(dst, begin...), "--"...)
		boundaries = append(boundaries, len(dst))
		dst = append(dst, make([]byte, boundaryLength)...)
	}
	begin := ""
	err := eachPair(v, func(name []byte, value document.Value) (err error) {
		open(begin)
		begin = "\r\n"
		dst = append(dst, "\r\nContent-Disposition: form-data; name="...)
		if dst, err = f.appendQuoted(dst, name); err != nil {
			return fmt.Errorf("in the name: %w", err)
		}
		if value.Kind() == document.Object {
			dst, err = f.appendPart(dst, value)
			return err
		}
		text, err := plainText(value)
		if err != nil {
			return err
		}
		if f.charset.enc != nil {
			dst = append(append(dst, "\r\nContent-Type: text/plain; charset="...), f.charset.name...)
		}
		dst, err = f.charset.append(append(dst, "\r\n\r\n"...), text)
		return err
	})
	if err != nil {
		return dst[:start], err
	}
	open(begin)
	dst = append(dst, "--\r\n"...)
	boundary := freeBoundary(sha256.Sum256(dst[start:]), dst[start:])
	for _, at := range boundaries {
		copy(dst[at:], boundary)
	}
	return dst, nil
}

// freeBoundary returns a boundary that isn't in body: of sum, or of what sum's sum is.
func freeBoundary(sum [sha256.Size]byte, body []byte) string {
	for {
		if boundary := hex.EncodeToString(sum[:boundaryLength/2]); !bytes.Contains(body, []byte(boundary)) {
			return boundary
		}
		sum = sha256.Sum256(sum[:])
	}
}

// appendPart appends what stands behind the name of a part that is an object.
func (f *multipart) appendPart(dst []byte, v document.Value) ([]byte, error) {
	var filename, contentType, content, encoding document.Value
	for name, member := range v.Members() {
		var to *document.Value
		switch string(name) {
		case partFilename:
			to = &filename
		case partType:
			to = &contentType
		case partContent:
			to = &content
		case partEncoding:
			to = &encoding
		default:
			return dst, atName(name, errors.New("a part has nothing of this name; it has filename, content_type, content and encoding"))
		}
		if to.Exists() {
			return dst, atName(name, errors.New("it stands more than once"))
		}
		if _, err := plainText(member); err != nil {
			return dst, atName(name, err)
		}
		*to = member
	}
	if !content.Exists() || !filename.Exists() && !contentType.Exists() {
		return dst, errors.New("a part that is an object needs content, and filename or content_type")
	}
	var err error
	if filename.Exists() {
		if dst, err = f.appendQuoted(append(dst, "; filename="...), filename.Bytes()); err != nil {
			return dst, atName([]byte(partFilename), err)
		}
	}
	if contentType.Exists() {
		t := contentType.Text()
		if !visible(t) {
			return dst, atName([]byte(partType), fmt.Errorf("%q isn't a content type", t))
		}
		dst = append(append(dst, "\r\nContent-Type: "...), t...)
	}
	dst = append(dst, "\r\n\r\n"...)
	switch encoding.Text() {
	case "":
		var set charset
		if !filename.Exists() && mediaType(contentType.Text()) == "text/plain" { // which is read as a text
			if set, err = f.charset.of(contentType.Text()); err != nil {
				return dst, atName([]byte(partType), err)
			}
		}
		if dst, err = set.append(dst, content.Bytes()); err != nil {
			return dst, atName([]byte(partContent), err)
		}
		return dst, nil
	case "base64":
		if dst, err = base64.StdEncoding.AppendDecode(dst, content.Bytes()); err != nil {
			return dst, atName([]byte(partContent), fmt.Errorf("it isn't base64: %w", err))
		}
		return dst, nil
	}
	return dst, atName([]byte(partEncoding), fmt.Errorf("%q isn't known; it is base64, or left out where content is a text", encoding.Text()))
}

// visible reports whether s can be the value of a header field, without spaces at its ends.
func visible(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] >= 0x7F {
			return false
		}
	}
	return s != "" && strings.TrimSpace(s) == s
}

// appendQuoted appends s as a quoted string.
func (f *multipart) appendQuoted(dst, s []byte) ([]byte, error) {
	if i := bytes.IndexFunc(s, func(r rune) bool { return r < ' ' || r == 0x7F }); i >= 0 {
		return dst, fmt.Errorf("%s can't stand in a header field", character(s[i:]))
	}
	raw, err := f.charset.append(nil, s)
	if err != nil {
		return dst, err
	}
	dst = append(dst, '"')
	for _, c := range raw {
		if c == '"' || c == '\\' {
			dst = append(dst, '\\')
		}
		dst = append(dst, c)
	}
	return append(dst, '"'), nil
}

// ContentTypeOf implements Announcer.
func (f *multipart) ContentTypeOf(body []byte) string {
	line, _, _ := bytes.Cut(body, []byte("\r\n"))
	boundary := string(bytes.TrimSuffix(bytes.TrimPrefix(line, []byte("--")), []byte("--")))
	return f.written + "; boundary=" + boundary
}
