package format

import (
	"bytes"
	"io"

	"golang.org/x/text/transform"

	"github.com/strangler-fig/toolkit/acl/document"
)

// reader returns r in UTF-8, as far as the set isn't that anyway: of UTF-8 nothing is checked
// here, since whoever reads a record looks at it whole.
func (c charset) reader(r io.Reader) io.Reader {
	if c.enc == nil {
		return r
	}
	return transform.NewReader(r, strictDecoder{c, c.enc.NewDecoder().Transformer})
}

// strictDecoder ends with an error where the decoder puts U+FFFD for what is wrong.
type strictDecoder struct {
	charset charset
	transform.Transformer
}

func (s strictDecoder) Transform(dst, src []byte, atEOF bool) (nDst, nSrc int, err error) {
	nDst, nSrc, err = s.Transformer.Transform(dst, src, atEOF)
	if at := bytes.Index(dst[:nDst], []byte("\uFFFD")); at >= 0 {
		return at, nSrc, &document.Error{Err: s.charset.broken(errReplacement)}
	}
	if err != nil && err != transform.ErrShortDst && err != transform.ErrShortSrc {
		err = &document.Error{Err: s.charset.broken(err)}
	}
	return nDst, nSrc, err
}
