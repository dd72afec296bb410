package strangler

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestGone asks for what is retired and has no service, through a real listener.
func TestGone(t *testing.T) {
	tests := []struct {
		name, gone   string
		detail, link string
	}{
		{"a text", "faxes are no longer sent", "faxes are no longer sent", ""},
		{"a URL", "https://shop.example.com/api/v2/mail?x=1", "this is gone; its successor is https://shop.example.com/api/v2/mail?x=1",
			`<https://shop.example.com/api/v2/mail?x=1>; rel="successor-version"`},
		{"a path", "/api/v2/mail", "this is gone; its successor is /api/v2/mail", `</api/v2/mail>; rel="successor-version"`},
		{"a URL that a header can't have as it is", "https://shop.example.com/größe", "this is gone; its successor is https://shop.example.com/gr%C3%B6%C3%9Fe",
			`<https://shop.example.com/gr%C3%B6%C3%9Fe>; rel="successor-version"`},
		{"a text that begins like a path", "/fax was switched off", "/fax was switched off", ""},
		{"what would end the link", `/a>;x="`, `/a>;x="`, ""},
		{"no URL of the web", "mailto:anna@example.com", "mailto:anna@example.com", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			asked := false
			address, _ := front(t, Config{
				Legacy: upstreamOf(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true })),
				Routes: []Route{{Name: "fax", Match: Match{Path: "/fax"}, Gone: tt.gone, Start: At(PhaseRetired)}},
			})
			resp, err := client(t).Post(address+"/fax", "text/plain", strings.NewReader("dear sirs"))
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			if err != nil {
				t.Fatal(err)
			}
			var got struct {
				Type, Title, Detail string
				Status              int
				RequestID           string `json:"request_id"`
			}
			if err := json.Unmarshal(body, &got); err != nil {
				t.Fatalf("%q is no problem document: %v", body, err)
			}
			if resp.StatusCode != 410 || got.Status != 410 || got.Title != "Gone" || got.Type != "about:blank" || got.RequestID == "" ||
				resp.Header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("%s, %v: %+v", resp.Status, resp.Header, got)
			}
			if diff := cmp.Diff([2]string{tt.detail, tt.link}, [2]string{got.Detail, resp.Header.Get("Link")}); diff != "" {
				t.Errorf("detail and link (-want +got):\n%s", diff)
			}

			head, err := client(t).Head(address + "/fax")
			if err != nil {
				t.Fatal(err)
			}
			defer head.Body.Close()
			rest, err := io.ReadAll(head.Body)
			if head.StatusCode != 410 || err != nil || len(rest) > 0 || head.ContentLength <= 0 || head.Header.Get("Link") != tt.link {
				t.Errorf("HEAD: %s, %d bytes of %d, %v", head.Status, len(rest), head.ContentLength, err)
			}
			if asked {
				t.Error("legacy was asked")
			}
		})
	}
}

func TestGoneValidates(t *testing.T) {
	tests := []struct {
		name  string
		route Route
		want  string
	}{
		{"with a service, which answers", Route{Service: "s", Gone: "x"}, "gone: the route has a service, which answers when it is retired; remove this, or the service"},
		{"two lines", Route{Gone: "a\nb"}, "gone: it is one line of text, or a URL, without control characters"},
		{"too long", Route{Gone: strings.Repeat("x", maxGone+1)}, "gone: it is 1001 bytes, and has to fit into 1000"},
		{"retired without an answer", Route{Start: At(PhaseRetired)}, "start: phase retired needs a service, or what to answer (gone), and the route names neither"},
		{"gone needs no service to retire", Route{Gone: "x", Start: At(PhaseRetired)}, ""},
		{"but live does", Route{Gone: "x", Start: At(PhaseLive)}, "start: phase live needs a service, and the route names none"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.route.Name, tt.route.Match.Path = "r", "/r"
			got := ""
			for _, p := range Validate([]Route{tt.route}, []string{"s"}) {
				got += p.Field + ": " + p.Problem
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestExplainGone asks what would happen before and after.
func TestExplainGone(t *testing.T) {
	p, err := New(Config{
		Legacy: upstreamOf(t, says(200, "legacy")),
		Routes: []Route{{Name: "fax", Match: Match{Path: "/fax"}, Gone: "/mail"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, to := range []Phase{PhaseLegacy, PhaseRetired} {
		if err := p.Shift("fax", At(to)); err != nil {
			t.Fatal(err)
		}
		x := p.Table().Explain(httptest.NewRequest("GET", "/fax", nil))
		if gone := to == PhaseRetired; (x.Upstream == "") != gone || strings.Contains(x.Note, "410") != gone || x.Fallback {
			t.Errorf("at %s: %+v", to, x)
		}
	}
}
