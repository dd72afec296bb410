package exchange

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"slices"

	"github.com/strangler-fig/toolkit/acl/body"
	"github.com/strangler-fig/toolkit/acl/document"
	"github.com/strangler-fig/toolkit/acl/format"
)

// incoming is an answer that is being translated. Its body is read as far as somebody asks.
type incoming struct {
	message
	resp  *http.Response
	limit int64
	empty bool // by its status or its request's method, whatever its header says

	part  []byte // what was read, if looked
	whole bool
	read  bool
	plain io.ReadCloser // the body without its coding
	with  map[*body.Translator]*document.Document

	seen    evidence
	located values // what its Location says, where a Status has a template for that
}

// open takes the coding off.
func (in *incoming) open() error {
	if in.plain != nil {
		return nil
	}
	b, err := plain(in.resp.Body, in.resp.Header)
	if err != nil {
		return err
	}
	if in.plain = b; b != in.resp.Body { // it has another length than it was sent with
		in.resp.ContentLength = -1
		in.resp.Header.Del("Content-Length")
	}
	return nil
}

// look reads the body, up to the limit.
func (in *incoming) look() error {
	if in.read || in.empty {
		in.read, in.whole = true, in.whole || in.empty
		return nil
	}
	if err := in.open(); err != nil {
		return err
	}
	var err error
	in.part, in.whole, err = held(io.MultiReader(bytes.NewReader(in.part), in.plain), in.limit)
	in.read = true
	return err
}

// all returns the whole body. It has to fit.
func (in *incoming) all() ([]byte, error) {
	if err := in.look(); err != nil {
		return nil, err
	}
	if !in.whole {
		return nil, &tooLarge{in.limit}
	}
	return in.part, nil
}

// rest is the body as it was, of which some may have been read.
func (in *incoming) rest() io.ReadCloser {
	b := in.plain
	if b == nil {
		b = in.resp.Body
	}
	if len(in.part) == 0 {
		return b
	}
	return struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(in.part), b), b}
}

// document reads the body in a translator's format.
func (in *incoming) document(t *body.Translator) (*document.Document, error) {
	if doc, known := in.with[t]; known {
		return doc, nil
	}
	text, err := in.all()
	if err != nil {
		return nil, err
	}
	doc, err := t.Decode(in.way, slices.Clone(text), in.resp.Header.Get("Content-Type"))
	if err != nil {
		return nil, err
	}
	if in.with == nil {
		in.with = map[*body.Translator]*document.Document{}
	}
	in.with[t] = doc
	return doc, nil
}

// holds reports whether the body has all of these values. One that can't be read in that format,
// or is too large for it, has none of them: what it is, the translator of such a body says.
func (in *incoming) holds(t *body.Translator, when []condition) (bool, error) {
	if in.empty || checkMedia(t, in.way, in.resp.Header) != nil {
		return false, nil
	}
	if in.open() != nil {
		return false, nil
	}
	if err := in.look(); err != nil {
		return false, err
	}
	if !in.whole {
		return false, nil
	}
	doc, err := in.document(t)
	var fault *format.Fault
	if errors.As(err, &fault) {
		doc, err = faultDocument(fault)
	}
	if err != nil {
		return false, nil
	}
	for _, c := range when {
		if !is(c.path.Follow(doc.Root()), c.is) {
			return false, nil
		}
	}
	return true, nil
}
