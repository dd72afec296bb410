package exchange_test

import (
	"errors"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/acl/exchange"
	"github.com/strangler-fig/toolkit/acl/lens"
)

// TestCookiePaths has a service, or legacy behind a facade, set cookies.
func TestCookiePaths(t *testing.T) {
	x := compiled(t, exchange.Config{
		Path:    lens.Sides[string]{Legacy: "/cgi/cust.pl?id={id}", Service: "/customers/{id}"},
		Cookies: []exchange.Cookie{{Legacy: "/cgi/img", Service: "/customers/pictures/"}, {Legacy: "/cgi", Service: "/customers"}},
	})
	for name, c := range map[string]struct {
		facade    bool
		set, want string // empty: as it is
	}{
		"its path":              {set: "a=1; Path=/customers; HttpOnly", want: "a=1; Path=/cgi; HttpOnly"},
		"below it":              {set: "a=1;path=/customers/7 ; Secure", want: "a=1;path=/cgi/7; Secure"},
		"the first that fits":   {set: "a=1; Path=/customers/pictures/7", want: "a=1; Path=/cgi/img/7"},
		"its own slash":         {set: "a=1; Path=/customers/pictures/", want: "a=1; Path=/cgi/img"},
		"with another slash":    {set: "a=1; Path=/customers/", want: "a=1; Path=/cgi/"},
		"every path it has":     {set: "a=1; Path=/; Path=/customers", want: "a=1; Path=/; Path=/cgi"},
		"one that is longer":    {set: "a=1; Path=/customers2"},
		"another":               {set: "a=1; Path=/orders"},
		"all of the site":       {set: "a=1; Path=/"},
		"none":                  {set: "a=1; HttpOnly"},
		"a path without a path": {set: "a=1; Path; Path="},
		"a value that looks so": {set: "Path=/customers; Secure"},
		"a host's cookie":       {set: "__Host-a=1; Secure; Path=/customers"},
		"its domain stays":      {set: "a=1; Domain=customers.internal; Path=/customers; Expires=Wed, 21 Oct 2026 07:28:00 GMT", want: "a=1; Domain=customers.internal; Path=/cgi; Expires=Wed, 21 Oct 2026 07:28:00 GMT"},
		"quoted":                {set: `a="x y"; Path="/customers"`},
		"legacy's":              {facade: true, set: "a=1; Path=/cgi/7", want: "a=1; Path=/customers/7"},
		"legacy's own slash":    {facade: true, set: "a=1; Path=/cgi/img", want: "a=1; Path=/customers/pictures/"},
	} {
		t.Run(name, func(t *testing.T) {
			around, path := front(x), "/cgi/cust.pl?id=7"
			if c.facade {
				around, path = facade(x), "/customers/7"
			}
			client, url, _ := behind(t, around, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Add("Set-Cookie", c.set)
				w.Header().Add("Set-Cookie", "last=1")
			})
			resp, err := client.Get(url + path)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			want := c.want
			if want == "" {
				want = c.set
			}
			if diff := cmp.Diff([]string{want, "last=1"}, resp.Header["Set-Cookie"]); diff != "" {
				t.Errorf("Set-Cookie (-want +got):\n%s", diff)
			}
		})
	}
}

// TestCookieComesBack has a client keep a cookie as browsers do.
func TestCookieComesBack(t *testing.T) {
	x := compiled(t, exchange.Config{
		Path:    lens.Sides[string]{Legacy: "/cgi/cust.pl?id={id}", Service: "/customers/{id}"},
		Cookies: []exchange.Cookie{{Legacy: "/cgi", Service: "/customers"}},
	})
	client, base, last := behind(t, front(x), func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "seen", Value: "7", Path: "/customers"})
	})
	client.Jar, _ = cookiejar.New(nil)
	for _, want := range []string{"", "seen=7"} {
		resp, err := client.Get(base + "/cgi/cust.pl?id=7")
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if got := last.Header.Get("Cookie"); got != want {
			t.Errorf("the service gets the cookies %q, want %q", got, want)
		}
	}
	if elsewhere, _ := url.Parse(base + "/orders"); len(client.Jar.Cookies(elsewhere)) > 0 {
		t.Error("the cookie reaches further than it was set for")
	}
}

func TestCookiePathsThatNoneHas(t *testing.T) {
	_, err := exchange.New(exchange.Config{Cookies: []exchange.Cookie{
		{Legacy: "cgi", Service: "/customers;x"}, {Legacy: "/a", Service: "/b"}, {Legacy: "/a", Service: "/b"}, {Legacy: "/a?x", Service: "/a b"},
	}})
	var got exchange.Problems
	if !errors.As(err, &got) {
		t.Fatal(err)
	}
	where := make([]string, len(got))
	for i, p := range got {
		where[i] = exchange.Problems{{Option: p.Option, Index: p.Index, Part: p.Part}}.Error()
	}
	if diff := cmp.Diff([]string{"cookies[0].legacy: ", "cookies[0].service: ", "cookies[2]: ", "cookies[3].legacy: ", "cookies[3].service: "}, where); diff != "" {
		t.Errorf("(-want +got):\n%s\n%v", diff, err)
	}
}
