package exchange

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/strangler-fig/toolkit/acl/body"
	"github.com/strangler-fig/toolkit/acl/document"
	"github.com/strangler-fig/toolkit/acl/format"
)

// tell translates an answer. client is the request as it was asked.
func (x *Exchange) tell(client *http.Request, resp *http.Response, way body.Direction) error {
	in := &incoming{message: message{way: way, answer: true}, resp: resp, limit: x.buffer}
	head := client.Method == http.MethodHead
	in.empty = noContent(resp.StatusCode) || head && (resp.Request == nil || resp.Request.Method == http.MethodHead)
	in.seen = evidence{size: resp.ContentLength, contentType: resp.Header.Get("Content-Type"), answered: resp.StatusCode}
	if err := x.told(client, in); err != nil {
		if in.read {
			in.seen.text = in.part
			if in.whole {
				in.seen.size = int64(len(in.part))
			}
		}
		return in.seen.add(in.fail(err))
	}
	if head && !in.empty { // it was asked with another method, which has one
		resp.Body.Close()
		resp.Body = http.NoBody
	}
	return nil
}

// noContent reports a status whose answers have no body (RFC 9110, section 6.4.1).
func noContent(status int) bool {
	return status < 200 || status == http.StatusNoContent || status == http.StatusNotModified
}

func (x *Exchange) told(client *http.Request, in *incoming) error {
	found, err := x.find(in)
	if err != nil {
		return err
	}
	was := in.resp.StatusCode
	a := answer{x: x, incoming: in, found: found, status: was}
	if found != nil {
		_, a.status = found.codes(in.way)
	}
	a.locate(client)
	if err := a.translate(client); err != nil {
		return err
	}
	if err := a.relocate(); err != nil {
		return err
	}
	if in.resp.StatusCode = a.status; a.status != was {
		in.resp.Status = fmt.Sprintf("%d %s", a.status, http.StatusText(a.status))
	}
	for _, h := range x.headers {
		h.apply(in.resp.Header, in.way, true)
	}
	x.translateCookies(in.resp.Header, in.way)
	return nil
}

// answer is an answer whose new status is known.
type answer struct {
	*incoming
	x      *Exchange
	found  *status        // nil: none
	status int            // that is written
	doc    document.Value // the translated body; missing: it isn't one document
}

// translate gives the answer the body that goes with its status.
func (a *answer) translate(client *http.Request) error {
	t := a.translator()
	_, faults := a.faults()
	switch {
	case a.resp.StatusCode == http.StatusPartialContent && a.x.answer != nil:
		return errors.New("it is a part of a body (206), which can't be translated by itself")
	case noContent(a.status):
		return a.none()
	case a.empty && (t == nil || client.Method == http.MethodHead):
		a.head(t)
		return nil
	case t != nil:
		return a.body(client, t)
	case a.found == nil && a.status >= http.StatusBadRequest:
		return a.failure()
	case a.found == nil:
		a.resp.Body = a.rest()
		return nil
	case a.way == body.ToService && a.status >= http.StatusBadRequest:
		return a.failure()
	case a.way == body.ToLegacy && a.status >= http.StatusBadRequest && faults != nil:
		return a.failure()
	case a.marked():
		return a.alone()
	}
	return a.none()
}

// translator returns what translates the body; nil: no translator does.
func (a *answer) translator() *body.Translator {
	service, legacy := a.status, a.resp.StatusCode
	if a.way == body.ToLegacy {
		service, legacy = legacy, service
	}
	return a.x.translatorFor(a.found, service, legacy)
}

// translatorFor returns what translates the body of answers with these statuses, of which found says what
// they become, or nil; nil: no translator does.
func (x *Exchange) translatorFor(found *status, service, legacy int) *body.Translator {
	switch {
	case found != nil && found.with != nil:
		return found.with
	case service < 300 && legacy < 300, service < 300 && legacy >= 400:
		return x.answer
	}
	return nil
}

// marked reports whether the answer gets members that mark it.
func (a *answer) marked() bool {
	return a.found != nil && a.way == body.ToLegacy && !a.found.over.empty()
}

// head keeps what an answer without a body says of the one that it doesn't have.
func (a *answer) head(t *body.Translator) {
	if t == nil || noContent(a.resp.StatusCode) {
		return
	}
	h := a.resp.Header
	if h.Get("Content-Type") != "" && checkMedia(t, a.way, h) == nil {
		h.Set("Content-Type", t.ContentType(a.way, nil))
	}
	h.Del("Content-Length") // of a body that nobody has translated
	h.Del("Content-Encoding")
	h.Del("Accept-Ranges")
	a.resp.ContentLength = -1
}

