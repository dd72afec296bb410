// Package catalogue is the service that takes the books out of the monolith. Its model is
// clean: names in full, prices as decimal text, ISO dates.
//
// It has two documented mistakes, for shadowing to find, unless it is repaired:
//
//   - A book whose number of pages isn't known has no "pages" at all, where legacy says 0:
//     omitempty was copied from another field.
//   - A shelf is sorted by title byte by byte, so that lower case comes last, where legacy
//     pays no regard to case.
package catalogue

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/strangler-fig/toolkit/examples/bookshop/seed"
)

// Summary is a book in a list.
type Summary struct {
	ID       string `json:"id"`
	Title    string `json:"title"`
	Author   string `json:"author"`
	Price    string `json:"price"` // decimal, in euros
	Category string `json:"category"`
	Released string `json:"released"` // ISO 8601 date
}

// Book is a book by itself.
type Book struct {
	Summary
	Pages *int `json:"pages,omitempty"`
}

// Shelf is a list of books.
type Shelf struct {
	Books []Summary `json:"books"`
}

// Stock says how many copies of a book there are.
type Stock struct {
	Copies int `json:"copies"`
}

// New returns the service. Repaired, it is without its mistakes.
func New(repaired bool) http.Handler {
	s := &service{repaired: repaired, books: seed.Books()}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /books/{id}", s.book)
	mux.HandleFunc("GET /books/{id}/stock", s.stock)
	mux.HandleFunc("GET /books", s.shelf)
	return mux
}

type service struct {
	repaired bool
	books    []seed.Book // by number, and never changed
}

func (s *service) book(w http.ResponseWriter, r *http.Request) {
	if b, ok := s.find(w, r); ok {
		book := Book{Summary: summary(b)}
		if b.Pages > 0 || s.repaired {
			book.Pages = &b.Pages
		}
		write(w, book)
	}
}

func (s *service) stock(w http.ResponseWriter, r *http.Request) {
	if b, ok := s.find(w, r); ok {
		write(w, Stock{b.Stock})
	}
}

func (s *service) shelf(w http.ResponseWriter, r *http.Request) {
	category, text := r.FormValue("category"), strings.ToLower(r.FormValue("title"))
	found := slices.DeleteFunc(slices.Clone(s.books), func(b seed.Book) bool {
		return category != "" && b.Category != category || !strings.Contains(strings.ToLower(b.Title), text)
	})
	if r.FormValue("sort") == "title" {
		slices.SortStableFunc(found, func(a, b seed.Book) int {
			if s.repaired {
				return strings.Compare(strings.ToLower(a.Title), strings.ToLower(b.Title))
			}
			return strings.Compare(a.Title, b.Title)
		})
	}
	shelf := Shelf{Books: []Summary{}}
	for _, b := range found {
		shelf.Books = append(shelf.Books, summary(b))
	}
	write(w, shelf)
}

func (s *service) find(w http.ResponseWriter, r *http.Request) (seed.Book, bool) {
	id, err := strconv.Atoi(r.PathValue("id"))
	if err != nil || id < 1 || id > len(s.books) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.Header().Set("Cache-Control", "no-cache")
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, `{"title":"no such book","status":404}`)
		return seed.Book{}, false
	}
	return s.books[id-1], true
}

func summary(b seed.Book) Summary {
	return Summary{ID: strconv.Itoa(b.No), Title: b.Title, Author: b.Author, Price: fmt.Sprintf("%d.%02d", b.Cents/100, b.Cents%100),
		Category: b.Category, Released: b.Released.Format("2006-01-02")}
}

func write(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-cache")
	json.NewEncoder(w).Encode(v)
}
