package exchange_test

import (
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/acl/exchange"
	"github.com/strangler-fig/toolkit/acl/lens"
)

// TestLink has a service, or legacy behind a facade, name other pages in Link. SERVER is the one that is asked.
func TestLink(t *testing.T) {
	x := compiled(t, exchange.Config{
		Path:  lens.Sides[string]{Legacy: "/cgi/list.pl", Service: "/customers"},
		Links: []exchange.Link{{Path: lens.Sides[string]{Legacy: "/cgi/cust.pl?id={id}", Service: "/customers/{id}"}}},
	})
	for name, c := range map[string]struct {
		facade     bool
		link, want []string // nil for want: as it is
	}{
		"a page":                {link: []string{`</customers?page=2>; rel="next"`}, want: []string{`</cgi/list.pl?page=2>; rel="next"`}},
		"several in one value":  {link: []string{`</customers?page=1>; rel=prev, </customers?page=3>;rel=next ,</customers/7>`}, want: []string{`</cgi/list.pl?page=1>; rel=prev, </cgi/list.pl?page=3>;rel=next ,</cgi/cust.pl?id=7>`}},
		"several values":        {link: []string{`</customers/7>; rel=first`, `</customers/9>; rel=last`}, want: []string{`</cgi/cust.pl?id=7>; rel=first`, `</cgi/cust.pl?id=9>; rel=last`}},
		"commas in a target":    {link: []string{`</customers/a,b>; rel=item, </customers?sort=a,b>; rel=next`}, want: []string{`</cgi/cust.pl?id=a%2Cb>; rel=item, </cgi/list.pl?sort=a,b>; rel=next`}},
		"commas in quotes":      {link: []string{`</customers/7>; title="a, \"b\", </customers/8>"; rel=item`}, want: []string{`</cgi/cust.pl?id=7>; title="a, \"b\", </customers/8>"; rel=item`}},
		"parameters stay":       {link: []string{`</customers/7>; anchor="/customers/8"; title*=UTF-8''%e2%82%ac; hreflang=de; x`}, want: []string{`</cgi/cust.pl?id=7>; anchor="/customers/8"; title*=UTF-8''%e2%82%ac; hreflang=de; x`}},
		"a relative one":        {link: []string{`<?page=2>; rel=next`}, want: []string{`</cgi/list.pl?page=2>; rel=next`}},
		"of the server":         {link: []string{`<http://SERVER/customers?page=2#x>; rel=next`}, want: []string{`</cgi/list.pl?page=2#x>; rel=next`}},
		"empty elements":        {link: []string{`, </customers/7>; rel=item,,`}, want: []string{`, </cgi/cust.pl?id=7>; rel=item,,`}},
		"one of another server": {link: []string{`<http://example.com/customers/7>; rel=item, </customers/7>`}, want: []string{`<http://example.com/customers/7>; rel=item, </cgi/cust.pl?id=7>`}},
		"without a scheme":      {link: []string{`<//example.com/customers/7>; rel=item`}},
		"no template's":         {link: []string{`</style.css>; rel=preload; as=style`}},
		"mail":                  {link: []string{`<mailto:a@b>; rel=author`}},
		"an open target":        {link: []string{`</customers/7>; rel=a, </customers/8; rel=b`}},
		"an open quote":         {link: []string{`</customers/7>; title="a`}},
		"no target":             {link: []string{`/customers/7; rel=item`}},
		"no parameter":          {link: []string{`</customers/7> rel=item`}},
		"one that is none":      {link: []string{`rubbish`, `</customers/7>`}, want: []string{`rubbish`, `</cgi/cust.pl?id=7>`}},
		"nothing":               {link: []string{``}},
		"legacy's":              {facade: true, link: []string{`</cgi/cust.pl?id=a/b>; rel=item, </cgi/list.pl?page=2>; rel=next`}, want: []string{`</customers/a%2Fb>; rel=item, </customers?page=2>; rel=next`}},
	} {
		t.Run(name, func(t *testing.T) {
			around, path := front(x), "/cgi/list.pl"
			if c.facade {
				around, path = facade(x), "/customers"
			}
			client, url, _ := behind(t, around, func(w http.ResponseWriter, r *http.Request) {
				for _, link := range c.link {
					w.Header().Add("Link", strings.Replace(link, "SERVER", r.Host, 1))
				}
				w.WriteHeader(http.StatusEarlyHints)
			})
			var early []string
			ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{Got1xxResponse: func(_ int, h textproto.MIMEHeader) error {
				early = h["Link"]
				return nil
			}})
			req, err := http.NewRequestWithContext(ctx, "GET", url+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			want := c.want
			if want == nil {
				want = c.link
			}
			if diff := cmp.Diff(want, resp.Header["Link"]); diff != "" {
				t.Errorf("Link (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(want, early); diff != "" {
				t.Errorf("Link of the early hints (-want +got):\n%s", diff)
			}
		})
	}
}
