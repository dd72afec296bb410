// Package orders is the service that takes the orders out of the monolith.
//
// It has one documented mistake, for shadowing to find, unless it is repaired: the tax is
// computed in floating point and cut off, where legacy rounds half up, so that about every
// second order's tax is a cent short.
//
// Who an order is for, it doesn't know. It asks for GET /customers/{id}, wherever [Service.Ask] says,
// and doesn't care whether that is a service or the monolith behind a facade.
package orders

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/strangler-fig/toolkit/examples/bookshop/seed"
)

// Order is an order as this service speaks of it. Money is decimal text, in euros.
type Order struct {
	ID       string    `json:"id"`
	Customer string    `json:"customer"`
	Placed   time.Time `json:"placed"`
	Status   string    `json:"status"` // open, shipped, cancelled
	Lines    []Line    `json:"lines"`
	Total    string    `json:"total"`
	Tax      string    `json:"tax"`               // contained in the total
	ShipTo   *Address  `json:"ship_to,omitempty"` // with ?ship_to=true
}

// Address is where an order goes.
type Address struct {
	Name   string `json:"name"`
	Street string `json:"street"`
	Town   string `json:"town"`
}

// Line is one position of an order.
type Line struct {
	Book     string `json:"book"`
	Quantity int    `json:"quantity"`
	Price    string `json:"price"` // a piece
}

// New returns the service. Repaired, it is without its mistake.
func New(repaired bool) *Service {
	s := &Service{repaired: repaired, orders: seed.Orders(), books: seed.Books(), client: &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{}}, mux: http.NewServeMux()}
	s.mux.HandleFunc("GET /orders/{id}", s.order)
	s.mux.HandleFunc("POST /orders", s.create)
	return s
}

// Service is the service.
type Service struct {
	repaired  bool
	books     []seed.Book
	client    *http.Client
	customers atomic.Pointer[string] // the base of their addresses
	mux       *http.ServeMux

	mu     sync.RWMutex
	orders []seed.Order // by number, from 1001
}

const firstNumber = 1001

// Ask says where the customers are.
func (s *Service) Ask(base string) { s.customers.Store(&base) }

// Close lets go of what it has open to others.
func (s *Service) Close() { s.client.CloseIdleConnections() }

// ServeHTTP implements http.Handler.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

func (s *Service) order(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.Atoi(r.PathValue("id"))
	s.mu.RLock()
	if err != nil || id < firstNumber || id >= firstNumber+len(s.orders) {
		s.mu.RUnlock()
		problem(w, http.StatusNotFound, "no such order")
		return
	}
	o := s.model(s.orders[id-firstNumber])
	s.mu.RUnlock()
	if r.FormValue("ship_to") == "true" {
		if o.ShipTo, err = s.address(r.Context(), o.Customer); err != nil {
			problem(w, http.StatusBadGateway, err.Error())
			return
		}
	}
	write(w, http.StatusOK, o)
}

// address asks where a customer lives.
func (s *Service) address(ctx context.Context, customer string) (*Address, error) {
	base := s.customers.Load()
	if base == nil {
		return nil, errors.New("nobody said where the customers are")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, *base+"/customers/"+url.PathEscape(customer), nil)
	if err != nil {
		return nil, err
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("customer %s: %s", customer, resp.Status)
	}
	var c struct {
		Name    struct{ First, Last string }
		Address struct{ Street, Town string }
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, 1<<20)).Decode(&c); err != nil {
		return nil, fmt.Errorf("customer %s: %w", customer, err)
	}
	return &Address{c.Name.First + " " + c.Name.Last, c.Address.Street, c.Address.Town}, nil
}

func (s *Service) create(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Customer string `json:"customer"`
		Lines    []Line `json:"lines"`
	}
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&in)
	customer, notNumber := strconv.Atoi(in.Customer)
	if err != nil || notNumber != nil || len(in.Lines) == 0 {
		problem(w, http.StatusBadRequest, "an order has a customer and lines")
		return
	}
	o := seed.Order{Customer: customer, Placed: time.Now().UTC().Truncate(time.Minute), Status: "open"}
	for _, l := range in.Lines {
		book, err := strconv.Atoi(l.Book)
		if err != nil || book < 1 || book > len(s.books) || l.Quantity < 1 {
			problem(w, http.StatusBadRequest, "no such book, or not at least one of it")
			return
		}
		o.Lines = append(o.Lines, seed.Line{Book: book, Quantity: l.Quantity, Cents: s.books[book-1].Cents})
	}
	s.mu.Lock()
	o.No = firstNumber + len(s.orders)
	s.orders = append(s.orders, o)
	s.mu.Unlock()
	write(w, http.StatusCreated, s.model(o))
}

func (s *Service) model(o seed.Order) Order {
	order := Order{ID: strconv.Itoa(o.No), Customer: strconv.Itoa(o.Customer), Placed: o.Placed, Status: o.Status, Lines: []Line{}}
	var total int64
	for _, l := range o.Lines {
		order.Lines = append(order.Lines, Line{strconv.Itoa(l.Book), l.Quantity, euros(l.Cents)})
		total += int64(l.Quantity) * l.Cents
	}
	order.Total, order.Tax = euros(total), euros(s.tax(total))
	return order
}

// tax returns the 7 % that are contained in an amount, in cents.
func (s *Service) tax(cents int64) int64 {
	if s.repaired {
		return (cents*7*2 + 107) / (107 * 2)
	}
	return int64(float64(cents) * 0.07 / 1.07)
}

func euros(cents int64) string { return fmt.Sprintf("%d.%02d", cents/100, cents%100) }

func problem(w http.ResponseWriter, status int, title string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-cache")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(map[string]any{"title": title, "status": status})
}

func write(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-cache")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(v)
}
