package exchange

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/strangler-fig/toolkit/acl/body"
	"github.com/strangler-fig/toolkit/acl/document"
)

// ask translates a request.
func (x *Exchange) ask(req *http.Request, way body.Direction) (*http.Request, error) {
	m := message{way: way}
	found := evidence{size: req.ContentLength, contentType: req.Header.Get("Content-Type")}
	out, err := x.asked(req, m, &found)
	if err != nil {
		return nil, found.add(m.fail(err))
	}
	return out, nil
}

func (x *Exchange) asked(req *http.Request, m message, found *evidence) (*http.Request, error) {
	method, err := x.writtenMethod(req.Method, m.way)
	if err != nil {
		return nil, err
	}
	arrived, err := x.pair.arrive(req.Context(), m.way, req.URL)
	if err != nil {
		return nil, err
	}
	if err := x.askBody(req, m, method, arrived, found); err != nil {
		return nil, err
	}
	if err := x.pair.depart(m.way, arrived, req.URL); err != nil {
		return nil, err
	}
	req.Method = method
	if x.answer != nil || len(x.status) > 0 {
		x.prefer(req.Header, m.way)
	}
	for _, h := range x.headers {
		h.apply(req.Header, m.way, false)
	}
	return req, nil
}

// writtenMethod is the method of the request that is sent for one with that method.
func (x *Exchange) writtenMethod(method string, way body.Direction) (string, error) {
	read, written := x.method.Legacy, x.method.Service
	if way == body.ToLegacy {
		read, written = written, read
	}
	switch {
	case read == "":
		return method, nil
	case method == read:
		return written, nil
	case method == http.MethodOptions, method == http.MethodTrace:
		return method, nil
	case method == http.MethodHead && read == http.MethodGet:
		if written == http.MethodGet {
			return method, nil
		}
		return written, nil // whose answer loses its body
	}
	return "", &misfit{fmt.Sprintf("its method is %s, and what is translated is %s", method, read)}
}

// bodiless reports a method whose requests have no body that means anything (RFC 9110, section 9.3).
func bodiless(method string) bool {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodDelete, http.MethodOptions, http.MethodTrace:
		return true
	}
	return false
}

// askBody translates the body of a request that is sent with that method, and takes from it what
// its path needs.
func (x *Exchange) askBody(req *http.Request, m message, method string, a *arrival, found *evidence) error {
	plan := x.pair.passage(m.way)
	// A GET that has a body all the same, and stays a GET, keeps it, translated.
	drops := bodiless(method) && req.Method != method
	t := x.request
	has := req.Body != nil && req.Body != http.NoBody
	if has && req.ContentLength == 0 && (t != nil || drops) {
		var err error
		if has, err = begun(req); err != nil {
			return err
		}
	}
	// What a request with a body is announced as it is, though there is nothing in it.
	announced := t != nil && !bodiless(req.Method) && !bodiless(method) && req.Header.Get("Content-Type") != "" &&
		checkMedia(t, m.way, req.Header) == nil
	switch {
	case !has && method == req.Method && len(plan.fromBody) == 0 && (bodiless(method) || t == nil):
		return nil // and says nothing of one: whoever made it knows whether it may be sent again
	case method == http.MethodOptions || method == http.MethodTrace, t == nil && !drops:
		return nil
	case !has && drops && (t == nil || len(plan.fromBody) == 0):
		dropBody(req)
		return nil
	case !has && t.Streams(m.way) && !announced:
		return nil
	case !has && !announced && !bodiless(req.Method) && len(plan.intoBody) == 0 && len(plan.fromBody) == 0:
		return nil // as empty as it was
	}
	var in []byte
	if has {
		var b io.ReadCloser
		var err error
		if t == nil {
			b = req.Body
		} else if b, err = x.askPlain(req, m); err != nil {
			return err
		}
		if t != nil && t.Streams(m.way) && !drops {
			return x.askList(req, m, b, announced, found)
		}
		var whole bool
		if in, whole, err = held(b, x.buffer); err != nil {
			return err
		}
		b.Close()
		found.keep(in)
		if !whole {
			return &tooLarge{x.buffer}
		}
		found.size = int64(len(in))
		if len(bytes.TrimSpace(in)) == 0 && len(plan.fromBody) == 0 && len(plan.intoBody) == 0 && !drops && !announced {
			x.sendAsItWas(req, in)
			return nil
		}
	} else if announced {
		req.Header.Del("Content-Encoding") // of nothing
		if t.Streams(m.way) {
			return x.askList(req, m, http.NoBody, announced, found)
		}
	}
	if drops && (t == nil || t.Streams(m.way)) {
		if err := x.askNothing(req, m, method, in); err != nil {
			return err
		}
		dropBody(req)
		return nil
	}
	doc := new(document.Document)
	var err error
	switch contentType := req.Header.Get("Content-Type"); {
	case len(bytes.TrimSpace(in)) > 0:
		doc, err = t.Decode(m.way, in, contentType)
	case announced:
		doc, err = nothing(t, m.way, contentType)
	}
	if err != nil {
		return err
	}
	out, err := x.askDocument(req.Context(), m, doc, a)
	if err != nil {
		return err
	}
	switch {
	case drops:
		if place, over := x.untaken(m.way, out.Root()); over {
			return noPlace(method, place)
		}
		dropBody(req)
		return nil
	case !has && bodiless(method):
		return nil // none is made for a method that has none
	}
	text, err := t.Encode(m.way, nil, out.Root())
	if err != nil {
		return err
	}
	x.send(req, &content{whole: text}, m.way)
	return nil
}

