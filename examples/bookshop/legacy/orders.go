package legacy

import (
	"encoding/json"
	"net/http"
	"time"
)

// vat returns the tax of 7 % that is contained in an amount, in cents, rounded half up.
func vat(cents int64) int64 { return (cents*7*2 + 107) / (107 * 2) }

func (s *Shop) order(w http.ResponseWriter, r *http.Request) {
	var number, customer int64
	var date, status string
	row := s.db.QueryRow(`SELECT ORD_NO, CUST_NO, ORD_DT, STS_CD FROM ORD_HDR WHERE ORD_NO = ?`, r.PathValue("no"))
	if err := row.Scan(&number, &customer, &date, &status); err != nil {
		fail(w, err)
		return
	}
	rows, err := s.db.Query(`SELECT BK_NO, QTY, PRC_CENTS FROM ORD_LIN WHERE ORD_NO = ? ORDER BY LIN_NO`, number)
	if err != nil {
		fail(w, err)
		return
	}
	defer rows.Close()
	lines, total := []map[string]any{}, int64(0)
	for rows.Next() {
		var book, quantity, cents int64
		if err := rows.Scan(&book, &quantity, &cents); err != nil {
			fail(w, err)
			return
		}
		lines = append(lines, map[string]any{"BK_NO": book, "QTY": quantity, "PRC_CENTS": cents})
		total += quantity * cents
	}
	if err := rows.Err(); err != nil {
		fail(w, err)
		return
	}
	answer(w, http.StatusOK, map[string]any{"ORD_NO": number, "CUST_NO": customer, "ORD_DT": date, "STS_CD": status,
		"LINES": lines, "TOT_CENTS": total, "VAT_CENTS": vat(total)})
}

func (s *Shop) createOrder(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Customer int64 `json:"CUST_NO"`
		Lines    []struct {
			Book     int64 `json:"BK_NO"`
			Quantity int64 `json:"QTY"`
		} `json:"LINES"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&in); err != nil || in.Customer <= 0 || len(in.Lines) == 0 {
		refuse(w, http.StatusBadRequest, "BADORD")
		return
	}
	tx, err := s.db.Begin()
	if err != nil {
		fail(w, err)
		return
	}
	defer tx.Rollback()
	result, err := tx.Exec(`INSERT INTO ORD_HDR (CUST_NO, ORD_DT, STS_CD) VALUES (?, ?, 'O')`, in.Customer, time.Now().Format(orderDate))
	if err != nil {
		fail(w, err)
		return
	}
	number, _ := result.LastInsertId()
	for i, line := range in.Lines {
		done, err := tx.Exec(`INSERT INTO ORD_LIN SELECT ?, ?, BK_NO, ?, PRC_CENTS FROM BOOK_MST WHERE BK_NO = ?`, number, i+1, line.Quantity, line.Book)
		if err != nil {
			fail(w, err)
			return
		}
		if n, _ := done.RowsAffected(); n == 0 || line.Quantity <= 0 {
			refuse(w, http.StatusBadRequest, "BADLIN")
			return
		}
	}
	if err := tx.Commit(); err != nil {
		fail(w, err)
		return
	}
	answer(w, http.StatusCreated, map[string]any{"ORD_NO": number})
}
