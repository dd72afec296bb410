package legacy

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

func (s *Shop) contactPage(w http.ResponseWriter, r *http.Request) {
	s.render(w, "contact", page{Error: r.FormValue("ERR")})
}

// contact takes a message and, as pages of its time do, answers with where to go on.
func (s *Shop) contact(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
	for _, field := range []string{"NM", "EML", "TXT"} {
		if value := r.PostFormValue(field); value == "" || field == "EML" && !strings.Contains(value, "@") {
			http.Redirect(w, r, "/contact?"+url.Values{"ERR": {field}}.Encode(), http.StatusFound)
			return
		}
	}
	newsletter := "N"
	if r.PostFormValue("NL") == "Y" {
		newsletter = "Y"
	}
	done, err := s.db.Exec(`INSERT INTO MSG (NM, EML, TXT, NL) VALUES (?, ?, ?, ?)`, r.PostFormValue("NM"), r.PostFormValue("EML"), r.PostFormValue("TXT"), newsletter)
	if err != nil {
		http.Error(w, "database error", http.StatusInternalServerError)
		return
	}
	number, _ := done.LastInsertId()
	http.Redirect(w, r, "/contact/thanks?"+url.Values{"NO": {strconv.FormatInt(number, 10)}}.Encode(), http.StatusFound)
}

func (s *Shop) thanks(w http.ResponseWriter, r *http.Request) {
	s.render(w, "thanks", page{Number: r.FormValue("NO")})
}
