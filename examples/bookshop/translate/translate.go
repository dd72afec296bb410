// Package translate is what of the bookshop's anti-corruption layer is written in Go, as a team does it
// for what no configuration can say. All else stands under translators in strangler.yaml.
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
	"github.com/strangler-fig/toolkit/examples/bookshop/catalogue"
)

// All returns the translators under the names by which strangler.yaml knows them.
func All() map[string]acl.Translator {
	return map[string]acl.Translator{
		"bookshop-stock": acl.Chain{errors, path("/api/stock/", "/books/", "/stock"), acl.JSON(nil, legacyStock)},
	}
}

// stock is how many copies there are, as legacy says it.
type stock struct {
	envelope
	Quantity  int    `json:"STK_QTY"`
	Available string `json:"AVAIL_YN"`
}

// legacyStock says twice what the service says once: that there are any follows from how many there are.
func legacyStock(s catalogue.Stock) (stock, error) {
	if s.Copies < 0 {
		return stock{}, &acl.Error{Pointer: "/copies", Err: fmt.Errorf("%d copies are less than none", s.Copies)}
	}
	available := "N"
	if s.Copies > 0 {
		available = "Y"
	}
	return stock{newEnvelope(), s.Copies, available}, nil
}

// envelope is what every answer of the legacy API carries.
type envelope struct {
	RequestID string `json:"REQ_ID"`
	Generated string `json:"GEN_TS"`
}

func newEnvelope() envelope {
	return envelope{rand.Text()[:12], time.Now().Format("2006-01-02 15:04:05")}
}

// path returns a translator of paths that begin with from; those it sends on begin with to and
// end with suffix.
func path(from, to, suffix string) acl.Translator {
	return acl.Funcs{Request: func(r *http.Request) (*http.Request, error) {
		rest, ok := strings.CutPrefix(r.URL.EscapedPath(), from)
		if !ok {
			return nil, fmt.Errorf("the path %s does not begin with %s", r.URL.Path, from)
		}
		u, err := r.URL.Parse(to + rest + suffix)
		if err != nil {
			return nil, err
		}
		r.URL.Path, r.URL.RawPath = u.Path, u.RawPath
		return r, nil
	}}
}

// errors turns a service's problem document (RFC 9457) into legacy's error object.
var errors = acl.Funcs{Answer: func(client *http.Request, resp *http.Response) error {
	resp.Header.Set("X-Powered-By", "Bookshop/4.2")
	if resp.StatusCode != http.StatusNotFound {
		resp.Header.Set("Content-Type", "application/json;charset=utf-8")
		return nil
	}
	body, err := json.Marshal(struct {
		envelope
		Code string `json:"ERR_CD"`
	}{newEnvelope(), "NOTFOUND"})
	if err != nil {
		return err
	}
	resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(body))
	resp.ContentLength = int64(len(body))
	resp.Header.Set("Content-Length", strconv.Itoa(len(body)))
	resp.Header.Set("Content-Type", "application/json;charset=utf-8")
	return nil
}}
