package format

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"golang.org/x/text/encoding"
	"golang.org/x/text/transform"

	"github.com/strangler-fig/toolkit/acl/document"
)

// reader returns r in UTF-8, as far as the set isn't that anyway: of UTF-8 nothing is checked
// here, since whoever reads a record looks at it whole.
func (c charset) reader(r io.Reader) io.Reader {
	if c.enc == nil {
		return r
	}
	return &setReader{charset: c, in: bufio.NewReader(r)}
}

// setReader is a body of which only its beginning says which set it is in; see charset.marked.
type setReader struct {
	charset charset
	in      *bufio.Reader
	text    io.Reader // in UTF-8; nil: not begun
}

// Read implements io.Reader.
func (s *setReader) Read(p []byte) (int, error) {
	if s.text == nil {
		begin, _ := s.in.Peek(len(utf8BOM)) // an error comes again
		c := s.charset.marked(begin)
		decoder := transform.Transformer(encoding.UTF8Validator)
		if c.enc != nil {
			decoder = c.enc.NewDecoder().Transformer
		}
		s.text = transform.NewReader(s.in, strictDecoder{c, decoder})
	}
	return s.text.Read(p)
}

// strictDecoder ends with an error where the decoder puts U+FFFD for what is wrong.
type strictDecoder struct {
	charset charset
	transform.Transformer
}

func (s strictDecoder) Transform(dst, src []byte, atEOF bool) (nDst, nSrc int, err error) {
	nDst, nSrc, err = s.Transformer.Transform(dst, src, atEOF)
	if at := bytes.Index(dst[:nDst], []byte("\uFFFD")); at >= 0 && s.charset.enc != nil {
		return at, nSrc, &document.Error{Err: s.charset.broken(errReplacement)}
	}
	if errors.Is(err, encoding.ErrInvalidUTF8) {
		err = errReplacement
	}
	if err != nil && err != transform.ErrShortDst && err != transform.ErrShortSrc {
		err = &document.Error{Err: s.charset.broken(err)}
	}
	return nDst, nSrc, err
}
