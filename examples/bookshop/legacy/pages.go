package legacy

import (
	"crypto/rand"
	"html/template"
	"net/http"
	"time"
)

var pages = template.Must(template.New("").Funcs(template.FuncMap{
	"money": func(cents int64) string { return "€" + formatCents(cents) },
}).Parse(`
{{define "top"}}<!DOCTYPE html>
<html><head><title>Bookshop</title><meta name="viewport" content="width=device-width">
<style>body{font:16px/1.5 Georgia,serif;max-width:46em;margin:2em auto;padding:0 1em}td{padding:.1em 1em .1em 0}</style></head>
<body><h1><a href="/">Bookshop</a></h1><p><a href="/account">My account</a> · <a href="/wishes">My wishes</a> · <a href="/contact">Contact</a></p>{{end}}
{{define "bottom"}}<hr><small>Page {{.ID}}, made on {{.Time}}</small></body></html>{{end}}
{{define "home"}}{{template "top" .}}<table>{{range .Books}}
<tr><td><a href="/book/{{.No}}">{{.Title}}</a><td>{{.Author}}<td align=right>{{money .Cents}}{{end}}</table>{{template "bottom" .}}{{end}}
{{define "book"}}{{template "top" .}}{{range .Books}}<h2>{{.Title}}</h2><p>by {{.Author}}, {{.Date}}</p><p><b>{{money .Cents}}</b></p>{{end}}{{template "bottom" .}}{{end}}
{{define "login"}}{{template "top" .}}<form method=post action=/login><label>Name <input name=USR></label> <button>Log in</button></form>{{template "bottom" .}}{{end}}
{{define "account"}}{{template "top" .}}<p>Hello {{.User}}, this is your visit number {{.Visits}}.</p><form method=post action=/logout><button>Log out</button></form>{{template "bottom" .}}{{end}}
{{define "contact"}}{{template "top" .}}{{if .Error}}<p><b>Please look at {{.Error}} again.</b></p>{{end}}<form method=post action=/contact>
<p><label>Name <input name=NM></label></p><p><label>E-mail <input name=EML></label></p><p><label>Message <textarea name=TXT></textarea></label></p>
<p><label><input type=checkbox name=NL value=Y> Send me the newsletter</label></p><button>Send</button></form>{{template "bottom" .}}{{end}}
{{define "thanks"}}{{template "top" .}}<p>Thank you. Your message has the number {{.Number}}.</p>{{template "bottom" .}}{{end}}
`))

// pageBook is a book as the pages show it.
type pageBook struct {
	No                  int64
	Title, Author, Date string
	Cents               int64
}

type page struct {
	ID, Time string
	Books    []pageBook
	User     string
	Visits   int
	Error    string // which field is wrong
	Number   string
}

func (s *Shop) render(w http.ResponseWriter, name string, p page) {
	p.ID, p.Time = rand.Text()[:8], time.Now().Format("Mon, 2 Jan 2006 15:04:05")
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	pages.ExecuteTemplate(w, name, p)
}

func (s *Shop) home(w http.ResponseWriter, r *http.Request) { s.shelf(w, "home", `ORDER BY BK_NO`) }

func (s *Shop) bookPage(w http.ResponseWriter, r *http.Request) {
	s.shelf(w, "book", `WHERE BK_NO = ?`, r.PathValue("no"))
}

func (s *Shop) shelf(w http.ResponseWriter, name, where string, args ...any) {
	rows, err := s.query(where, args...)
	if err != nil {
		http.Error(w, "database error", http.StatusInternalServerError)
		return
	}
	var books []pageBook
	for _, b := range rows {
		books = append(books, pageBook{b.no, b.title, b.author, b.date, b.cents})
	}
	s.render(w, name, page{Books: books})
}
