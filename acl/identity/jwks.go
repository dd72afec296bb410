package identity

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// JWKS returns a handler that answers every path with the public keys that services verify tokens with, as
// a JWK Set (RFC 7517 section 5). A key is in it long before it signs, and until its last token has
// expired; how long an answer may be kept is less than that.
func (b *Bridge) JWKS() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "the key set can only be read", http.StatusMethodNotAllowed)
			return
		}
		set, age := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{}}, time.Minute
		if b.keys != nil {
			now := time.Now()
			age = b.c.Issue.maxAge()
			for _, one := range b.keys.ring(now).published(*b.c.Issue, now) {
				set.Keys = append(set.Keys, one.public)
			}
		}
		body, err := json.Marshal(set)
		if err != nil {
			http.Error(w, "the key set can't be written", http.StatusInternalServerError)
			return
		}
		h := w.Header()
		h.Set("Content-Type", "application/jwk-set+json") // RFC 7517 section 8.5.2
		h.Set("Cache-Control", "public, max-age="+strconv.Itoa(int(age/time.Second)))
		h.Set("Content-Length", strconv.Itoa(len(body)))
		h.Set("X-Content-Type-Options", "nosniff")
		_, _ = w.Write(body) // who has gone away needs none
	})
}
