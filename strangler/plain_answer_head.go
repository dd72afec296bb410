package strangler

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"
)

// whole writes a head to which there is nothing to add: it says how long the body is, and what it is, and nothing
// about connection and form. That is what begin makes of it, too, at twice the cost.
func (a *plainAnswer) whole(h http.Header) bool {
	if a.length < 0 || !bodyAllowed(a.status) || a.server.ends() {
		return false
	}
	dated, size := false, 64 // with the first line
	for name, values := range h {
		switch name {
		case "Connection", "Trailer", "Transfer-Encoding":
			return false
		case "Date":
			dated = true
		}
		if strings.HasPrefix(name, http.TrailerPrefix) {
			return false
		}
		for _, value := range values {
			size += len(name) + len(value) + len(": \r\n")
		}
	}
	if !dated || size > departureSize-a.n {
		return false
	}
	a.statusLine(a.status)
	a.fields(h)
	a.add("\r\n")
	return true
}

// bodyAllowed reports whether answers of a status have a body (RFC 9110 section 6.4.1).
func bodyAllowed(status int) bool {
	return status >= 200 && status != http.StatusNoContent && status != http.StatusNotModified
}

// begin writes the head into what is sent next. What is known of the body is its beginning, or all of it where
// the handler has returned.
func (a *plainAnswer) begin(h http.Header, known []byte) {
	a.waits = nil
	head := *a.method == http.MethodHead
	coding := first(h["Transfer-Encoding"])
	names := 0
	for _, line := range h["Trailer"] {
		for name := range strings.SplitSeq(line, ",") {
			names++
			if name = http.CanonicalHeaderKey(strings.TrimSpace(name)); httpguts.ValidTrailerHeader(name) {
				a.trailer = append(a.trailer, name)
			}
		}
	}
	for name := range h {
		if strings.HasPrefix(name, http.TrailerPrefix) {
			names++
		}
	}
	tells := -1
	if a.over && names == 0 && coding == "" && bodyAllowed(a.status) && len(h["Content-Length"]) == 0 && (!head || len(known) > 0) {
		tells = len(known)
		a.length = int64(tells)
	}
	if a.length >= 0 && coding != "" && coding != "identity" {
		a.length = -1
	}
	var except [3]string // of h
	switch {
	case a.status == http.StatusNotModified:
		except = [3]string{"Content-Length", "Transfer-Encoding", "Content-Type"}
	case !bodyAllowed(a.status):
		except = [3]string{"Content-Length", "Transfer-Encoding"}
	case head || a.length >= 0:
		except[0] = "Transfer-Encoding"
	case coding == "identity": // the body ends with the connection
		a.closing = true
		except[0] = "Transfer-Encoding"
	default:
		a.chunked = true
		except[0] = "Content-Length"
		if coding == "chunked" {
			except[1] = "Transfer-Encoding"
		}
	}
	says := ""
	if connection := h["Connection"]; len(connection) > 0 || a.closing || a.server.ends() {
		a.closing = a.closing || first(connection) == "close" || a.server.ends()
		if a.closing && !listHas(connection, "close") {
			says = "Connection: close\r\n"
			if except[2] == "" {
				except[2] = "Connection"
			}
		}
	}
	a.statusLine(a.status)
	a.fields(h, except[:]...)
	a.add(says)
	if a.chunked {
		a.add("Transfer-Encoding: chunked\r\n")
	}
	if tells >= 0 {
		a.add("Content-Length: " + strconv.Itoa(tells) + "\r\n")
	}
	if len(known) > 0 && bodyAllowed(a.status) && coding == "" && first(h["Content-Encoding"]) == "" {
		if _, typed := h["Content-Type"]; !typed {
			a.add("Content-Type: " + http.DetectContentType(known) + "\r\n")
		}
	}
	if _, dated := h["Date"]; !dated {
		a.add("Date: " + time.Now().UTC().Format(http.TimeFormat) + "\r\n")
	}
	a.add("\r\n")
}

func (a *plainAnswer) statusLine(status int) {
	if status == http.StatusOK {
		a.add("HTTP/1.1 200 OK\r\n")
		return
	}
	text := http.StatusText(status)
	if text == "" {
		text = "status code " + strconv.Itoa(status)
	}
	a.add("HTTP/1.1 " + strconv.Itoa(status) + " " + text + "\r\n")
}

// fields writes headers. As with net/http those with names that are none don't go out.
func (a *plainAnswer) fields(h http.Header, except ...string) {
	for name, values := range h {
		if len(values) == 0 || slices.Contains(except, name) || !isToken(name) || strings.HasPrefix(name, http.TrailerPrefix) {
			continue
		}
		for _, value := range values {
			if strings.IndexByte(value, '\n') >= 0 || strings.IndexByte(value, '\r') >= 0 {
				value = strings.NewReplacer("\n", " ", "\r", " ").Replace(value)
			}
			a.add(name)
			a.add(": ")
			a.add(strings.Trim(value, " \t"))
			a.add("\r\n")
		}
	}
}

// trailers returns what the handler has set of them.
func (a *plainAnswer) trailers() http.Header {
	var t http.Header
	add := func(name string, values []string) {
		if t == nil {
			t = make(http.Header)
		}
		t[name] = append(t[name], values...)
	}
	for name, values := range a.header {
		if bare, ok := strings.CutPrefix(name, http.TrailerPrefix); ok {
			add(bare, values)
		}
	}
	for _, name := range a.trailer {
		add(name, a.header[name])
	}
	return t
}
