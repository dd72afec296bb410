package legacy

import (
	"database/sql"
	"encoding/xml"
	"net/http"
	"time"
)

const selectBooks = `SELECT BK_NO, TTL, AUTH_NM, PRC_CENTS, CAT_CD, RLS_DT, PG_CNT, STK_QTY FROM BOOK_MST `

type bookRow struct {
	no, cents, pages, stock       int64
	title, author, category, date string
}

func (b *bookRow) scan(row interface{ Scan(...any) error }) error {
	return row.Scan(&b.no, &b.title, &b.author, &b.cents, &b.category, &b.date, &b.pages, &b.stock)
}

// row is a book in a list; only a book by itself has its pages.
func (b *bookRow) row() map[string]any {
	return map[string]any{"BK_NO": b.no, "TTL": b.title, "AUTH_NM": b.author, "PRC_CENTS": b.cents,
		"CAT_CD": b.category, "RLS_DT": b.date}
}

func (s *Shop) query(where string, args ...any) ([]bookRow, error) {
	rows, err := s.db.Query(selectBooks+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var books []bookRow
	for rows.Next() {
		var b bookRow
		if err := b.scan(rows); err != nil {
			return nil, err
		}
		books = append(books, b)
	}
	return books, rows.Err()
}

func (s *Shop) book(w http.ResponseWriter, r *http.Request) {
	var b bookRow
	if err := b.scan(s.db.QueryRow(selectBooks+`WHERE BK_NO = ?`, r.PathValue("no"))); err != nil {
		fail(w, err)
		return
	}
	body := b.row()
	body["PG_CNT"] = b.pages
	answer(w, http.StatusOK, body)
}

// books lists a shelf by title as a person would, without regard to case.
func (s *Shop) books(w http.ResponseWriter, r *http.Request) {
	s.list(w, `WHERE CAT_CD = ? ORDER BY TTL COLLATE NOCASE, BK_NO`, r.FormValue("CAT"))
}

func (s *Shop) search(w http.ResponseWriter, r *http.Request) {
	s.list(w, `WHERE instr(lower(TTL), lower(?)) > 0 ORDER BY BK_NO`, r.FormValue("Q"))
}

func (s *Shop) list(w http.ResponseWriter, where string, arg string) {
	books, err := s.query(where, arg)
	if err != nil {
		fail(w, err)
		return
	}
	list := make([]map[string]any, len(books))
	for i := range books {
		list[i] = books[i].row()
	}
	answer(w, http.StatusOK, map[string]any{"BK_LST": list, "CNT": len(list)})
}

func (s *Shop) stock(w http.ResponseWriter, r *http.Request) {
	var n int64
	if err := s.db.QueryRow(`SELECT STK_QTY FROM BOOK_MST WHERE BK_NO = ?`, r.PathValue("no")).Scan(&n); err != nil {
		fail(w, err)
		return
	}
	available := "N"
	if n > 0 {
		available = "Y"
	}
	answer(w, http.StatusOK, map[string]any{"STK_QTY": n, "AVAIL_YN": available})
}

// feed is what the price-comparison sites fetch every hour.
func (s *Shop) feed(w http.ResponseWriter, r *http.Request) {
	type item struct {
		No    int64  `xml:"no,attr"`
		Title string `xml:"ttl"`
		Price int64  `xml:"prc"`
	}
	books, err := s.query(`ORDER BY BK_NO`)
	if err != nil && err != sql.ErrNoRows {
		http.Error(w, "database error", http.StatusInternalServerError)
		return
	}
	feed := struct {
		XMLName xml.Name `xml:"feed"`
		Time    string   `xml:"generated,attr"`
		Items   []item   `xml:"book"`
	}{Time: time.Now().Format(time.RFC1123)}
	for _, b := range books {
		feed.Items = append(feed.Items, item{b.no, b.title, b.cents})
	}
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	w.Write([]byte(xml.Header))
	xml.NewEncoder(w).Encode(feed)
}
