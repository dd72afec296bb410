package dashboard

import (
	"net/http"
	"net/url"
	"strings"
	"unicode"

	"github.com/strangler-fig/toolkit/web"
)

// viewer is who looks at a page and what they may do.
type viewer struct {
	Name     string // the token's, or what a person typed; may be empty
	Verified bool
	Read     bool // recorded answers
	Operate  bool
}

const (
	nameCookie   = "strangler_name"
	maxName      = 64
	defaultActor = "dashboard"
)

func viewerOf(r *http.Request) viewer {
	id := web.IdentityFrom(r.Context())
	v := viewer{Name: id.Name, Verified: id.Verified, Read: id.Role.Allows(web.RoleEvidence), Operate: id.Role.Allows(web.RoleOperate)}
	if !v.Verified {
		v.Name = ""
		if c, err := r.Cookie(nameCookie); err == nil {
			name, _ := url.QueryUnescape(c.Value)
			v.Name = cleanName(name)
		}
	}
	return v
}

func cleanName(s string) string {
	s = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, ""), func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	if runes := []rune(s); len(runes) > maxName {
		s = string(runes[:maxName])
	}
	return s
}

// actor returns who makes a change. Without tokens it is what the form says, which a cookie
// keeps for the next time.
func actor(w http.ResponseWriter, r *http.Request) web.Actor {
	id := web.IdentityFrom(r.Context())
	name := cleanName(r.PostForm.Get("actor"))
	if !id.Verified && r.PostForm.Has("actor") {
		c := http.Cookie{Name: nameCookie, Value: url.QueryEscape(name), Path: "/", HttpOnly: true, Secure: r.TLS != nil,
			SameSite: http.SameSiteStrictMode, MaxAge: 365 * 24 * 60 * 60}
		if name == "" {
			c.MaxAge = -1
		}
		http.SetCookie(w, &c)
	}
	if name == "" {
		name = viewerOf(r).Name
	}
	if name == "" {
		name = defaultActor
	}
	return id.Actor(name)
}
