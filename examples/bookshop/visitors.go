package bookshop

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"

	"github.com/strangler-fig/toolkit/examples/bookshop/seed"
	"golang.org/x/sync/errgroup"
)

// visitors is how many people walk through the shop, each with cookies of their own.
const visitors = 40

// Visit drives traffic at rate requests per second towards the shop at base until ctx ends: the
// mixture that a bookshop sees, pages and API, reads and now and then an order. A request that
// can't be sent in time is left out rather than queued.
func Visit(ctx context.Context, base string, rate float64) {
	if rate <= 0 {
		return
	}
	transport := &http.Transport{MaxIdleConnsPerHost: visitors}
	defer transport.CloseIdleConnections()
	people := make([]*http.Client, visitors)
	for i := range people {
		jar, _ := cookiejar.New(nil)
		people[i] = &http.Client{Jar: jar, Transport: transport, Timeout: 10 * time.Second}
	}
	tick := time.NewTicker(time.Duration(float64(time.Second) / rate))
	defer tick.Stop()
	var visiting errgroup.Group
	visiting.SetLimit(visitors)
	defer visiting.Wait()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		person := people[rand.IntN(len(people))]
		visiting.TryGo(func() error {
			request(ctx, person, base)
			return nil
		})
	}
}

// till is what the till in the shop sends.
const till = `<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><GetCustomer xmlns="urn:bookshop:customers"><CUST_NO>%d</CUST_NO></GetCustomer></soap:Body></soap:Envelope>`

// request makes one request of a visit. What becomes of it is the proxy's to count.
func request(ctx context.Context, client *http.Client, base string) {
	method, path, body, contentType := "GET", "", "", "application/json"
	book := 1 + rand.IntN(len(seed.Books()))
	switch n := rand.IntN(100); {
	case n < 25:
		path = fmt.Sprintf("/api/book/%d", book)
	case n < 50:
		path = fmt.Sprintf("/api/ord/%d", 1001+rand.IntN(len(seed.Orders())))
	case n < 62:
		path = "/api/book?CAT=" + []string{"FI", "HI", "NA", "CO"}[rand.IntN(4)]
	case n < 72:
		path = "/api/search?Q=" + []string{"river", "fig", "garden", "nothing"}[rand.IntN(4)]
	case n < 82:
		path = fmt.Sprintf("/api/stock/%d", book)
	case n < 84:
		method, path = "POST", "/api/ord"
		body = fmt.Sprintf(`{"CUST_NO":%d,"LINES":[{"BK_NO":%d,"QTY":1}]}`, 1+rand.IntN(30), book)
	case n < 88:
		path = fmt.Sprintf("/book/%d", book)
	case n < 92:
		method, path, contentType = "POST", "/soap/customers", "text/xml; charset=utf-8"
		body = fmt.Sprintf(till, 1+rand.IntN(len(seed.Customers())))
	case n < 93:
		method, path, contentType = "POST", "/contact", "application/x-www-form-urlencoded"
		body = url.Values{"NM": {"A visitor"}, "EML": {"visitor@example.com"}, "TXT": {"When does the shop open?"}}.Encode()
	case n < 95:
		path = "/feed.xml"
	default:
		path = "/"
	}
	req, err := http.NewRequestWithContext(ctx, method, base+path, strings.NewReader(body))
	if err != nil {
		return
	}
	if body != "" {
		req.Header.Set("Content-Type", contentType)
	}
	resp, err := client.Do(req)
	if err != nil {
		return
	}
	io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
}
