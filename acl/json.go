package acl

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// MaxBody is the largest body, in bytes, that JSON translates; a larger one is an *Error.
const MaxBody = 1 << 20

// JSON returns a Translator of JSON bodies: of requests with toService, of answers with
// toLegacy; a nil function leaves its direction unchanged.
//
// Only what says that it is JSON and isn't empty is translated, and of answers only those with
// a status of 200 to 299; everything else passes as it is. So that there is something to read,
// the service is asked for no content coding. Members that a type doesn't know are dropped,
// names are matched exactly, and duplicate names and invalid UTF-8 are errors (RFC 7493).
func JSON[Legacy, Service any](toService func(Legacy) (Service, error), toLegacy func(Service) (Legacy, error)) Translator {
	return jsonTranslator[Legacy, Service]{toService, toLegacy}
}

type jsonTranslator[Legacy, Service any] struct {
	toService func(Legacy) (Service, error)
	toLegacy  func(Service) (Legacy, error)
}

func (t jsonTranslator[Legacy, Service]) ToService(req *http.Request) (*http.Request, error) {
	if t.toLegacy != nil {
		req.Header.Del("Accept-Encoding")
	}
	if t.toService == nil || req.Body == nil || req.Body == http.NoBody || !isJSON(req.Header) {
		return req, nil
	}
	text, err := translate(ToService, req.Body, req.Header, t.toService)
	if err != nil {
		return nil, blame(err)
	}
	req.Body = io.NopCloser(bytes.NewReader(text))
	if len(text) == 0 {
		return req, nil // announced as it was
	}
	if req.GetBody != nil { // whoever could send the body again still can, and nobody else
		req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil }
	}
	req.ContentLength = int64(len(text))
	req.TransferEncoding = nil
	if req.Header.Get("Content-Length") != "" {
		req.Header.Set("Content-Length", strconv.Itoa(len(text)))
	}
	return req, nil
}

func (t jsonTranslator[Legacy, Service]) ToLegacy(client *http.Request, resp *http.Response) error {
	if t.toLegacy == nil || resp.StatusCode < 200 || resp.StatusCode > 299 || !isJSON(resp.Header) {
		return nil
	}
	if client.Method == http.MethodHead {
		// The length that is announced is that of a body which nobody has translated.
		resp.Header.Del("Content-Length")
		resp.ContentLength = -1
		return nil
	}
	if resp.StatusCode == http.StatusPartialContent {
		return fmt.Errorf("a part of a JSON body can't be translated")
	}
	text, err := translate(ToLegacy, resp.Body, resp.Header, t.toLegacy)
	if err != nil {
		var told *Error
		if errors.As(err, &told) {
			told.Answered = resp.StatusCode
		}
		return err
	}
	resp.Body = io.NopCloser(bytes.NewReader(text))
	resp.ContentLength = int64(len(text))
	resp.TransferEncoding = nil
	if resp.StatusCode != http.StatusNoContent {
		resp.Header.Set("Content-Length", strconv.Itoa(len(text)))
	}
	return nil
}

// translate reads body as From and returns it as JSON of To; where there is nothing in it, or
// nothing but space, it is returned as it is. It closes body.
func translate[From, To any](way Direction, body io.ReadCloser, h http.Header, convert func(From) (To, error)) ([]byte, error) {
	defer body.Close()
	if coding := h.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		return nil, fmt.Errorf("the body is %s-coded; only plain JSON can be translated", coding)
	}
	text, err := io.ReadAll(io.LimitReader(body, MaxBody+1))
	if err != nil {
		return nil, err
	}
	if len(text) > MaxBody {
		return nil, fmt.Errorf("%w, which has %d bytes", errTooLarge, MaxBody)
	}
	if len(bytes.TrimSpace(text)) == 0 {
		return text, nil
	}
	var from From
	var to To
	if err = json.Unmarshal(text, &from); err == nil {
		to, err = convert(from)
	}
	var out []byte
	if err == nil {
		out, err = json.Marshal(to, json.Deterministic(true))
	}
	if err != nil {
		e := wrap(way, err)
		e.Evidence(text, int64(len(text)), h.Get("Content-Type"))
		return nil, e
	}
	return out, nil
}

var errTooLarge = fmt.Errorf("the body is larger than %d bytes", MaxBody)

// blame says of an error of a request whether the client alone made it.
func blame(err error) error {
	e := wrap(ToService, err)
	var syntactic *jsontext.SyntacticError
	switch {
	case e.Status != 0:
	case errors.Is(err, errTooLarge):
		e.Status = http.StatusRequestEntityTooLarge
	case errors.As(err, &syntactic):
		e.Status = http.StatusBadRequest
	}
	return e
}

// isJSON reports whether a message says that its body is JSON: application/json, text/json or
// a type with the +json suffix (RFC 6839).
func isJSON(h http.Header) bool {
	media, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		return false
	}
	return media == "application/json" || media == "text/json" || strings.HasSuffix(media, "+json")
}
