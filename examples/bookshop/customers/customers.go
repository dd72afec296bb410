// Package customers is the service that takes the customers and what they write out of the
// monolith: no SOAP, no codes, no bits.
package customers

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/strangler-fig/toolkit/examples/bookshop/seed"
)

// Customer is somebody who buys books.
type Customer struct {
	ID         string          `json:"id"`
	Name       Name            `json:"name"`
	Status     string          `json:"status"` // active or inactive
	Since      time.Time       `json:"since"`
	Balance    json.RawMessage `json:"balance"` // a decimal number, in euros
	Newsletter bool            `json:"newsletter"`
	Reseller   bool            `json:"reseller"`
	Address    Address         `json:"address"`
	Phone      *string         `json:"phone"`
}

// Name is a name in its parts.
type Name struct {
	First string `json:"first"`
	Last  string `json:"last"`
}

// Address is where somebody lives.
type Address struct {
	Street string `json:"street"`
	Town   string `json:"town"`
}

// Message is what somebody writes to the shop.
type Message struct {
	ID         string `json:"id"`
	Name       string `json:"name"`
	Email      string `json:"email"`
	Text       string `json:"text"`
	Newsletter bool   `json:"newsletter"`
}

// New returns the service.
func New() http.Handler {
	s := &service{customers: seed.Customers()}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /customers/{id}", s.customer)
	mux.HandleFunc("POST /messages", s.write)
	mux.HandleFunc("GET /messages/{id}", s.message)
	return mux
}

type service struct {
	customers []seed.Customer // by number, and never changed

	mu       sync.RWMutex
	messages []Message // the last maxMessages
	written  int
}

const maxMessages = 1000

func (s *service) customer(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.Atoi(r.PathValue("id"))
	if err != nil || id < 1 || id > len(s.customers) {
		problem(w, http.StatusNotFound, "no such customer", "")
		return
	}
	c := s.customers[id-1]
	out := Customer{ID: strconv.Itoa(c.No), Name: Name{c.First, c.Last}, Status: "inactive", Since: c.Since, Balance: euros(c.Cents),
		Newsletter: c.Newsletter, Reseller: c.Reseller, Address: Address{c.Street, c.Town}}
	if c.Active {
		out.Status = "active"
	}
	if c.Phone != "" {
		out.Phone = &c.Phone
	}
	answer(w, http.StatusOK, out)
}

func (s *service) write(w http.ResponseWriter, r *http.Request) {
	var m Message
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&m); err != nil {
		problem(w, http.StatusBadRequest, "a message is a JSON object", "")
		return
	}
	for _, field := range []struct{ pointer, value string }{{"/name", m.Name}, {"/email", m.Email}, {"/text", m.Text}} {
		if field.value == "" || field.pointer == "/email" && !strings.Contains(field.value, "@") {
			problem(w, http.StatusUnprocessableEntity, "the message is incomplete", field.pointer)
			return
		}
	}
	s.mu.Lock()
	s.written++
	m.ID = strconv.Itoa(s.written)
	s.messages = append(s.messages, m)
	if len(s.messages) > maxMessages {
		s.messages = s.messages[1:]
	}
	s.mu.Unlock()
	w.Header().Set("Location", "/messages/"+m.ID)
	answer(w, http.StatusCreated, m)
}

func (s *service) message(w http.ResponseWriter, r *http.Request) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, m := range s.messages {
		if m.ID == r.PathValue("id") {
			answer(w, http.StatusOK, m)
			return
		}
	}
	problem(w, http.StatusNotFound, "no such message", "")
}

// euros returns cents as a decimal number.
func euros(cents int64) json.RawMessage {
	sign := ""
	if cents < 0 {
		sign, cents = "-", -cents
	}
	return fmt.Appendf(nil, "%s%d.%02d", sign, cents/100, cents%100)
}

func problem(w http.ResponseWriter, status int, title, pointer string) {
	p := map[string]any{"title": title, "status": status}
	if pointer != "" {
		p["pointer"] = pointer
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-cache")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(p)
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-cache")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(v)
}
