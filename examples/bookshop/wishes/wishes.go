// Package wishes is a service that the monolith never had: everybody's list of books to read. It knows
// nothing of the monolith's sessions. Who somebody is, a signed token says that comes with each
// request (RFC 7519), and whose signature it checks with the published keys (RFC 7517).
package wishes

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/strangler-fig/toolkit/examples/bookshop/seed"
)

// Issuer and Audience are what tokens have to say.
const (
	Issuer   = "bookshop"
	Audience = "wishes"
)

// Service is the service.
type Service struct {
	keysURL atomic.Pointer[string]
	client  *http.Client
	books   []seed.Book
	mux     *http.ServeMux

	mu     sync.Mutex
	keys   jose.JSONWebKeySet
	wishes map[string][]int // by who they are
}

// New returns the service; it knows nobody until [Service.Trust].
func New() *Service {
	s := &Service{client: &http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{}}, books: seed.Books(), mux: http.NewServeMux(), wishes: map[string][]int{}}
	s.mux.HandleFunc("GET /wishes", s.list)
	s.mux.HandleFunc("POST /wishes", s.add)
	return s
}

// Trust says where the keys are that tokens may be signed with.
func (s *Service) Trust(url string) { s.keysURL.Store(&url) }

// Close lets go of what it has open to others.
func (s *Service) Close() { s.client.CloseIdleConnections() }

// ServeHTTP implements http.Handler.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// visitor is who a token speaks of.
type visitor struct {
	Name string `json:"sub"`
}

// who returns who makes a request.
func (s *Service) who(r *http.Request) (visitor, error) {
	text, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return visitor{}, errors.New("there is no token")
	}
	token, err := jwt.ParseSigned(text, []jose.SignatureAlgorithm{jose.EdDSA})
	if err != nil {
		return visitor{}, err
	}
	key, err := s.key(r.Context(), token.Headers[0].KeyID)
	if err != nil {
		return visitor{}, err
	}
	var claims jwt.Claims
	if err := token.Claims(key, &claims); err != nil {
		return visitor{}, err
	}
	return visitor{claims.Subject}, claims.ValidateWithLeeway(jwt.Expected{Issuer: Issuer, AnyAudience: jwt.Audience{Audience}, Time: time.Now()}, 5*time.Second)
}

// key returns a published key. Those that it has are good until an unknown one is asked for.
func (s *Service) key(ctx context.Context, id string) (jose.JSONWebKey, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if known := s.keys.Key(id); len(known) > 0 {
		return known[0], nil
	}
	url := s.keysURL.Load()
	if url == nil {
		return jose.JSONWebKey{}, errors.New("nobody is trusted yet")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, *url, nil)
	if err != nil {
		return jose.JSONWebKey{}, err
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return jose.JSONWebKey{}, err
	}
	defer resp.Body.Close()
	var published jose.JSONWebKeySet
	if err := json.NewDecoder(io.LimitReader(resp.Body, 1<<20)).Decode(&published); err != nil {
		return jose.JSONWebKey{}, fmt.Errorf("read the keys: %w", err)
	}
	s.keys = published
	if known := s.keys.Key(id); len(known) > 0 {
		return known[0], nil
	}
	return jose.JSONWebKey{}, fmt.Errorf("no key %q is published", id)
}

var page = template.Must(template.New("").Parse(`<!DOCTYPE html>
<html lang="en"><head><title>Wishes</title><meta name="viewport" content="width=device-width">
<style>body{font:16px/1.5 Georgia,serif;max-width:46em;margin:2em auto;padding:0 1em}</style></head>
<body><h1><a href="/">Bookshop</a></h1><p>Wishes of <b id="who">{{.Name}}</b></p>
<ul>{{range .Books}}<li>{{.Title}}, by {{.Author}}</li>{{else}}<li>nothing yet</li>{{end}}</ul>
<form method="post" action="/wishes"><input type="hidden" name="token" value="{{.Token}}"><label>Book <input name="book" size="3"></label> <button>I wish for it</button></form></body></html>
`))

func (s *Service) list(w http.ResponseWriter, r *http.Request) {
	v, err := s.who(r)
	if err != nil {
		http.Error(w, "who are you? "+err.Error(), http.StatusUnauthorized)
		return
	}
	s.mu.Lock()
	wished := slices.Clone(s.wishes[v.Name])
	s.mu.Unlock()
	data := struct {
		Name, Token string
		Books       []seed.Book
	}{Name: v.Name, Token: r.Header.Get("X-CSRF-Token")}
	for _, no := range wished {
		data.Books = append(data.Books, s.books[no-1])
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	page.Execute(w, data)
}

// add takes a wish from the form, which has to bring along the token of the visitor's session.
func (s *Service) add(w http.ResponseWriter, r *http.Request) {
	v, err := s.who(r)
	if err != nil {
		http.Error(w, "who are you? "+err.Error(), http.StatusUnauthorized)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
	token := r.Header.Get("X-CSRF-Token")
	if token == "" || r.PostFormValue("token") != token {
		http.Error(w, "the form is not of this session; go back and load it again", http.StatusForbidden)
		return
	}
	no, err := strconv.Atoi(r.PostFormValue("book"))
	if err != nil || no < 1 || no > len(s.books) {
		http.Error(w, "there is no such book", http.StatusUnprocessableEntity)
		return
	}
	s.mu.Lock()
	if wished := s.wishes[v.Name]; !slices.Contains(wished, no) && len(wished) < len(s.books) && (len(s.wishes) < 10000 || wished != nil) {
		s.wishes[v.Name] = append(wished, no)
	}
	s.mu.Unlock()
	http.Redirect(w, r, "/wishes", http.StatusSeeOther)
}
