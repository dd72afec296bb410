package legacy

import (
	"database/sql"
	"time"
	_ "time/tzdata" // for machines that have none

	"github.com/strangler-fig/toolkit/examples/bookshop/seed"
)

const schema = `
CREATE TABLE IF NOT EXISTS BOOK_MST (BK_NO INTEGER PRIMARY KEY, TTL TEXT, AUTH_NM TEXT, PRC_CENTS INTEGER, CAT_CD TEXT, RLS_DT TEXT, PG_CNT INTEGER, STK_QTY INTEGER);
CREATE TABLE IF NOT EXISTS ORD_HDR (ORD_NO INTEGER PRIMARY KEY, CUST_NO INTEGER, ORD_DT TEXT, STS_CD TEXT);
CREATE TABLE IF NOT EXISTS ORD_LIN (ORD_NO INTEGER, LIN_NO INTEGER, BK_NO INTEGER, QTY INTEGER, PRC_CENTS INTEGER, PRIMARY KEY (ORD_NO, LIN_NO));
CREATE TABLE IF NOT EXISTS CUST_MST (CUST_NO INTEGER PRIMARY KEY, NM TEXT, STR TEXT, TWN TEXT, STS_CD TEXT, CRT_DT TEXT, BAL INTEGER, FLAGS INTEGER, TEL TEXT);
CREATE TABLE IF NOT EXISTS MSG (MSG_NO INTEGER PRIMARY KEY, NM TEXT, EML TEXT, TXT TEXT, NL TEXT);
`

// Codes of the shelves and of an order's status, as the database has always had them.
var (
	categoryCodes = map[string]string{"fiction": "FI", "history": "HI", "nature": "NA", "cooking": "CO"}
	statusCodes   = map[string]string{"open": "O", "shipped": "S", "cancelled": "X"}
)

// Dates are day first for books and year first for orders; nobody remembers why. Customers' are in the
// time of the town where the shop began.
const (
	bookDate     = "02/01/2006"
	orderDate    = "2006-01-02 15:04"
	customerDate = "02/01/2006 15:04"
)

var shopZone = zone("Europe/Berlin")

// zone returns a time zone, which the program has with it.
func zone(name string) *time.Location {
	loaded, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return loaded
}

// fill creates the tables and, in an empty database, the shop's first data.
func fill(db *sql.DB) error {
	if _, err := db.Exec(schema); err != nil {
		return err
	}
	var n int
	if err := fillCustomers(db); err != nil {
		return err
	}
	if err := db.QueryRow(`SELECT count(*) FROM BOOK_MST`).Scan(&n); err != nil || n > 0 {
		return err
	}
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback()
	for _, b := range seed.Books() {
		if _, err := tx.Exec(`INSERT INTO BOOK_MST VALUES (?, ?, ?, ?, ?, ?, ?, ?)`, b.No, b.Title, b.Author, b.Cents,
			categoryCodes[b.Category], b.Released.Format(bookDate), b.Pages, b.Stock); err != nil {
			return err
		}
	}
	for _, o := range seed.Orders() {
		if _, err := tx.Exec(`INSERT INTO ORD_HDR VALUES (?, ?, ?, ?)`, o.No, o.Customer, o.Placed.Format(orderDate), statusCodes[o.Status]); err != nil {
			return err
		}
		for i, l := range o.Lines {
			if _, err := tx.Exec(`INSERT INTO ORD_LIN VALUES (?, ?, ?, ?, ?)`, o.No, i+1, l.Book, l.Quantity, l.Cents); err != nil {
				return err
			}
		}
	}
	return tx.Commit()
}

// fillCustomers does fill's work for a database of before there were any.
func fillCustomers(db *sql.DB) error {
	var n int
	if err := db.QueryRow(`SELECT count(*) FROM CUST_MST`).Scan(&n); err != nil || n > 0 {
		return err
	}
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback()
	for _, c := range seed.Customers() {
		if _, err := tx.Exec(`INSERT INTO CUST_MST VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`, c.No, c.Last+", "+c.First, c.Street, c.Town,
			map[bool]string{true: "A", false: "I"}[c.Active], c.Since.In(shopZone).Format(customerDate), c.Cents, flags(c), c.Phone); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// flags are what the shop knows of a customer, a bit each.
func flags(c seed.Customer) (bits int) {
	if c.Newsletter {
		bits |= 1
	}
	if c.Reseller {
		bits |= 4 // 2 was for the fax
	}
	return bits
}
