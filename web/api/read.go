package api

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

	"github.com/strangler-fig/toolkit/web"
)

const (
	maxBody   = 64 << 10
	usualPage = 100
	maxPage   = 1000
)

// read decodes a request's body strictly: one JSON object, no unknown fields, nothing after it.
// It reports whether it could, and has answered if not.
func (s *server) read(w http.ResponseWriter, r *http.Request, into any) bool {
	return s.readUpTo(w, r, maxBody, into)
}

// readUpTo is read where a body may have another size, in bytes.
func (s *server) readUpTo(w http.ResponseWriter, r *http.Request, most int64, into any) bool {
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/json" {
		w.Header().Set("Accept", "application/json")
		invalid(w, http.StatusUnsupportedMediaType, "send a JSON object, with Content-Type: application/json")
		return false
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, most))
	if err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			web.WriteProblem(w, web.Problem{Status: http.StatusRequestEntityTooLarge, Code: web.CodeTooLarge, Detail: fmt.Sprintf("the request's body is over %d KiB", most>>10)})
		} else {
			invalid(w, http.StatusBadRequest, "the request's body ended early")
		}
		return false
	}
	if err := decode(body, into); err != nil {
		invalid(w, http.StatusBadRequest, err.Error())
		return false
	}
	return true
}

// decode reads what the body says, to the letter: a member that nobody knows, or that stands
// twice, is a mistake that must not move a route.
func decode(body []byte, into any) error {
	if trimmed := bytes.TrimLeft(body, " \t\r\n"); len(trimmed) == 0 || trimmed[0] != '{' {
		return errors.New("the body is not a JSON object")
	}
	if err := json.Unmarshal(body, into, json.RejectUnknownMembers(true)); err != nil {
		return fmt.Errorf("the body is not what this endpoint wants: %s", mistake(err))
	}
	return nil
}

// mistake says what is wrong with a body in JSON's terms: clients know nothing of Go's types.
func mistake(err error) string {
	e, ok := errors.AsType[*json.SemanticError](err)
	switch {
	case !ok:
		return strings.TrimPrefix(err.Error(), "jsontext: ")
	case e.Err == nil:
		return fmt.Sprintf("%s: a %s doesn't belong there", e.JSONPointer, e.JSONKind)
	case errors.Is(e.Err, json.ErrUnknownName):
		return fmt.Sprintf("%s: no such member", e.JSONPointer)
	}
	return fmt.Sprintf("%s: %v", e.JSONPointer, e.Err)
}

// number reads a whole number of the query, 0 where there is none; ok is false and the request
// answered where it is none, or not within 1 and most.
func number(w http.ResponseWriter, r *http.Request, name string, most int64) (n int64, ok bool) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return 0, true
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 1 || n > most {
		invalid(w, http.StatusBadRequest, fmt.Sprintf("%s is a whole number from 1 to %d, not %q", name, most, text))
		return 0, false
	}
	return n, true
}
