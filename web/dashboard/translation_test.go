package dashboard

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/strangler-fig/toolkit/web"
)

// TestTranslation looks what a route's page says of its translation, and to whom.
func TestTranslation(t *testing.T) {
	s := good()
	read := func(role web.Role, path string) string {
		w := httptest.NewRecorder()
		as(web.Identity{Role: role}, New(Config{System: s, Logger: quiet()})).ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		return w.Body.String()
	}
	page := func(role web.Role) string { return read(role, "/routes/payments") }
	const title = "What could not be translated"
	if strings.Contains(page(web.RoleOperate), title) {
		t.Error("a route without translation tells of one")
	}
	s.translation = web.Translation{
		Parts: []web.TranslationPart{{What: "path", Legacy: "/pay.pl?id={id}", Service: "/payments/{id}"}},
		Bodies: []web.TranslatedBody{{Of: "answer", Translator: "payment", Legacy: "xml", Service: "json",
			Fields: []web.TranslatedField{{Legacy: []string{"AMT"}, Service: []string{"amount"}, How: "2 digits <behind> the point"}}, Losses: []string{"seconds of PAID_AT"}}},
		Session: "shop", Answers: web.TranslationCount{Translated: 1234, Failed: 2},
	}
	text := page(web.RoleView)
	for _, want := range []string{"/pay.pl?id={id}", "/payments/{id}", "2 digits &lt;behind&gt; the point", "seconds of PAID_AT", "1,234", "Everything could be.", "shop"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page doesn't say %q", want)
		}
	}
	s.translation.Failures = []web.TranslationFailure{{Direction: "to legacy", Pointer: "/amount", Kind: "is not a number", Count: 2, First: noon, Last: noon,
		Example: &web.UntranslatedMessage{At: noon, Method: "GET", Path: "/pay.pl", Pointer: "/amount", Reason: `"<none>" is not a number`, Status: 200, Body: `{"amount":"<none>"}`, Size: 19}}}
	s.facades = []web.Facade{{Name: "legacy-payments", URL: "http://127.0.0.1:9101", Answers: web.TranslationCount{Failed: 2}}}
	if text := read(web.RoleView, "/services"); !strings.Contains(text, `href="/facades/legacy-payments"`) {
		t.Error("the services' page doesn't lead to the facade")
	}
	for role, reads := range map[web.Role]bool{web.RoleView: false, web.RoleEvidence: true, web.RoleOperate: true} {
		text := page(role)
		if !strings.Contains(text, "is not a number <b>2</b> times to legacy") {
			t.Errorf("%s isn't told what failed", role)
		}
		if got := strings.Contains(text, "{&#34;amount&#34;:&#34;&lt;none&gt;&#34;}"); got != reads {
			t.Errorf("%s reads the example: %t, want %t", role, got, reads)
		}
		text = read(role, "/facades/legacy-payments")
		for _, want := range []string{"http://127.0.0.1:9101", "GET <code>/payments/{id}</code>", "/pay.pl?id={id}", "is not a number <b>2</b> times to legacy"} {
			if !strings.Contains(text, want) {
				t.Errorf("the facade's page doesn't tell %s %q", role, want)
			}
		}
		if got := strings.Contains(text, "{&#34;amount&#34;:&#34;&lt;none&gt;&#34;}"); got != reads {
			t.Errorf("%s reads the facade's example: %t, want %t", role, got, reads)
		}
	}
}