// begun reports whether there is anything in a body whose length is 0, which is how requests made in a program say
// that it isn't known (http.Request.ContentLength).
func begun(req *http.Request) (bool, error) {
	b := req.Body
	first, _, err := held(b, 0)
	if err != nil || len(first) == 0 {
		return false, err // and the body, at its end, is left to whoever marked it as one that isn't sent again
	}
	req.Body, req.ContentLength = &struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(first), b), b}, -1
	return true, nil
}

// askList translates a request that is a list of records.
func (x *Exchange) askList(req *http.Request, m message, b io.ReadCloser, announced bool, found *evidence) error {
	first, _, err := held(b, 0)
	if err != nil {
		return err
	}
	if len(first) == 0 {
		switch {
		case announced:
			if _, err := nothing(x.request, m.way, req.Header.Get("Content-Type")); err != nil {
				return err
			}
		case !emptyIsList(x.request, m.way):
			x.sendAsItWas(req, nil)
			return nil
		}
	}
	c, err := x.stream(req.Context(), m, x.request, struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(first), b), b}, found)
	if err != nil {
		return err
	}
	x.send(req, c, m.way)
	return nil
}

// askPlain returns a request's body without its coding, if it is one that can be read.
func (x *Exchange) askPlain(req *http.Request, m message) (io.ReadCloser, error) {
	if err := checkMedia(x.request, m.way, req.Header); err != nil {
		return nil, err
	}
	return plain(req.Body, req.Header)
}

// askDocument translates a request's body, in which there may be nothing, with what the path has for it, and
// takes from it what the path needs.
func (x *Exchange) askDocument(ctx context.Context, m message, doc *document.Document, a *arrival) (*document.Document, error) {
	plan := x.pair.passage(m.way)
	var err error
	var g grafts
	for _, name := range plan.intoBody {
		if text, there := a.values[name]; there {
			if err := graft(&g, name, text); err != nil {
				return nil, err
			}
		}
	}
	if !g.empty() || !doc.Root().Exists() {
		if doc, err = g.onto(doc.Root()); err != nil {
			return nil, err
		}
	}
	out, err := x.request.Convert(ctx, m.way, doc.Root())
	if err != nil {
		return nil, err
	}
	for _, name := range plan.fromBody {
		text, there, err := scalarText(follow(name, out))
		if err == nil && !there && !x.pair.written(m.way).optional(name) {
			err = fmt.Errorf("there is nothing")
		}
		if err != nil {
			return nil, fmt.Errorf("%s of the translated body, which %s needs: %w", name, x.pair.written(m.way).text, err)
		}
		if there {
			a.values[name] = text
		}
	}
	return out, nil
}

// send gives a request its translated body.
func (x *Exchange) send(req *http.Request, c *content, way body.Direction) {
	again := c.stream == nil && (req.GetBody != nil || req.Body == nil || req.Body == http.NoBody)
	req.Body, req.GetBody, req.ContentLength, req.TransferEncoding = c.body(), nil, c.length(), nil
	if again { // whoever could send the body again still can, and nobody else
		req.GetBody = func() (io.ReadCloser, error) { return c.body(), nil }
	}
	if len(req.Trailer) > 0 {
		req.ContentLength = -1 // trailers need chunks
	}
	req.Header.Del("Expect") // the body has been asked for, and is here
	// Whoever sent an empty body may have said so by this name, which net/http doesn't look for.
	delete(req.Header, "content-length")
	c.announce(req.Header, x.request.ContentType(way, c.whole), false)
	headersOf(req.Header, x.request, way)
}

// sendAsItWas gives a request its body back, which has been read.
func (x *Exchange) sendAsItWas(req *http.Request, in []byte) {
	c := &content{whole: in}
	again := req.GetBody != nil
	req.Body, req.GetBody = c.body(), nil
	if req.ContentLength > 0 { // which is another where it was coded
		req.ContentLength = c.length()
		if _, said := req.Header["Content-Length"]; said {
			req.Header.Set("Content-Length", strconv.Itoa(len(in)))
		}
	}
	if again {
		req.GetBody = func() (io.ReadCloser, error) { return c.body(), nil }
	}
}

// dropBody takes a request's body off, with all that is said of it.
func dropBody(req *http.Request) {
	if req.Body != nil {
		req.Body.Close()
	}
	req.Body, req.GetBody, req.ContentLength, req.TransferEncoding, req.Trailer = nil, nil, 0, nil, nil
	for _, name := range []string{"Content-Type", "Content-Length", "Content-Encoding", "Content-Language", "Expect", "Trailer", "Soapaction"} {
		req.Header.Del(name)
	}
}

// prefer asks for an answer that can be read: in the format of who answers, and without a coding.
// Other types are asked for as well, behind it, since what is no translator's passes as it is.
func (x *Exchange) prefer(h http.Header, way body.Direction) {
	h.Del("Accept-Encoding")
	if len(h.Values("Accept")) == 0 || x.answer == nil {
		return
	}
	h.Set("Accept", x.answer.Read(way.Reverse()).ContentType()+", */*;q=0.1")
}
