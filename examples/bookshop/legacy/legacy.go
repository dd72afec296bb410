// Package legacy is the bookshop's monolith, grown over the years as they really look: its own
// SQLite file, a session cookie with a lock per session as PHP has it, server-rendered pages
// with forms beside a JSON API with abbreviated upper-case names, mixed date formats, money in
// cents, a SOAP endpoint, an XML feed, and a random request id and the time in every answer.
package legacy

import (
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"

	_ "github.com/mattn/go-sqlite3" // the shop's only database driver
)

// Shop is the whole application.
type Shop struct {
	db       *sql.DB
	sessions *sessions
	mux      *http.ServeMux
}

// Open opens the shop whose data lies in the SQLite file, and fills it if it is empty.
func Open(file string) (*Shop, error) {
	db, err := sql.Open("sqlite3", "file:"+(&url.URL{Path: file}).EscapedPath()+"?_busy_timeout=5000&_journal_mode=WAL")
	if err != nil {
		return nil, err
	}
	if err := fill(db); err != nil {
		db.Close()
		return nil, fmt.Errorf("fill the shop's database %s: %w", file, err)
	}
	s := &Shop{db: db, sessions: newSessions(), mux: http.NewServeMux()}
	s.mux.HandleFunc("GET /{$}", s.home)
	s.mux.HandleFunc("GET /book/{no}", s.bookPage)
	s.mux.HandleFunc("GET /login", s.loginPage)
	s.mux.HandleFunc("POST /login", s.login)
	s.mux.HandleFunc("POST /logout", s.logout)
	s.mux.HandleFunc("GET /account", s.account)
	s.mux.HandleFunc("GET /api/book/{no}", s.book)
	s.mux.HandleFunc("GET /api/book", s.books)
	s.mux.HandleFunc("GET /api/search", s.search)
	s.mux.HandleFunc("GET /api/stock/{no}", s.stock)
	s.mux.HandleFunc("GET /api/ord/{no}", s.order)
	s.mux.HandleFunc("POST /api/ord", s.createOrder)
	s.mux.HandleFunc("GET /feed.xml", s.feed)
	s.mux.HandleFunc("POST /soap/customers", s.customers)
	s.mux.HandleFunc("GET /contact", s.contactPage)
	s.mux.HandleFunc("POST /contact", s.contact)
	s.mux.HandleFunc("GET /contact/thanks", s.thanks)
	s.mux.HandleFunc("GET /whoami", s.whoami)
	return s, nil
}

// Close closes the database.
func (s *Shop) Close() error { return s.db.Close() }

// ServeHTTP implements http.Handler.
func (s *Shop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Powered-By", "Bookshop/4.2")
	s.mux.ServeHTTP(w, r)
}

// answer writes a JSON object with what every answer of the API carries.
func answer(w http.ResponseWriter, status int, body map[string]any) {
	body["REQ_ID"] = rand.Text()[:12]
	body["GEN_TS"] = time.Now().Format("2006-01-02 15:04:05")
	w.Header().Set("Content-Type", "application/json;charset=utf-8")
	w.Header().Set("Cache-Control", "no-cache")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body)
}

// refuse answers as the API always has: an error inside an object.
func refuse(w http.ResponseWriter, status int, code string) {
	answer(w, status, map[string]any{"ERR_CD": code})
}

// fail answers where the database let the shop down.
func fail(w http.ResponseWriter, err error) {
	if err == sql.ErrNoRows {
		refuse(w, http.StatusNotFound, "NOTFOUND")
		return
	}
	refuse(w, http.StatusInternalServerError, "DBERR")
}
