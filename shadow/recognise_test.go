package shadow

import (
	"encoding/json"
	"testing"
	"time"
)

func TestRecognise(t *testing.T) {
	at := time.Date(2026, 5, 4, 12, 30, 0, 0, time.UTC)
	tests := []struct {
		name            string
		pattern         string
		legacy, service string
		want            string
	}{
		{"UUIDs", "/id", `"0d9bb2f2-1f0c-4b50-9f0e-aa1a2b3c4d5e"`, `"7c9e6679-7425-40de-944b-e07fc1f90ae7"`, NoiseUUID},
		{"UUIDs without hyphens", "/id", `"0d9bb2f21f0c4b509f0eaa1a2b3c4d5e"`, `"7c9e6679742540de944be07fc1f90ae7"`, NoiseUUID},
		{"a UUID and a number", "/id", `"0d9bb2f2-1f0c-4b50-9f0e-aa1a2b3c4d5e"`, `7`, ""},
		{"ULIDs", "/id", `"01ARZ3NDEKTSV4RRFFQ69G5FAV"`, `"01BX5ZZKBKACTAV9WEVGEMMVRZ"`, NoiseUUID},
		{"a ULID and a UUID", "/id", `"01ARZ3NDEKTSV4RRFFQ69G5FAV"`, `"7c9e6679-7425-40de-944b-e07fc1f90ae7"`, ""},

		{"times near now", "/at", `"2026-05-04T12:30:00Z"`, `"2026-05-04T12:30:01Z"`, NoiseTimestamp},
		{"the same in another zone", "/at", `"2026-05-04T14:30:00+02:00"`, `"2026-05-04T12:30:01Z"`, ""},
		{"seconds for milliseconds", "/at", `1777897800`, `1777897800123`, ""},
		{"another precision", "/at", `"2026-05-04T12:30:00Z"`, `"2026-05-04T12:30:00.123Z"`, ""},
		{"another form", "/at", `"2026-05-04T12:30:00Z"`, `"Mon, 04 May 2026 12:30:00 GMT"`, ""},
		{"day and month the other way round", "/at", `"04/05/2026 12:30:00"`, `"05/04/2026 12:30:00"`, ""},
		{"as seconds", "/at", `1777897800`, `1777897801`, NoiseTimestamp},
		{"as milliseconds", "/at", `1777897800123`, `1777897801456`, NoiseTimestamp},
		{"as a header's date", "/at", `"Mon, 04 May 2026 12:30:00 GMT"`, `"Mon, 04 May 2026 12:30:02 GMT"`, NoiseTimestamp},
		{"a clock without a zone", "/at", `"2026-05-04 14:30:00"`, `"2026-05-04 14:30:01"`, NoiseTimestamp},
		{"an hour apart, without a zone", "/at", `"2026-05-04 14:30:00"`, `"2026-05-04 13:30:00"`, ""},
		{"an hour apart, with one", "/at", `"2026-05-04T12:30:00Z"`, `"2026-05-04T11:30:00Z"`, ""},
		{"times of last week", "/at", `"2026-04-27T12:30:00Z"`, `"2026-04-27T12:30:01Z"`, ""},
		{"a minute apart", "/at", `"2026-05-04T12:30:00Z"`, `"2026-05-04T12:31:00Z"`, ""},
		{"dates", "/at", `"2026-05-04"`, `"2026-05-05"`, ""},
		{"a price that looks like nothing", "/total", `1250`, `12.5`, ""},
		{"a number that isn't now", "/serial", `1111111111`, `1111111112`, ""},

		{"tokens", "/token", `"a8f3k29dk3l4"`, `"zz91kd83jd0s"`, NoiseToken},
		{"a nonce below others", "/page/nonce", `"a8f3k29dk3l4"`, `"zz91kd83jd0s"`, NoiseToken},
		{"tokens of other lengths", "/token", `"a8f3k29dk3l4"`, `"zz91kd83jd0s77"`, ""},
		{"tokens of letters alone", "/REQ_ID", `"KSJDHQWERTZU"`, `"PLOKMNIJBUHV"`, NoiseToken},
		{"tokens that begin alike", "/token", `"v1.a8f3k29dk3l4"`, `"v1.zz91kd83jd0s"`, NoiseToken},
		{"a number in a row", "/request_id", `"req-00000123"`, `"req-00000124"`, ""},
		{"a sentence for a token", "/token", `"unavailable1"`, `"is forbidden"`, ""},
		{"a word for a token", "/token", `"unavailable"`, `"unavoidable"`, ""},
		{"a checksum, which may be wrong", "/sha256", `"a8f3k29dk3l4"`, `"zz91kd83jd0s"`, ""},

		{"a form's field against forgery", "/html/body/form/input[csrf_token]/@value", `"x"`, `"y"`, NoiseCSRF},
		{"Rails' meta element", "/html/head/meta[csrf-token]/@content", `"x"`, `"y"`, NoiseCSRF},
		{"Django's", "/html/body/form/input[csrfmiddlewaretoken]/@value", `"x"`, `"y"`, NoiseCSRF},
		{"a member of JSON", "/form/_csrf", `"x"`, `"y"`, NoiseCSRF},
		{"another field", "/html/body/form/input[discount]/@value", `"x"`, `"y"`, ""},
		{"an empty one is missing", "/form/_csrf", `"x"`, `""`, ""},
		{"null", "/form/_csrf", `"x"`, `null`, ""},
		{"no JSON", "/id", `"x`, `{`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := Difference{Pointer: tt.pattern, Pattern: tt.pattern, Kind: KindValue, Legacy: json.RawMessage(tt.legacy), Service: json.RawMessage(tt.service)}
			if got := recognise(&d, at); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
			d.Legacy, d.Service = d.Service, d.Legacy
			if got := recognise(&d, at); got != tt.want {
				t.Errorf("the other way round: %q, want %q", got, tt.want)
			}
			if d.Kind = KindMissing; recognise(&d, at) != "" {
				t.Error("what is missing looks like noise")
			}
		})
	}
}

