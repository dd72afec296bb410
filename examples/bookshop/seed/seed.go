// Package seed is the bookshop's data before anybody changes it: the same 60 books, 240 orders
// and 30 customers at every start, from which the legacy application and the services fill their
// own stores, each in its own model.
package seed

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// Book is a book for sale.
type Book struct {
	No       int
	Title    string
	Author   string
	Cents    int64
	Category string // one of Categories
	Released time.Time
	Pages    int // 0: not known
	Stock    int
}

// Order is what a customer bought.
type Order struct {
	No       int
	Customer int
	Placed   time.Time
	Status   string // open, shipped, cancelled
	Lines    []Line
}

// Line is one position of an order.
type Line struct {
	Book     int
	Quantity int
	Cents    int64 // a piece, when it was bought
}

// Customer is somebody who has bought something.
type Customer struct {
	No                   int
	First, Last          string
	Street, Town         string
	Active               bool
	Since                time.Time // to the minute
	Cents                int64     // what the shop owes them; negative: what they owe
	Newsletter, Reseller bool
	Phone                string // empty: not known
}

// Categories are the shelves.
var Categories = []string{"fiction", "history", "nature", "cooking"}

var (
	adjectives = []string{"Quiet", "Long", "salt", "Hidden", "Borrowed", "Last", "of", "Golden", "Small", "winter", "Second", "Empty"}
	nouns      = []string{"River", "Orchard", "house", "Atlas", "Kitchen", "Century", "Garden", "letters", "Fig", "Lighthouse"}
	authors    = []string{"A. Marlow", "Benedikta Sørensen", "Cho Min-ji", "D. Okafor", "Élise Laurent", "F. Weiß"}
	statuses   = []string{"open", "shipped", "shipped", "shipped", "cancelled"}
	firsts     = []string{"Ada", "Björn", "Chloé", "Dmitri", "Eylül", "Farid", "Grace", "Hana", "Iris", "Jürgen"}
	lasts      = []string{"Lovelace", "Sørensen", "van der Berg", "O'Neill", "Yılmaz", "Größer", "Hopper"}
	streets    = []string{"Mill Lane", "Rue de l'Église", "Fig Street & Co.", "Hauptstraße"}
	towns      = []string{"Bath", "Köln", "Besançon", "Aarhus"}
)

// Books returns all books, by number from 1.
func Books() []Book {
	random := rand.New(rand.NewPCG(1, 1))
	books := make([]Book, 60)
	for i := range books {
		books[i] = Book{
			No:       i + 1,
			Title:    fmt.Sprintf("%s %s", adjectives[random.IntN(len(adjectives))], nouns[i%len(nouns)]),
			Author:   authors[random.IntN(len(authors))],
			Cents:    495 + int64(random.IntN(4000)),
			Category: Categories[i%len(Categories)],
			Released: time.Date(1980+random.IntN(45), time.Month(1+random.IntN(12)), 1+random.IntN(28), 0, 0, 0, 0, time.UTC),
			Pages:    90 + random.IntN(700),
			Stock:    random.IntN(40),
		}
		if i%7 == 3 {
			books[i].Pages = 0 // nobody ever counted
		}
	}
	return books
}

// Orders returns all orders, by number from 1001.
func Orders() []Order {
	random := rand.New(rand.NewPCG(2, 2))
	books := Books()
	orders := make([]Order, 240)
	for i := range orders {
		o := Order{
			No:       1001 + i,
			Customer: 1 + random.IntN(30),
			Placed:   time.Date(2024, 1, 1, 8, 0, 0, 0, time.UTC).Add(time.Duration(i*13) * time.Hour),
			Status:   statuses[random.IntN(len(statuses))],
		}
		for range 1 + random.IntN(4) {
			b := books[random.IntN(len(books))]
			o.Lines = append(o.Lines, Line{Book: b.No, Quantity: 1 + random.IntN(3), Cents: b.Cents})
		}
		orders[i] = o
	}
	return orders
}

// Customers returns all customers, by number from 1.
func Customers() []Customer {
	random := rand.New(rand.NewPCG(3, 3))
	customers := make([]Customer, 30)
	for i := range customers {
		customers[i] = Customer{
			No:    i + 1,
			First: firsts[random.IntN(len(firsts))], Last: lasts[random.IntN(len(lasts))],
			Street: fmt.Sprintf("%d %s", 1+random.IntN(90), streets[random.IntN(len(streets))]), Town: towns[random.IntN(len(towns))],
			Active:     i%6 != 4,
			Since:      time.Date(2009, 3, 14, 9, 30, 0, 0, time.UTC).Add(time.Duration(random.IntN(120_000)) * time.Hour),
			Cents:      int64(random.IntN(9000)) - 1500,
			Newsletter: random.IntN(2) == 0, Reseller: random.IntN(5) == 0,
		}
		if i%3 != 0 {
			customers[i].Phone = fmt.Sprintf("+44 1225 %06d", random.IntN(1_000_000))
		}
	}
	return customers
}
