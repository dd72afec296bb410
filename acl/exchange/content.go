package exchange

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/strangler-fig/toolkit/acl/body"
	"github.com/strangler-fig/toolkit/acl/document"
)

// tooLarge says that a body isn't held.
type tooLarge struct{ limit int64 }

// Error implements error.
func (t *tooLarge) Error() string {
	return t.told() + ", and it isn't a list of records on both sides, so that it would have to be held whole; the option buffer of translate allows for more"
}

// told is what a client is told of it.
func (t *tooLarge) told() string { return fmt.Sprintf("the body is larger than %d bytes", t.limit) }

// otherMedia says that a body is of another media type or coding than the translator's.
type otherMedia struct{ why string }

// Error implements error.
func (o *otherMedia) Error() string { return o.why }

// checkMedia reports a body that isn't announced as one of the format.
func checkMedia(t *body.Translator, way body.Direction, h http.Header) error {
	if got := h.Get("Content-Type"); !t.Accepts(way, got) {
		return &otherMedia{fmt.Sprintf("the body is %s, and the translator reads %s", got, t.Read(way).ContentType())}
	}
	return nil
}

// plain returns a body without its content coding, which it takes off the header. Closing it
// closes the body.
func plain(b io.ReadCloser, h http.Header) (io.ReadCloser, error) {
	coding := strings.ToLower(strings.TrimSpace(strings.Join(h.Values("Content-Encoding"), ", ")))
	switch coding {
	case "", "identity":
	case "gzip", "x-gzip":
		b = &unzipped{body: b}
	default:
		return nil, &otherMedia{fmt.Sprintf("the body is coded with %s; only gzip, or none, can be read", coding)}
	}
	h.Del("Content-Encoding")
	return b, nil
}

// unzipped is a body whose coding gzip is read while it is.
type unzipped struct {
	body   io.ReadCloser
	reader *gzip.Reader
	ended  bool // the coded body, as whoever sent it ended it
}

// Read implements io.Reader.
func (u *unzipped) Read(p []byte) (int, error) {
	if u.reader == nil {
		r, err := gzip.NewReader((*coded)(u))
		if err != nil {
			return 0, u.miscoded(err)
		}
		u.reader = r
	}
	n, err := u.reader.Read(p)
	return n, u.miscoded(err)
}

// Close implements io.Closer.
func (u *unzipped) Close() error { return u.body.Close() }

// coded is the body of an unzipped as it is sent.
type coded unzipped

// Read implements io.Reader.
func (c *coded) Read(p []byte) (int, error) {
	n, err := c.body.Read(p)
	c.ended = c.ended || err == io.EOF
	return n, err
}

// miscoded marks what is wrong with the coding and not with the connection.
func (u *unzipped) miscoded(err error) error {
	var corrupt flate.CorruptInputError
	switch {
	case err == io.ErrUnexpectedEOF && u.ended: // a body that broke off says so itself
		return &body.Malformed{Err: errors.New("its coding gzip can't be read: it ends too early")}
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum), errors.As(err, &corrupt):
		return &body.Malformed{Err: fmt.Errorf("its coding gzip can't be read: %w", err)}
	}
	return err
}

// held reads at most limit bytes. whole says that this was all.
func held(b io.Reader, limit int64) (part []byte, whole bool, err error) {
	part, err = io.ReadAll(io.LimitReader(b, limit+1))
	return part, int64(len(part)) <= limit, err
}

// emptyIsList reports whether a body without a byte in it is one that is translated: a list of no
// records.
func emptyIsList(t *body.Translator, way body.Direction) bool {
	if !t.Streams(way) {
		return false
	}
	_, err := t.Decode(way, nil, "")
	return err == nil
}

