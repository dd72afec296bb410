package identity

import (
	"net/http"

	"github.com/go-json-experiment/json"
)

// problem makes an answer that says what is wrong (RFC 9457).
func problem(client *http.Request, status int, detail string) *http.Response {
	return newResponse(client, status, http.Header{
		"Content-Type":  {"application/problem+json"},
		"Cache-Control": {"no-store"},
	}, document(status, detail))
}

// document is the problem document that says what is wrong.
func document(status int, detail string) []byte {
	text, err := json.Marshal(map[string]any{
		"title": http.StatusText(status), "status": status, "detail": detail,
	}, json.Deterministic(true))
	if err != nil {
		return nil // it can't be: texts of ours
	}
	return text
}
