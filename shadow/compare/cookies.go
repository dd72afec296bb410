package compare

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/strangler-fig/toolkit/shadow"
)

// cookie is what is compared of a cookie that is set: all but its value.
type cookie struct {
	name, path, domain, sameSite  string
	secure, httpOnly, partitioned bool
	life                          lifetime
}

// lifetime is how long a cookie is kept: for the session, for a time, or not at all any more.
type lifetime struct {
	kept    bool // longer than the session
	deleted bool
	span    time.Duration // 0: not known, since it is said from which time on
	until   time.Time     // zero: not said
}

// sameLife is how far lifetimes may be apart that somebody means to be the same: they count from
// when each side answered.
const sameLife = time.Minute

func (l lifetime) same(o lifetime) bool {
	switch {
	case l.kept != o.kept || l.deleted != o.deleted:
		return false
	case !l.kept || l.deleted:
		return true
	case l.span > 0 && o.span > 0:
		return (l.span - o.span).Abs() <= sameLife
	case !l.until.IsZero() && !o.until.IsZero():
		return l.until.Sub(o.until).Abs() <= sameLife
	}
	return true // one says how long, one until when, and not when it said so
}

func (c cookie) same(o cookie) bool {
	life, other := c.life, o.life
	c.life, o.life = lifetime{}, lifetime{}
	return c == o && life.same(other)
}

// cookies compares the cookies that are set, by name. Of several of one name, for other paths or
// domains, each is compared.
func (c *Comparer) cookies(legacy, service http.Header) []shadow.Difference {
	a, b := cookiesOf(legacy), cookiesOf(service)
	var names []string
	for _, all := range []map[string][]cookie{a, b} {
		for name := range all {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var diffs []shadow.Difference
	for _, name := range slices.Compact(names) {
		if !c.plan.cookie(name) || slices.EqualFunc(a[name], b[name], cookie.same) {
			continue
		}
		at := "header:Set-Cookie/" + string(cutUTF8([]byte(name), maxCookieName))
		diffs = append(diffs, shadow.Difference{
			Pointer: at, Pattern: at, Kind: shadow.KindHeader, Legacy: describeCookies(a[name]), Service: describeCookies(b[name]),
		})
	}
	return diffs
}

const maxCookieName = 200

// cookiesOf returns the cookies that are set, by name. Names differ by case (RFC 6265).
func cookiesOf(h http.Header) map[string][]cookie {
	said, _ := http.ParseTime(h.Get("Date"))
	all := map[string][]cookie{}
	for _, line := range h["Set-Cookie"] {
		c := parseCookie(strings.ToValidUTF8(line, "\ufffd"), said)
		all[c.name] = append(all[c.name], c)
	}
	for _, same := range all {
		slices.SortStableFunc(same, func(a, b cookie) int {
			return cmp.Or(cmp.Compare(a.domain, b.domain), cmp.Compare(a.path, b.path))
		})
	}
	return all
}

// parseCookie reads a Set-Cookie as browsers do (RFC 6265, section 5.2): of an attribute that is
// there twice the last counts, and one that can't be read is none.
func parseCookie(line string, said time.Time) cookie {
	pair, rest, _ := strings.Cut(line, ";")
	name, _, assigned := strings.Cut(pair, "=")
	if !assigned {
		name = "" // a cookie without a name, of which pair is the value
	}
	c := cookie{name: strings.TrimSpace(name)}
	var expires, maxAge lifetime
	for attribute := range strings.SplitSeq(rest, ";") {
		key, value, _ := strings.Cut(attribute, "=")
		value = strings.TrimSpace(value)
		switch strings.ToLower(strings.TrimSpace(key)) {
		case "path":
			c.path = value
		case "domain":
			c.domain = strings.ToLower(strings.TrimPrefix(value, "."))
		case "samesite":
			c.sameSite = strings.ToLower(value)
		case "secure":
			c.secure = true
		case "httponly":
			c.httpOnly = true
		case "partitioned":
			c.partitioned = true
		case "expires":
			if until, ok := parseExpires(value); ok {
				expires = untilThen(until, said)
			}
		case "max-age":
			if seconds, err := strconv.ParseInt(value, 10, 64); err == nil {
				seconds = min(max(seconds, 0), 1<<32)
				maxAge = lifetime{kept: true, deleted: seconds == 0, span: time.Duration(seconds) * time.Second}
				if !said.IsZero() {
					maxAge.until = said.Add(maxAge.span)
				}
			}
		}
	}
	if c.life = expires; maxAge.kept { // which has precedence
		c.life = maxAge
	}
	return c
}

func untilThen(until, said time.Time) lifetime {
	l := lifetime{kept: true, until: until, deleted: until.Year() < 1990 || !said.IsZero() && !until.After(said)}
	if !said.IsZero() {
		l.span = until.Sub(said)
	}
	return l
}

// parseExpires reads the forms of a date that servers send.
func parseExpires(value string) (time.Time, bool) {
	for _, form := range []string{http.TimeFormat, "Mon, 02-Jan-2006 15:04:05 MST", "Mon, 02-Jan-06 15:04:05 MST", time.RFC850, time.ANSIC} {
		if at, err := time.Parse(form, value); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}

// describeCookies says in a JSON string what is compared of cookies; nil: there are none.
func describeCookies(cookies []cookie) []byte {
	if len(cookies) == 0 {
		return nil
	}
	var all []string
	for _, c := range cookies {
		all = append(all, c.describe())
	}
	return quote(strings.Join(all, ", "))
}

func (c cookie) describe() string {
	parts := []string{}
	add := func(name, value string) {
		if value != "" {
			parts = append(parts, name+"="+value)
		}
	}
	add("Path", c.path)
	add("Domain", c.domain)
	switch {
	case c.life.deleted:
		parts = append(parts, "deleted")
	case c.life.span > 0:
		add("Max-Age", strconv.Itoa(int(c.life.span.Seconds())))
	case c.life.kept:
		add("Expires", c.life.until.UTC().Format(http.TimeFormat))
	}
	for _, flag := range []struct {
		name string
		set  bool
	}{{"Secure", c.secure}, {"HttpOnly", c.httpOnly}, {"Partitioned", c.partitioned}} {
		if flag.set {
			parts = append(parts, flag.name)
		}
	}
	add("SameSite", c.sameSite)
	if len(parts) == 0 {
		return "no attributes"
	}
	return strings.Join(parts, "; ")
}
