package identity

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// session is the values of the session cookie that a request bears: none, one, or several where a browser
// has several of that name, for different paths. Which of them counts is legacy's to say.
type session []string

// String keeps a session out of messages.
func (session) String() string { return "(a session)" }

// header returns what a request to legacy bears.
func (s session) header(name string) string {
	var b strings.Builder
	for i, value := range s {
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(name)
		b.WriteByte('=')
		b.WriteString(value)
	}
	return b.String()
}

// takeCookie takes the cookies of a name off a request's headers and returns their values. The others stay
// as they came. Values that are empty, or longer than a browser's can be, stand for no session.
func takeCookie(h http.Header, name string) (s session) {
	lines := h["Cookie"]
	var left []string
	touched := false
	for _, line := range lines {
		kept, values := splitCookies(line, name)
		if values == nil {
			left = append(left, line)
			continue
		}
		touched = true
		for _, value := range values {
			if value != "" && len(value) <= MaxCookie {
				s = append(s, value)
			}
		}
		if kept != "" {
			left = append(left, kept)
		}
	}
	switch {
	case !touched:
	case len(left) == 0:
		delete(h, "Cookie")
	default:
		h["Cookie"] = left
	}
	return s
}

// splitCookies returns the values of the cookies of a name in a line, nil where there is none, and the
// line without them.
func splitCookies(line, name string) (left string, values []string) {
	if !strings.Contains(line, name) {
		return line, nil
	}
	var others []string
	for pair := range strings.SplitSeq(line, ";") {
		key, value, _ := strings.Cut(pair, "=")
		if strings.Trim(key, " \t") == name {
			values = append(values, strings.Trim(value, " \t"))
		} else if pair = strings.Trim(pair, " \t"); pair != "" {
			others = append(others, pair)
		}
	}
	return strings.Join(others, "; "), values
}

// setTo returns what an answer's Set-Cookie lines make of the cookie of a name: its value, which is empty
// where it is deleted. The last line counts.
func setTo(h http.Header, name string, now time.Time) (value string, set bool) {
	for _, line := range slices.Backward(h["Set-Cookie"]) {
		pair, attributes, _ := strings.Cut(line, ";")
		key, value, _ := strings.Cut(pair, "=")
		if strings.Trim(key, " \t") != name {
			continue
		}
		if value = strings.Trim(value, " \t"); over(attributes, now) {
			value = ""
		}
		return value, true
	}
	return "", false
}

// over reports whether a Set-Cookie line's attributes delete the cookie (RFC 6265 section 5.2): Max-Age
// comes before Expires.
func over(attributes string, now time.Time) bool {
	expired := false
	for attribute := range strings.SplitSeq(attributes, ";") {
		key, value, _ := strings.Cut(attribute, "=")
		value = strings.Trim(value, " \t")
		switch strings.ToLower(strings.Trim(key, " \t")) {
		case "max-age":
			if strings.HasPrefix(value, "-") {
				return true
			}
			if n, err := strconv.ParseUint(value, 10, 64); err == nil {
				return n == 0
			}
		case "expires":
			for _, layout := range []string{http.TimeFormat, "Mon, 02-Jan-2006 15:04:05 MST", "Mon, 02-Jan-06 15:04:05 MST", time.RFC850, time.ANSIC} {
				if at, err := time.Parse(layout, value); err == nil {
					expired = !at.After(now)
					break
				}
			}
		}
	}
	return expired
}

// dropSetCookie takes the Set-Cookie lines of a name off an answer.
func dropSetCookie(h http.Header, name string) {
	lines := slices.DeleteFunc(slices.Clone(h["Set-Cookie"]), func(line string) bool {
		pair, _, _ := strings.Cut(line, ";")
		key, _, _ := strings.Cut(pair, "=")
		return strings.Trim(key, " \t") == name
	})
	if len(lines) == 0 {
		delete(h, "Set-Cookie")
	} else {
		h["Set-Cookie"] = lines
	}
}

// dropHeader takes a header off, also under the names that CGI and its like take for the same: X_Name.
func dropHeader(h http.Header, name string) {
	for have := range h {
		if strings.EqualFold(strings.ReplaceAll(have, "_", "-"), name) {
			delete(h, have)
		}
	}
}
