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
	for secret, want := range map[string][]web.TranslationFailure{"view-secret": withheld.Failures, "evidence-secret": a.translated.Failures} {
		got, err := a.client(secret).Facade(t.Context(), "legacy-customers")
		whole, _ := a.Facade(t.Context(), "legacy-customers")
		whole.Failures = want
		if diff := cmp.Diff(whole, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", secret, err, diff)
		}
	}
	if all, err := a.client("view-secret").Facades(t.Context()); err != nil || !cmp.Equal(all, a.Facades()) {
		t.Errorf("%v, %v", all, err)
	}
	if _, err := a.client("view-secret").Facade(t.Context(), "nothing"); err == nil || !strings.Contains(err.Error(), "no facade nothing") {
		t.Errorf("a facade that isn't there: %v", err)
	}
	if n := strings.Count(a.log.String(), "recorded answers read"); n != 3 {
		t.Errorf("it is on record %d times that somebody read an example, want 3:\n%s", n, a.log)
	}
	if _, err := a.client("view-secret").Translation(t.Context(), "nothing"); err == nil {
		t.Error("a route that isn't there has a translation")
	}
}