// nothing returns what a body with nothing in it is that is announced as one of the translator's format: a form
// without fields, a list of no records. Other formats always have something: of these it is what became of one
// that went wrong.
func nothing(t *body.Translator, way body.Direction, contentType string) (*document.Document, error) {
	doc, err := t.Decode(way, nil, contentType)
	if err != nil {
		return nil, &body.Malformed{Err: fmt.Errorf("it is empty, though it is announced as %s", contentType)}
	}
	return doc, nil
}

// content is a body that is ready to be sent.
type content struct {
	whole  []byte
	stream io.ReadCloser // nil: whole is all; otherwise whole stands in front
}

// length is the number of bytes; -1 where it isn't known.
func (c *content) length() int64 {
	if c.stream != nil {
		return -1
	}
	return int64(len(c.whole))
}

func (c *content) body() io.ReadCloser {
	if c.stream == nil {
		return io.NopCloser(bytes.NewReader(c.whole))
	}
	return &struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(c.whole), c.stream), c.stream}
}

// announce sets what a header says of a body.
func (c *content) announce(h http.Header, contentType string, always bool) {
	h.Set("Content-Type", contentType)
	_, said := h["Content-Length"]
	h.Del("Content-Length")
	if c.stream == nil && (said || always) {
		h.Set("Content-Length", strconv.Itoa(len(c.whole)))
	}
}

// stream translates a list of records: of one that is no longer than the buffer all at once, otherwise the
// beginning, and the rest while it is read. It adds what it reads to the evidence.
func (x *Exchange) stream(ctx context.Context, m message, t *body.Translator, b io.ReadCloser, found *evidence) (*content, error) {
	s := &streamed{body: b, message: m, found: found}
	read := &counted{Reader: io.TeeReader(b, found), left: x.buffer}
	s.records = t.Stream(ctx, m.way, read, found.contentType)
	first, whole, err := x.begin(s, read)
	if err != nil {
		s.Close()
		return nil, err
	}
	if whole {
		s.Close()
		return &content{whole: first}, nil
	}
	return &content{whole: first, stream: s}, nil
}

// maxGrowth is how many times Config.Buffer is held of a translation at most: of a long list of short
// records with long defaults.
const maxGrowth = 10

// begin reads a translation until more than the buffer of what it is made of was read. What counts is not how
// long it becomes: a mistake at the end of a short list is one of the whole though its names have grown.
func (x *Exchange) begin(translation io.Reader, read *counted) (first []byte, whole bool, err error) {
	most := int(min(x.buffer, math.MaxInt/maxGrowth) * maxGrowth)
	for !read.over && len(first) < most {
		first = slices.Grow(first, min(bytes.MinRead, most-len(first)))
		n, err := translation.Read(first[len(first):min(cap(first), most)])
		first = first[:len(first)+n]
		if err == io.EOF {
			return first, true, nil
		}
		if err != nil {
			return nil, false, err
		}
	}
	return first, false, nil
}

// counted is a body of which it is known whether more than a number of bytes was read. These it gives by
// themselves, so that whatever is in them is translated before what comes behind is asked for.
type counted struct {
	io.Reader
	left int64
	over bool
}

// Read implements io.Reader.
func (c *counted) Read(p []byte) (int, error) {
	if c.left > 0 && int64(len(p)) > c.left {
		p = p[:c.left]
	}
	n, err := c.Reader.Read(p)
	c.over = c.over || n > 0 && c.left == 0
	c.left -= min(int64(n), c.left)
	return n, err
}

// streamed is a list of records that is translated while it is read.
type streamed struct {
	records io.ReadCloser
	body    io.ReadCloser
	message message
	found   *evidence
}

// Read implements io.Reader.
func (s *streamed) Read(p []byte) (int, error) {
	n, err := s.records.Read(p)
	var at *document.Error
	var malformed *body.Malformed
	if errors.As(err, &at) || errors.As(err, &malformed) {
		err = s.found.add(s.message.fail(err))
	}
	return n, err
}

// Close implements io.Closer.
func (s *streamed) Close() error {
	s.records.Close()
	return s.body.Close()
}
