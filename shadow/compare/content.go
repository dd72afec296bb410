package compare

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"

	"github.com/strangler-fig/toolkit/shadow"
)

// document is a body without its content codings, and what its head says of it.
type document struct {
	body   []byte
	media  string // lower case and without parameters
	header http.Header
}

func newDocument(body []byte, h http.Header) document { return document{body, mediaType(h), h} }

// content compares two bodies that are not the same bytes: as JSON if either says it is and both
// are, else as legacy's media type has it, or the service's where legacy has none.
func (c *Comparer) content(legacy, service document) ([]shadow.Difference, error) {
	if len(legacy.body) == 0 || len(service.body) == 0 {
		return c.unstructured(legacy, service, [2]error{}), nil
	}
	f, other := formOf(legacy.media), formOf(service.media)
	var problems [2]error // why the sides aren't what they say they are
	if says := f == formJSON || other == formJSON; says || legacy.media+service.media == "" {
		diffs, isnt, err := c.both(formJSON, legacy, service)
		if err != nil || isnt == [2]error{} {
			return diffs, err
		}
		if says {
			problems = named(formJSON.String(), isnt)
		}
	}
	if legacy.media == "" {
		f = other
	}
	if f.isText() {
		undecodable, err := texts(&legacy, &service)
		switch {
		case err != nil:
			return nil, err
		case undecodable != nil:
			return []shadow.Difference{*undecodable}, nil
		case bytes.Equal(legacy.body, service.body):
			return nil, nil
		}
	}
	switch f {
	case formHTML:
		return c.html(legacy, service)
	case formText:
		return c.text(legacy, service)
	case formLines, formXML, formFields, formParts, formMessage, formGRPC:
		diffs, isnt, err := c.both(f, legacy, service)
		if err != nil || isnt == [2]error{} {
			return diffs, err
		}
		problems = named(f.String(), isnt)
	}
	return c.unstructured(legacy, service, problems), nil
}

// both compares two documents of a form by structure, if both are.
func (c *Comparer) both(f form, legacy, service document) (diffs []shadow.Difference, isnt [2]error, err error) {
	return c.structured(f.shape(), c.root(), func(w *walk) (error, error) {
		return c.read(&w.legacy, f, legacy), c.read(&w.service, f, service)
	})
}

// structured compares two documents of a shape from a root on, if both can be read; isnt says of each why it
// can't. The error is a *shadow.SkipError.
func (c *Comparer) structured(as shape, root place, read func(*walk) (errL, errS error)) (diffs []shadow.Difference, isnt [2]error, err error) {
	w := c.walks.Get().(*walk)
	defer c.walks.Put(w)
	defer w.release()
	w.shape = as
	isnt[0], isnt[1] = read(w)
	for _, err := range isnt {
		if _, ok := errors.AsType[*shadow.SkipError](err); ok {
			return nil, isnt, err
		}
	}
	if isnt != [2]error{} {
		return nil, isnt, nil
	}
	diffs, err = w.run(root)
	return diffs, isnt, err
}

// named says of what bodies are not what it is that they aren't.
func named(what string, isnt [2]error) [2]error {
	for i, err := range isnt {
		if err != nil {
			isnt[i] = fmt.Errorf("not %s (%w)", what, err)
		}
	}
	return isnt
}

// root returns the place of the whole body.
func (c *Comparer) root() place {
	root := place{inside: c.plan.whole}
	if c.plan.root != nil {
		root.rules = []*rule{c.plan.root}
	}
	return root
}
