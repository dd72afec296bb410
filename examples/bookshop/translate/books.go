package translate

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/strangler-fig/toolkit/acl"
	"github.com/strangler-fig/toolkit/examples/bookshop/catalogue"
)

// categories are legacy's codes of the shelves.
var categories = map[string]string{"FI": "fiction", "HI": "history", "NA": "nature", "CO": "cooking"}

type book struct {
	Number   int    `json:"BK_NO"`
	Title    string `json:"TTL"`
	Author   string `json:"AUTH_NM"`
	Cents    int64  `json:"PRC_CENTS"`
	Category string `json:"CAT_CD"`
	Released string `json:"RLS_DT"` // day first
}

type bookAnswer struct {
	meta
	book
	Pages *int `json:"PG_CNT,omitempty"`
}

type shelfAnswer struct {
	meta
	Books []book `json:"BK_LST"`
	Count int    `json:"CNT"`
}

type stockAnswer struct {
	meta
	Quantity  int    `json:"STK_QTY"`
	Available string `json:"AVAIL_YN"`
}

func toBook(b catalogue.Summary) (book, error) {
	number, err := strconv.Atoi(b.ID)
	if err != nil {
		return book{}, fmt.Errorf("the id %q is not a number", b.ID)
	}
	price, err := cents(b.Price)
	if err != nil {
		return book{}, err
	}
	released, err := time.Parse("2006-01-02", b.Released)
	if err != nil {
		return book{}, err
	}
	for code, category := range categories {
		if category == b.Category {
			return book{number, b.Title, b.Author, price, code, released.Format("02/01/2006")}, nil
		}
	}
	return book{}, fmt.Errorf("legacy has no code for category %q", b.Category)
}

func legacyBook(b catalogue.Book) (bookAnswer, error) {
	translated, err := toBook(b.Summary)
	return bookAnswer{newMeta(), translated, b.Pages}, err
}

func legacyShelf(s catalogue.Shelf) (shelfAnswer, error) {
	answer := shelfAnswer{newMeta(), []book{}, len(s.Books)}
	for _, b := range s.Books {
		translated, err := toBook(b)
		if err != nil {
			return shelfAnswer{}, err
		}
		answer.Books = append(answer.Books, translated)
	}
	return answer, nil
}

func legacyStock(s catalogue.Stock) (stockAnswer, error) {
	available := "N"
	if s.Copies > 0 {
		available = "Y"
	}
	return stockAnswer{newMeta(), s.Copies, available}, nil
}

// shelf and search are two legacy endpoints that became one.
var (
	shelf = acl.Funcs{Request: func(r *http.Request) (*http.Request, error) {
		category := categories[r.URL.Query().Get("CAT")]
		if category == "" {
			category = "none" // legacy answers with an empty list
		}
		r.URL.RawQuery = url.Values{"category": {category}, "sort": {"title"}}.Encode()
		return r, setPath(r, "/books")
	}}
	search = acl.Funcs{Request: func(r *http.Request) (*http.Request, error) {
		r.URL.RawQuery = url.Values{"title": {r.URL.Query().Get("Q")}}.Encode()
		return r, setPath(r, "/books")
	}}
)
