package api

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/web"
)

// TestTranslation holds that all of it comes through, and examples only to those who may read evidence.
func TestTranslation(t *testing.T) {
	a := newAdmin(t, tokens...)
	a.translated = web.Translation{
		Route:   "orders-read",
		Parts:   []web.TranslationPart{{What: "path", Legacy: "/api/ord/{no}", Service: "/orders/{no}"}},
		Bodies:  []web.TranslatedBody{{Of: "answer", Translator: "order", Legacy: "json", Service: "json", Fields: []web.TranslatedField{{Legacy: []string{"STS_CD"}, Service: []string{"status"}, How: "codes"}}, Losses: []string{"seconds"}}},
		Session: "shop", Answers: web.TranslationCount{Translated: 7, Failed: 1},
		Failures: []web.TranslationFailure{{Direction: "to legacy", Pointer: "/status", Kind: "no code", Count: 1, First: noon, Last: noon,
			Example: &web.UntranslatedMessage{At: noon, Method: "GET", Path: "/api/ord/7", Pointer: "/status", Reason: "no code for \"lost\"", Status: 200, ContentType: "application/json", Body: "{}", Size: 2}}},
	}
	withheld := a.translated
	withheld.Withhold()
	for secret, want := range map[string]web.Translation{"view-secret": withheld, "evidence-secret": a.translated, "operate-secret": a.translated} {
		got, err := a.client(secret).Translation(t.Context(), "orders-read")
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", secret, err, diff)
		}
	}
	if n := strings.Count(a.log.String(), "recorded answers read"); n != 2 {
		t.Errorf("it is on record %d times that somebody read an example, want 2:\n%s", n, a.log)
	}
	if _, err := a.client("view-secret").Translation(t.Context(), "nothing"); err == nil {
		t.Error("a route that isn't there has a translation")
	}
}