// body translates the body.
func (a *answer) body(client *http.Request, t *body.Translator) error {
	readable := !a.empty
	if readable {
		err := checkMedia(t, a.way, a.resp.Header)
		if err == nil {
			err = a.open()
		}
		if err != nil && (a.found == nil || a.found.with == nil || a.resp.StatusCode < 300) {
			return err
		}
		readable = err == nil
		if readable && t.Streams(a.way) {
			return a.stream(client, t)
		}
	}
	doc, err := a.readBody(t, readable)
	var fault *format.Fault
	if errors.As(err, &fault) { // some say 200 all the same
		return a.fault(fault)
	}
	if err != nil {
		return err
	}
	if doc == nil {
		if a.marked() {
			return a.alone()
		}
		a.resp.Body = a.rest()
		return nil
	}
	out, err := t.Convert(client.Context(), a.way, doc.Root())
	if err != nil {
		return err
	}
	if a.marked() {
		if out, err = a.found.over.onto(out.Root()); err != nil {
			return err
		}
	}
	return a.encode(t, out.Root())
}

// readBody reads the body, with what the Location says of it. One that is empty is an empty
// object where a Status says how that is translated; nil: it stays empty.
func (a *answer) readBody(t *body.Translator, readable bool) (*document.Document, error) {
	var text []byte
	var err error
	if readable {
		if text, err = a.all(); err != nil {
			return nil, err
		}
	}
	doc := new(document.Document)
	with := a.found != nil && a.found.with != nil
	switch {
	case readable && len(bytes.TrimSpace(text)) == 0 && a.announced():
		if doc, err = a.nothing(t); err != nil {
			return nil, err
		}
	case len(bytes.TrimSpace(text)) > 0:
		if doc, err = a.document(t); err != nil {
			return nil, err
		}
	case !with || t.Streams(a.way):
		return nil, nil
	}
	var g grafts
	if with && a.found.location.Legacy != nil && a.way == body.ToService {
		for _, name := range a.found.location.Legacy.names() {
			text, there := a.located[name]
			if !there || a.found.location.Service != nil && slices.Contains(a.found.location.Service.names(), name) {
				continue
			}
			if err := graft(&g, name, text); err != nil {
				return nil, err
			}
		}
	}
	if doc.Root().Exists() && g.empty() {
		return doc, nil
	}
	return g.onto(doc.Root())
}

// announced reports whether a body that is read has to be what it is announced as even if there is nothing in it.
func (a *answer) announced() bool {
	return a.resp.Header.Get("Content-Type") != "" && a.resp.StatusCode != http.StatusResetContent && a.resp.StatusCode < http.StatusMultipleChoices
}

// nothing is what the body is that has nothing in it.
func (a *answer) nothing(t *body.Translator) (*document.Document, error) {
	doc, err := nothing(t, a.way, a.resp.Header.Get("Content-Type"))
	if err != nil {
		return nil, fmt.Errorf("%w; one that is empty knowingly has no Content-Type, or the status 204", err)
	}
	return doc, nil
}

func (a *answer) encode(t *body.Translator, v document.Value) error {
	a.doc = v
	if a.redirects() {
		return a.none()
	}
	text, err := t.Encode(a.way, nil, v)
	if err != nil {
		return err
	}
	a.replace(&content{whole: text}, t.ContentType(a.way, text))
	return nil
}

// stream translates a list of records.
func (a *answer) stream(client *http.Request, t *body.Translator) error {
	b := a.rest()
	if len(a.part) == 0 { // an empty body may be no list
		first, _, err := held(b, 0)
		if err != nil {
			return err
		}
		if a.part = first; len(first) == 0 && a.announced() {
			if _, err := a.nothing(t); err != nil {
				return err
			}
		}
		if len(first) == 0 && !emptyIsList(t, a.way) {
			a.resp.Body = b
			return nil
		}
		b = a.rest()
	}
	c, err := a.x.stream(client.Context(), a.message, t, b, &a.incoming.seen)
	if err != nil {
		return err
	}
	a.replace(c, t.ContentType(a.way, c.whole))
	return nil
}

// alone makes a body of the members that mark it.
func (a *answer) alone() error {
	doc, err := a.found.over.onto(document.Value{})
	if err != nil {
		return err
	}
	return a.encode(a.x.answer, doc.Root())
}

// replace gives the answer another body.
func (a *answer) replace(c *content, contentType string) {
	if c.stream == nil {
		a.resp.Body.Close()
	}
	a.resp.Body, a.resp.ContentLength, a.resp.TransferEncoding, a.resp.Uncompressed = c.body(), c.length(), nil, false
	c.announce(a.resp.Header, contentType, true)
	a.resp.Header.Del("Accept-Ranges") // ranges of it aren't asked for
	a.resp.Header.Del("Content-Encoding")
}

// none takes the body off.
func (a *answer) none() error {
	if noContent(a.resp.StatusCode) {
		return nil // as it came
	}
	a.resp.Body.Close()
	a.resp.Body, a.resp.ContentLength, a.resp.TransferEncoding = http.NoBody, 0, nil
	for _, name := range []string{"Content-Type", "Content-Length", "Content-Encoding", "Accept-Ranges"} {
		a.resp.Header.Del(name)
	}
	if !noContent(a.status) {
		a.resp.Header.Set("Content-Length", "0")
	}
	return nil
}