// TestLooks tells when what a value looks like decides.
func TestLooks(t *testing.T) {
	at := time.Date(2026, 5, 4, 12, 30, 0, 0, time.UTC)
	id := Difference{Pattern: "/id", Kind: KindValue, Legacy: json.RawMessage(`"0d9bb2f2-1f0c-4b50-9f0e-aa1a2b3c4d5e"`), Service: json.RawMessage(`"7c9e6679-7425-40de-944b-e07fc1f90ae7"`)}
	now := Difference{Pattern: "/at", Kind: KindValue, Legacy: json.RawMessage(`"2026-05-04T12:30:00Z"`), Service: json.RawMessage(`"2026-05-04T12:30:01Z"`)}
	wrong := Difference{Pattern: "/at", Kind: KindValue, Legacy: json.RawMessage(`"2026-05-04T12:30:00Z"`), Service: json.RawMessage(`"2026-05-04T13:30:00Z"`)}
	price := Difference{Pattern: "/total", Kind: KindValue, Legacy: json.RawMessage(`1`), Service: json.RawMessage(`2`)}
	few := func(n *noises) { n.learn(map[place]bool{{"/other", KindValue}: true}, nil) }
	clean := func(n *noises) {
		for range 200 {
			n.learn(map[place]bool{{"/id", KindValue}: true, {"/at", KindValue}: true}, nil)
		}
	}
	noisy := func(n *noises) {
		for range 200 {
			all := map[place]bool{{"/id", KindValue}: true, {"/total", KindValue}: true}
			n.learn(all, all)
		}
	}
	tests := []struct {
		name   string
		d      Difference
		known  func(*noises)
		itself map[place]bool
		twice  bool
		want   string
	}{
		{"an id of which nothing is known", id, nil, nil, false, ""},
		{"an id, after the first control", id, few, nil, false, NoiseUUID},
		{"an id that legacy gave twice, here", id, nil, nil, true, ""},
		{"an id that legacy gives twice, always", id, clean, nil, false, ""},
		{"an id that is new each time", id, noisy, nil, false, NoiseUUID},
		{"an id that was new here", id, clean, map[place]bool{{"/id", KindValue}: true}, true, NoiseUUID},
		{"a time, even if legacy's second answer was in the same second", now, clean, nil, true, NoiseTimestamp},
		{"a clock an hour off, and legacy's runs on", wrong, noisy, map[place]bool{{"/at", KindValue}: true}, true, ""},
		{"a price that legacy changes", price, noisy, nil, false, NoiseLegacy},
		{"a price", price, clean, nil, false, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := new(route)
			if tt.known != nil {
				tt.known(&r.noises)
			}
			if got := noiseOf(r, &tt.d, at, tt.itself, tt.twice); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}
