package compare

import (
	"encoding/json"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/strangler-fig/toolkit/shadow"
)

func statusDifference(legacy, service int) shadow.Difference {
	return shadow.Difference{
		Pointer: "status", Pattern: "status", Kind: shadow.KindStatus,
		Legacy: json.RawMessage(strconv.Itoa(legacy)), Service: json.RawMessage(strconv.Itoa(service)),
	}
}

// headers compares those that are to be compared, in their order.
func (c *Comparer) headers(legacy, service *shadow.Answer) []shadow.Difference {
	var diffs []shadow.Difference
	for _, name := range c.plan.headers {
		a, b := legacy.Header[name], service.Header[name]
		if slices.Equal(a, b) {
			continue
		}
		kind := shadow.KindHeader
		switch name {
		case "Content-Encoding": // only where somebody lists it: it is negotiated for each answer
			kind = shadow.KindEncoding
		case "Content-Type":
			var same bool
			if same, kind = sameContentType(a, b); same {
				continue
			}
		case "Location", "Content-Location":
			if sameTarget(a, b, legacy.Hosts, service.Hosts) {
				continue
			}
		case "Set-Cookie":
			diffs = append(diffs, c.cookies(legacy.Header, service.Header)...)
			continue
		case "Cache-Control":
			if slices.Equal(directives(a), directives(b)) {
				continue
			}
		}
		diffs = append(diffs, shadow.Difference{
			Pointer: "header:" + name, Pattern: "header:" + name, Kind: kind,
			Legacy: headerValue(a), Service: headerValue(b),
		})
	}
	return diffs
}

// headerValue is a JSON string, or an array of them where there are several; nil for none.
func headerValue(values []string) json.RawMessage {
	switch {
	case len(values) == 0:
		return nil
	case len(values) == 1:
		return quote(values[0])
	}
	all, err := json.Marshal(values)
	if err != nil || len(all) > maxValue {
		return quote(strings.Join(values, ", "))
	}
	return all
}

// sameContentType compares media types (RFC 9110, section 8.3.1): type and subtype and the names
// of parameters without regard to case, the charset by what it is rather than by which of its
// names. A multipart's boundary is arbitrary, and JSON has no charset (RFC 8259, section 11), so
// that utf-8 says nothing there.
func sameContentType(a, b []string) (bool, shadow.Kind) {
	if len(a) != 1 || len(b) != 1 {
		return false, shadow.KindHeader
	}
	mediaA, paramsA, errA := mime.ParseMediaType(a[0])
	mediaB, paramsB, errB := mime.ParseMediaType(b[0])
	if errA != nil || errB != nil || !sameMedia(mediaA, mediaB) {
		return false, shadow.KindHeader
	}
	charset := func(params map[string]string) string {
		name := charsetName(params["charset"])
		if isJSON(mediaA) && name == "utf-8" {
			name = ""
		}
		delete(params, "charset")
		delete(params, "boundary")
		return name
	}
	sameCharset := charset(paramsA) == charset(paramsB)
	switch {
	case !maps.Equal(paramsA, paramsB):
		return false, shadow.KindHeader
	case !sameCharset:
		return false, shadow.KindEncoding
	}
	return true, ""
}

// sameMedia compares media types; gRPC's messages are protobuf unless it says otherwise.
func sameMedia(a, b string) bool {
	return a == b || formOf(a) == formGRPC && formOf(b) == formGRPC
}

// mediaType returns the media type without parameters, lower case, empty where there is none.
func mediaType(h http.Header) string {
	media, _, _ := strings.Cut(h.Get("Content-Type"), ";")
	return strings.ToLower(strings.TrimSpace(media))
}

// directives returns what Cache-Control says, sorted: neither order nor blanks nor the case of
// names matter (RFC 9111, section 5.2).
func directives(lines []string) []string {
	var all []string
	for _, line := range lines {
		for _, part := range splitList(line) {
			name, argument, has := strings.Cut(strings.TrimSpace(part), "=")
			name = strings.ToLower(name)
			if has {
				name += "=" + strings.Trim(argument, `"`)
			}
			if name != "" {
				all = append(all, name)
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// splitList splits at commas outside of quotes.
func splitList(s string) []string {
	quoted := false
	return strings.FieldsFunc(s, func(r rune) bool {
		if r == '"' {
			quoted = !quoted
		}
		return r == ',' && !quoted
	})
}
