package strangler

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"strconv"
)

// problemDocument is an answer of our own in the form of RFC 9457.
type problemDocument struct {
	Type      string `json:"type"`
	Title     string `json:"title"`
	Status    int    `json:"status"`
	Detail    string `json:"detail"`
	Pointer   string `json:"pointer,omitempty"` // into the body that could not be translated (RFC 6901)
	RequestID string `json:"request_id"`
}

// document is an answer of our own as a problem document.
func document(w http.ResponseWriter, r *http.Request, status int, detail string) {
	documentAt(w, r, status, detail, "")
}

// documentAt is document about a place in a body.
func documentAt(w http.ResponseWriter, r *http.Request, status int, detail, pointer string) {
	body, err := marshalProblem(r, status, detail, pointer)
	if err != nil { // a struct of strings has a JSON form
		problem(w, r, status, detail)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // the client that is gone doesn't read it
	}
}

func marshalProblem(r *http.Request, status int, detail, pointer string) ([]byte, error) {
	body, err := json.Marshal(problemDocument{"about:blank", http.StatusText(status), status, detail, pointer, requestID(r)})
	return append(body, '\n'), err
}

// telling is what Config.Unanswered returns for a route.
type telling func(client *http.Request, status int, problem []byte) *http.Response

// of tells the client of a failure in the form that it knows, or by a problem document.
func (tells telling) of(w http.ResponseWriter, r *http.Request, fail *failure) {
	var resp *http.Response
	if text, err := marshalProblem(r, fail.status, fail.text, fail.pointer); err == nil {
		resp = tells(r, fail.status, text)
	}
	if resp == nil {
		forgetAnswer(w.Header())
		documentAt(w, r, fail.status, fail.text, fail.pointer)
		return
	}
	defer resp.Body.Close()
	if fail.kind == "" && fail.status < http.StatusInternalServerError && resp.StatusCode >= http.StatusInternalServerError {
		// SOAP 1.1 tells whatever it is by 500, which would else count as the side's failure.
		if d := DecisionFrom(r.Context()); d != nil && d.Failure == "" {
			d.Failure = FailureMalformed
		}
	}
	h := w.Header()
	forgetAnswer(h)
	maps.Copy(h, resp.Header)
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(resp.StatusCode)
	if r.Method != http.MethodHead {
		_, _ = io.Copy(w, resp.Body) // the client that is gone doesn't read it
	}
}

// explains is an error that knows what a client may be told of it: package acl's, of what it can't
// translate. The status is 400 to 499 where it was the request that can't be read, whoever serves it.
type explains interface {
	Problem() (status int, title, detail, pointer string)
}
