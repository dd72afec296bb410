package export

import (
	"cmp"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/strangler-fig/toolkit/web"
)

// HAR is an HTTP archive, version 1.2 (http://www.softwareishard.com/blog/har-12-spec/), as far as it
// says anything of an exchange.
type HAR struct {
	Log harLog `json:"log"`
}

type harLog struct {
	Version string     `json:"version"`
	Creator harCreator `json:"creator"`
	Entries []HAREntry `json:"entries"`
}

type harCreator struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// HAREntry is one exchange of an archive.
type HAREntry struct {
	Started  time.Time   `json:"startedDateTime"`
	Time     float64     `json:"time"` // milliseconds
	Request  harRequest  `json:"request"`
	Response harResponse `json:"response"`
	Cache    struct{}    `json:"cache"`
	Timings  harTimings  `json:"timings"`
	Comment  string      `json:"comment,omitempty"`
}

// harTimings are in milliseconds; -1: that doesn't apply.
type harTimings struct {
	Send    float64 `json:"send"`
	Wait    float64 `json:"wait"`
	Receive float64 `json:"receive"`
}

type harPair struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type harRequest struct {
	Method      string    `json:"method"`
	URL         string    `json:"url"`
	HTTPVersion string    `json:"httpVersion"`
	Cookies     []harPair `json:"cookies"`
	Headers     []harPair `json:"headers"`
	QueryString []harPair `json:"queryString"`
	PostData    *harPost  `json:"postData,omitempty"`
	HeadersSize int       `json:"headersSize"` // -1: not known
	BodySize    int       `json:"bodySize"`
}

type harPost struct {
	MIMEType string `json:"mimeType"`
	Text     string `json:"text"`
}

type harResponse struct {
	Status      int        `json:"status"`
	StatusText  string     `json:"statusText"`
	HTTPVersion string     `json:"httpVersion"`
	Cookies     []harPair  `json:"cookies"`
	Headers     []harPair  `json:"headers"`
	Content     harContent `json:"content"`
	RedirectURL string     `json:"redirectURL"`
	HeadersSize int        `json:"headersSize"`
	BodySize    int        `json:"bodySize"`
}

type harContent struct {
	Size     int    `json:"size"`
	MIMEType string `json:"mimeType"`
	Text     string `json:"text,omitempty"`
	Encoding string `json:"encoding,omitempty"` // base64
}

// writeHAR writes an archive with the answers of the right side.
func writeHAR(w io.Writer, e Export, all []web.Exchange) error {
	archive := HAR{harLog{Version: "1.2", Creator: harCreator{"strangler", "1"}, Entries: []HAREntry{}}}
	for _, x := range all {
		right := e.right(x)
		if right == nil {
			continue
		}
		entry := HAREntry{Started: x.At, Time: right.LatencyMS, Comment: x.ID, Timings: harTimings{Wait: right.LatencyMS},
			Request: harRequest{Method: x.Method, URL: e.url(x), HTTPVersion: "HTTP/1.1", Cookies: []harPair{}, Headers: []harPair{}, QueryString: queryPairs(x.Path),
				HeadersSize: -1, BodySize: len(x.Body)},
			Response: harResponse{Status: right.Status, StatusText: http.StatusText(right.Status), HTTPVersion: "HTTP/1.1", Cookies: []harPair{}, Headers: []harPair{},
				RedirectURL: http.Header(right.Headers).Get("Location"), HeadersSize: -1, BodySize: int(right.Size),
				Content: harContent{Size: len(right.Body), MIMEType: http.Header(right.Headers).Get("Content-Type"), Text: right.Body}},
		}
		for _, h := range sent(x) {
			entry.Request.Headers = append(entry.Request.Headers, harPair{h.name, h.value})
		}
		if x.Body != "" {
			entry.Request.PostData = &harPost{http.Header(x.Headers).Get("Content-Type"), x.Body}
		}
		for _, name := range sortedKeys(right.Headers) {
			for _, value := range right.Headers[name] {
				entry.Response.Headers = append(entry.Response.Headers, harPair{name, value})
			}
		}
		if right.Binary {
			entry.Response.Content.Encoding = "base64"
		}
		archive.Log.Entries = append(archive.Log.Entries, entry)
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(archive)
}

func queryPairs(path string) []harPair {
	pairs := []harPair{}
	_, query, _ := strings.Cut(path, "?")
	for part := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(part, "=")
		if name == "" {
			continue
		}
		plain := func(s string) string {
			if decoded, err := url.QueryUnescape(s); err == nil {
				return decoded
			}
			return s
		}
		pairs = append(pairs, harPair{plain(name), plain(value)})
	}
	return pairs
}

// Exchange returns an entry as an exchange that legacy answered; false: it has no answer, as requests
// have that a browser blocked.
func (e HAREntry) Exchange() (web.Exchange, bool) {
	u, err := url.Parse(e.Request.URL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || e.Response.Status < 200 {
		return web.Exchange{}, false
	}
	if e.Response.Content.Text == "" && e.Response.Content.Size > 0 {
		return web.Exchange{}, false // its body wasn't saved
	}
	x := web.Exchange{At: e.Started, Method: e.Request.Method, Path: u.RequestURI(), Host: u.Host, Headers: headersOf(e.Request.Headers), Served: "legacy",
		Legacy: &web.Answer{Status: e.Response.Status, Headers: headersOf(e.Response.Headers), Body: e.Response.Content.Text,
			Binary: e.Response.Content.Encoding == "base64", LatencyMS: max(0, cmp.Or(e.Timings.Wait, e.Time))}}
	if e.Request.PostData != nil {
		x.Body = e.Request.PostData.Text
	}
	return x, true
}

// headersOf returns headers as HTTP/1.1 has them: without HTTP/2's pseudo-headers.
func headersOf(pairs []harPair) map[string][]string {
	h := http.Header{}
	for _, p := range pairs {
		if strings.HasPrefix(p.Name, ":") {
			continue
		}
		for value := range strings.SplitSeq(p.Value, "\n") { // as Chromium joins Set-Cookie
			h.Add(p.Name, strings.TrimSpace(value))
		}
	}
	return h
}
