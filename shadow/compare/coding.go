package compare

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"

	"github.com/strangler-fig/toolkit/shadow"
)

// maxCodings is how many codings a body may have had applied, one upon another.
const maxCodings = 4

// codec undoes content codings. Its decoders are kept for reuse: each holds a window.
type codec struct {
	gzips, brotlis, zstds sync.Pool
}

// codings returns the content codings of a body in the order in which they were applied, lower
// case, joined by commas; empty where there are none (RFC 9110, section 8.4).
func codings(h http.Header) string {
	lines := h["Content-Encoding"]
	if len(lines) == 0 {
		return ""
	}
	var names []string
	for name := range strings.SplitSeq(strings.Join(lines, ","), ",") {
		switch name = strings.ToLower(strings.TrimSpace(name)); name {
		case "", "identity":
		case "x-gzip":
			names = append(names, "gzip")
		default:
			names = append(names, name)
		}
	}
	return strings.Join(names, ",")
}

// decode undoes the codings of a body. The error is a *shadow.SkipError if it grows beyond
// maxText. A body of no bytes has no coding: it is the answer to HEAD, or a 204.
func (c *codec) decode(body []byte, codings string) ([]byte, error) {
	if codings == "" || len(body) == 0 {
		return body, nil
	}
	names := strings.Split(codings, ",")
	if len(names) > maxCodings {
		return nil, fmt.Errorf("%d content codings; at most %d are undone", len(names), maxCodings)
	}
	for i := len(names) - 1; i >= 0; i-- {
		decoded, err := c.undo(body, names[i])
		if err != nil {
			return nil, err
		}
		body = decoded
	}
	return body, nil
}

func (c *codec) undo(body []byte, coding string) ([]byte, error) {
	r := bytes.NewReader(body)
	switch coding {
	case "gzip":
		z, _ := c.gzips.Get().(*gzip.Reader)
		if z == nil {
			z = new(gzip.Reader)
		}
		defer c.gzips.Put(z)
		if err := z.Reset(r); err != nil {
			return nil, err
		}
		return readAll(z, len(body))
	case "br":
		z, _ := c.brotlis.Get().(*brotli.Reader)
		if z == nil {
			z = brotli.NewReader(nil)
		}
		defer c.brotlis.Put(z)
		if err := z.Reset(r); err != nil {
			return nil, err
		}
		return readAll(z, len(body))
	case "zstd":
		z, _ := c.zstds.Get().(*zstd.Decoder)
		if z == nil {
			// RFC 9659: as a content coding its window is at most 8 MiB.
			fresh, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
				zstd.WithDecoderMaxWindow(8<<20))
			if err != nil {
				return nil, err
			}
			z = fresh
		}
		defer c.zstds.Put(z)
		if err := z.Reset(r); err != nil {
			return nil, err
		}
		return readAll(z, len(body))
	case "deflate":
		return inflate(body)
	}
	return nil, errors.New("unknown content coding")
}

// inflate reads what RFC 9110 calls deflate, the zlib format, and what some servers send under
// that name, the format without zlib's header (section 8.4.1.2, note).
func inflate(body []byte) ([]byte, error) {
	if z, err := zlib.NewReader(bytes.NewReader(body)); err == nil {
		return readAll(z, len(body))
	}
	return readAll(flate.NewReader(bytes.NewReader(body)), len(body))
}

// readAll reads all of a decoder's output, up to maxText.
func readAll(r io.Reader, hint int) ([]byte, error) {
	buf := bytes.NewBuffer(make([]byte, 0, min(4*hint+512, 1<<20)))
	n, err := buf.ReadFrom(io.LimitReader(r, maxText+1))
	switch {
	case n > maxText:
		return nil, tooComplex("a body of over %d bytes when decoded", maxText)
	case err != nil:
		return nil, err
	}
	return buf.Bytes(), nil
}

// describeCoding says in a JSON string how a body is coded, and why it can't be decoded.
func describeCoding(body []byte, codings string, err error) json.RawMessage {
	if codings == "" {
		codings = "no coding"
	}
	s := fmt.Sprintf("%.100s, %d bytes", codings, len(body))
	if err != nil {
		s += fmt.Sprintf(": can't be decoded: %v", err)
	}
	return quote(s)
}

// Decoded returns an answer's body with its content codings undone, for somebody to read. The
// error says why that can't be done.
func Decoded(a *shadow.Answer) ([]byte, error) {
	return new(codec).decode(a.Body, codings(a.Header))
}
