package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"

	"github.com/go-chi/chi/v5"

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
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/json" {
		w.Header().Set("Accept", "application/json")
		invalid(w, http.StatusUnsupportedMediaType, "send a JSON object, with Content-Type: application/json")
		return false
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			web.WriteProblem(w, web.Problem{Status: http.StatusRequestEntityTooLarge, Code: web.CodeTooLarge, Detail: "the request's body is over 64 KiB"})
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

func decode(body []byte, into any) error {
	if trimmed := bytes.TrimLeft(body, " \t\r\n"); len(trimmed) == 0 || trimmed[0] != '{' {
		return errors.New("the body is not a JSON object")
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("the body is not what this endpoint wants: %w", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("something follows the body's JSON object; send one object only")
	}
	return nil
}

// param returns a part of the path, decoded.
func param(r *http.Request, name string) string {
	raw := chi.URLParam(r, name)
	if r.URL.RawPath == "" {
		return raw // chi matched the decoded path
	}
	if decoded, err := url.PathUnescape(raw); err == nil {
		return decoded
	}
	return raw
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
