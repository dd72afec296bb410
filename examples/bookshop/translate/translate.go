// Package translate is the bookshop's anti-corruption layer, written in Go: the legacy API in
// front, the services' models behind.
package translate

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/strangler-fig/toolkit/acl"
)

// All returns the translators under the names by which strangler.yaml knows them.
func All() map[string]acl.Translator {
	return map[string]acl.Translator{
		"bookshop-book":   acl.Chain{errors, path("/api/book/", "/books/", ""), acl.JSON(nil, legacyBook)},
		"bookshop-stock":  acl.Chain{errors, path("/api/stock/", "/books/", "/stock"), acl.JSON(nil, legacyStock)},
		"bookshop-books":  acl.Chain{errors, shelf, acl.JSON(nil, legacyShelf)},
		"bookshop-search": acl.Chain{errors, search, acl.JSON(nil, legacyShelf)},
		"bookshop-orders": acl.Chain{errors, path("/api/ord", "/orders", ""), acl.JSON(newOrder, legacyOrder)},
	}
}

// path returns a translator of paths that begin with from; those it sends on begin with to and
// end with suffix.
func path(from, to, suffix string) acl.Translator {
	return acl.Funcs{Request: func(r *http.Request) (*http.Request, error) {
		rest, ok := strings.CutPrefix(r.URL.EscapedPath(), from)
		if !ok {
			return nil, fmt.Errorf("the path %s does not begin with %s", r.URL.Path, from)
		}
		return r, setPath(r, to+rest+suffix)
	}}
}

func setPath(r *http.Request, escaped string) error {
	u, err := r.URL.Parse(escaped)
	if err != nil {
		return err
	}
	r.URL.Path, r.URL.RawPath = u.Path, u.RawPath
	return nil
}

// meta is what every answer of the legacy API carries.
type meta struct {
	RequestID string `json:"REQ_ID"`
	Generated string `json:"GEN_TS"`
}

func newMeta() meta {
	return meta{rand.Text()[:12], time.Now().Format("2006-01-02 15:04:05")}
}

// errors turns a service's problem document (RFC 9457) into legacy's error object.
var errors = acl.Funcs{Answer: func(client *http.Request, resp *http.Response) error {
	code, known := map[int]string{http.StatusNotFound: "NOTFOUND", http.StatusBadRequest: "BADORD"}[resp.StatusCode]
	resp.Header.Set("X-Powered-By", "Bookshop/4.2")
	if !known {
		if resp.StatusCode < 300 && strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json") {
			resp.Header.Set("Content-Type", "application/json;charset=utf-8")
		}
		return nil
	}
	body, err := json.Marshal(struct {
		meta
		Code string `json:"ERR_CD"`
	}{newMeta(), code})
	if err != nil {
		return err
	}
	resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(body))
	resp.ContentLength = int64(len(body))
	resp.Header.Set("Content-Length", strconv.Itoa(len(body)))
	resp.Header.Set("Content-Type", "application/json;charset=utf-8")
	resp.Header.Set("Cache-Control", "no-cache")
	return nil
}}

// cents reads a decimal amount of euros without going through floating point.
func cents(euros string) (int64, error) {
	whole, fraction, _ := strings.Cut(euros, ".")
	if len(fraction) != 2 {
		return 0, fmt.Errorf("the amount %q does not have two decimals", euros)
	}
	return strconv.ParseInt(whole+fraction, 10, 64)
}
