package accesslog

import (
	"errors"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Entry is one line of a log.
type Entry struct {
	Time   time.Time
	Client string // an address or, where the server looks them up, a host name
	Method string // empty: the line tells of no request that could be read, such as one that never came
	Target string // path and query as they came, with their escapes
	Host   string // that was asked for; empty: the log doesn't tell
	Agent  string // User-Agent; empty: the log doesn't tell, or there was none
	Status int
}

// The reasons why a line can't be read.
var (
	errFormat  = errors.New("it is in none of the formats that are known: Apache's common and combined, nginx's combined, AWS ALB")
	errTime    = errors.New("it has no time such as [10/Oct/2026:13:55:36 +0200]")
	errRequest = errors.New("its request doesn't stand in quotes")
	errStatus  = errors.New("it has no status")
)

// Parse reads one line, without its end.
func Parse(line string) (Entry, error) {
	if kind, rest, ok := strings.Cut(line, " "); ok && isBalancers(kind) {
		if at, rest, ok := strings.Cut(rest, " "); ok {
			if t, err := time.Parse(time.RFC3339Nano, at); err == nil {
				return parseBalancer(t, rest)
			}
		}
	}
	return parseCommon(line)
}

// isBalancers reports whether a word is one that an ALB's line begins with.
func isBalancers(kind string) bool {
	switch kind {
	case "http", "https", "h2", "grpcs", "ws", "wss":
		return true
	}
	return false
}

const commonTime = "02/Jan/2006:15:04:05 -0700"

// parseCommon reads
//
//	[vhost[:port]] host ident user [time] "request" status bytes ["referer" "agent"] …
func parseCommon(line string) (Entry, error) {
	var e Entry
	before, rest, found := "", "", false
	for from := 0; !found; {
		// The user's name comes from the client, and may have brackets in it.
		at := strings.Index(line[from:], "[")
		if at < 0 {
			break
		}
		at += from
		from = at + 1
		end := strings.IndexByte(line[from:], ']')
		if end < 0 {
			break
		}
		if t, err := time.Parse(commonTime, line[from:from+end]); err == nil {
			e.Time, before, rest, found = t, line[:at], line[from+end+1:], true
		}
	}
	if !found {
		if strings.Contains(line, `"`) && strings.Contains(line, "[") {
			return e, errTime
		}
		return e, errFormat
	}
	words := strings.Fields(before)
	if len(words) < 3 {
		return e, errFormat
	}
	e.Client = strings.TrimSuffix(words[0], ",") // of several addresses that a proxy told
	if len(words) > 3 && isVirtualHost(words) {
		e.Host, e.Client = words[0], words[1]
	}
	request, rest, ok := quoted(strings.TrimLeft(rest, " "))
	if !ok {
		return e, errRequest
	}
	status, rest, _ := strings.Cut(strings.TrimLeft(rest, " "), " ")
	if e.Status, ok = parseStatus(status); !ok {
		return e, errStatus
	}
	_, rest, _ = strings.Cut(rest, " ") // bytes
	if _, rest, ok = quoted(rest); ok { // referer
		e.Agent, _, _ = quoted(strings.TrimLeft(rest, " "))
	}
	e.request(request)
	e.Agent = noDash(e.Agent)
	return e, nil
}

// isVirtualHost reports whether the first of four or more words is a virtual host's name: what comes
// after it is an address, or it has a port. A user's name may be several words, too.
func isVirtualHost(words []string) bool {
	if isAddress(words[0]) || strings.HasSuffix(words[0], ",") {
		return false
	}
	if isAddress(words[1]) {
		return true
	}
	_, port, ok := strings.Cut(words[0], ":")
	_, err := strconv.ParseUint(port, 10, 16)
	return ok && err == nil
}

func isAddress(s string) bool {
	_, err := netip.ParseAddr(s)
	return err == nil
}

// parseBalancer reads what follows an ALB's type and time:
//
//	elb client:port target:port request_time target_time response_time elb_status target_status
//	received sent "request" "agent" …
func parseBalancer(t time.Time, line string) (Entry, error) {
	e := Entry{Time: t}
	before, rest, ok := strings.Cut(line, ` "`)
	words := strings.Fields(before)
	if !ok || len(words) < 10 {
		return e, errFormat
	}
	e.Client = words[1]
	if at := strings.LastIndexByte(e.Client, ':'); at >= 0 {
		e.Client = strings.Trim(e.Client[:at], "[]")
	}
	request, rest, ok := quoted(`"` + rest)
	if !ok {
		return e, errRequest
	}
	if e.Status, ok = parseStatus(words[6]); !ok {
		return e, errStatus
	}
	e.Agent, _, _ = quoted(strings.TrimLeft(rest, " "))
	e.Agent = noDash(e.Agent)
	e.request(request)
	return e, nil
}

// parseStatus reads a status; "-" stands for one that was never sent.
func parseStatus(s string) (int, bool) {
	if s == "-" {
		return 0, true
	}
	n, err := strconv.Atoi(s)
	return n, err == nil && n >= 0 && n <= 999
}

// request takes a request line apart; what is none leaves the method empty.
func (e *Entry) request(line string) {
	method, target, ok := strings.Cut(line, " ")
	if !ok || !isMethod(method) {
		return
	}
	if at := strings.LastIndexByte(target, ' '); at >= 0 && strings.HasPrefix(target[at+1:], "HTTP/") {
		target = target[:at]
	}
	if !strings.HasPrefix(target, "/") && strings.Contains(target, "://") {
		u, err := url.Parse(target)
		if err != nil || u.Host == "" {
			return
		}
		e.Host, target = u.Host, u.RequestURI()
	}
	if target != "" {
		e.Method, e.Target = method, target
	}
}

// isMethod reports whether s is such as a client would send; "-" stands for none.
func isMethod(s string) bool {
	for i, c := range []byte(s) {
		letter := 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z'
		if !letter && (i == 0 || c != '-' && c != '_') {
			return false
		}
	}
	return s != ""
}

func noDash(s string) string {
	if s == "-" {
		return ""
	}
	return s
}

// quoted returns what stands in quotes at the beginning of s, without the escapes that servers put
// into it (\" \\ \xHH and those of C), and what comes after it.
func quoted(s string) (text, rest string, ok bool) {
	if s == "" || s[0] != '"' {
		return "", s, false
	}
	escaped := false
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '"':
			if text = s[1:i]; escaped {
				text = unescape(text)
			}
			return text, s[i+1:], true
		case '\\':
			escaped = true
			i++
		}
	}
	return "", s, false
}

func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		switch c := s[i]; c {
		case 'x':
			if i+2 < len(s) {
				if n, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
					b.WriteByte(byte(n))
					i += 2
					continue
				}
			}
			b.WriteString(`\x`)
		case 'n':
			b.WriteByte('\n')
		case 't':
			b.WriteByte('\t')
		case 'r':
			b.WriteByte('\r')
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}
