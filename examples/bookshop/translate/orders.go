package translate

import (
	"fmt"
	"strconv"

	"github.com/strangler-fig/toolkit/examples/bookshop/orders"
)

// statuses are legacy's codes of what can become of an order.
var statuses = map[string]string{"open": "O", "shipped": "S", "cancelled": "X"}

// order is an order of the legacy API, as it is sent and as it is answered.
type order struct {
	meta
	Number   int    `json:"ORD_NO"`
	Customer int    `json:"CUST_NO"`
	Date     string `json:"ORD_DT"`
	Status   string `json:"STS_CD"`
	Lines    []line `json:"LINES"`
	Total    int64  `json:"TOT_CENTS"`
	Tax      int64  `json:"VAT_CENTS"`
}

type line struct {
	Book     int   `json:"BK_NO"`
	Quantity int   `json:"QTY"`
	Cents    int64 `json:"PRC_CENTS"`
}

func newOrder(o order) (orders.Order, error) {
	out := orders.Order{Customer: strconv.Itoa(o.Customer)}
	for _, l := range o.Lines {
		out.Lines = append(out.Lines, orders.Line{Book: strconv.Itoa(l.Book), Quantity: l.Quantity})
	}
	return out, nil
}

func legacyOrder(o orders.Order) (order, error) {
	number, err := strconv.Atoi(o.ID)
	if err != nil {
		return order{}, fmt.Errorf("the id %q is not a number", o.ID)
	}
	customer, err := strconv.Atoi(o.Customer)
	if err != nil {
		return order{}, fmt.Errorf("the customer %q is not a number", o.Customer)
	}
	status, known := statuses[o.Status]
	if !known {
		return order{}, fmt.Errorf("legacy has no code for status %q", o.Status)
	}
	out := order{meta: newMeta(), Number: number, Customer: customer, Date: o.Placed.Format("2006-01-02 15:04"), Status: status, Lines: []line{}}
	if out.Total, err = cents(o.Total); err != nil {
		return order{}, err
	}
	if out.Tax, err = cents(o.Tax); err != nil {
		return order{}, err
	}
	for _, l := range o.Lines {
		book, err := strconv.Atoi(l.Book)
		if err != nil {
			return order{}, fmt.Errorf("the book %q is not a number", l.Book)
		}
		price, err := cents(l.Price)
		if err != nil {
			return order{}, err
		}
		out.Lines = append(out.Lines, line{book, l.Quantity, price})
	}
	return out, nil
}
