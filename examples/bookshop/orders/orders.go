// Package orders is the service that takes the orders out of the monolith.
//
// It has one documented mistake, for shadowing to find, unless it is repaired: the tax is
// computed in floating point and cut off, where legacy rounds half up, so that about every
// second order's tax is a cent short.
package orders

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"sync"
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
	Tax      string    `json:"tax"` // contained in the total
}

// Line is one position of an order.
type Line struct {
	Book     string `json:"book"`
	Quantity int    `json:"quantity"`
	Price    string `json:"price"` // a piece
}

// New returns the service. Repaired, it is without its mistake.
func New(repaired bool) http.Handler {
	s := &service{repaired: repaired, orders: seed.Orders(), books: seed.Books()}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /orders/{id}", s.order)
	mux.HandleFunc("POST /orders", s.create)
	return mux
}

type service struct {
	repaired bool
	books    []seed.Book

	mu     sync.RWMutex
	orders []seed.Order // by number, from 1001
}

const firstNumber = 1001

func (s *service) order(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.Atoi(r.PathValue("id"))
	s.mu.RLock()
	defer s.mu.RUnlock()
	if err != nil || id < firstNumber || id >= firstNumber+len(s.orders) {
		problem(w, http.StatusNotFound, "no such order")
		return
	}
	write(w, http.StatusOK, s.model(s.orders[id-firstNumber]))
}

func (s *service) create(w http.ResponseWriter, r *http.Request) {
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

func (s *service) model(o seed.Order) Order {
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
func (s *service) tax(cents int64) int64 {
	if s.repaired {
		return (cents*7*2 + 107) / (107 * 2)
	}
	return int64(float64(cents) * 0.07 / 1.07)
}

func euros(cents int64) string { return fmt.Sprintf("%d.%02d", cents/100, cents%100) }

func problem(w http.ResponseWriter, status int, title string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(map[string]any{"title": title, "status": status})
}

func write(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-cache")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(v)
}
