package shadow

import (
	"cmp"
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// noiseOf says why a difference is noise; empty: it counts. At is when the client asked, and itself
// where legacy's two answers differ, if it was asked twice. What a value looks like names noise that
// is found so, and decides where nothing is known. Of an id or a token, which may be the wrong one,
// it decides nothing while legacy was never asked twice, and no more once legacy has been seen to give
// the same one twice. Where legacy tells the time, another time always counts. A nil route is one of which nothing is known.
func noiseOf(r *route, d *Difference, at time.Time, itself map[place]bool, twice bool) string {
	known, looks, controlled := KnownUnknown, recognise(d, at), false
	if r != nil {
		known, controlled = r.noises.known(placeOf(d)), r.noises.begun()
	}
	switch {
	case looks == NoiseTimestamp || looks == NoiseCSRF:
		return looks
	case otherMoment(d, at):
		return ""
	case itself[placeOf(d)] || known == KnownNoise:
		return cmp.Or(looks, NoiseLegacy)
	case twice || known == KnownCounts || !controlled:
		return ""
	}
	return looks
}

// splitNoise says of each difference whether it is noise, as noiseOf does, and returns those that
// count and those that are.
func splitNoise(r *route, differences []Difference, at time.Time, itself map[place]bool, twice bool) (count, noise []Difference) {
	for _, d := range differences {
		if d.Noise = noiseOf(r, &d, at, itself, twice); d.Noise == "" {
			count = append(count, d)
		} else {
			noise = append(noise, d)
		}
	}
	return count, noise
}

// recognise says what noise two values look like, one of the Noise constants; empty: none. It is
// for values that are new in every answer, whoever gives it, and has to see that in both; at is when
// the client asked.
func recognise(d *Difference, at time.Time) string {
	if d.Kind != KindValue {
		return ""
	}
	legacy, service := plain(d.Legacy), plain(d.Service)
	if legacy == "" || service == "" {
		return ""
	}
	name := d.Pattern[strings.LastIndexByte(d.Pattern, '/')+1:]
	switch {
	case forgery.MatchString(d.Pattern):
		return NoiseCSRF
	case uuid.MatchString(legacy) && uuid.MatchString(service), ulid.MatchString(legacy) && ulid.MatchString(service):
		return NoiseUUID
	case sameMoment(legacy, service, at):
		return NoiseTimestamp
	case secret.MatchString(name) && random(legacy, service):
		return NoiseToken
	}
	return ""
}

var (
	uuid = regexp.MustCompile(`(?i)^\{?[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}\}?$`) // RFC 9562
	ulid = regexp.MustCompile(`^[0-7][0-9A-HJKMNP-TV-Z]{25}$`)                                                // https://github.com/ulid/spec

	// forgery matches the places of tokens against cross-site request forgery, as frameworks name
	// them: a member of JSON, or a field or meta element of a page.
	forgery = regexp.MustCompile(`(?i)(^|[/\[_-])(csrf|xsrf|csrf[_-]?token|xsrf[_-]?token|csrfmiddlewaretoken|authenticity_token|__RequestVerificationToken|_token)(\]/@(value|content))?$`)
	// secret matches the names of what is drawn anew for each answer.
	secret = regexp.MustCompile(`(?i)(token|nonce|(req|request|trace|span|correlation|session)[_-]?id|signature|sig|salt|challenge)$`)
)

// plain returns the text of a JSON string or number; empty: it is neither.
func plain(value json.RawMessage) string {
	switch {
	case len(value) == 0:
		return ""
	case value[0] == '"':
		var s string
		if json.Unmarshal(value, &s) != nil {
			return ""
		}
		return s
	case value[0] == '-' || '0' <= value[0] && value[0] <= '9':
		return string(value)
	}
	return ""
}

// random reports whether two texts may have been drawn: of one length, of an alphabet that tokens
// are written in, and after what they begin with alike long and different nearly everywhere.
func random(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	from, differ := 0, 0
	for i := range len(a) {
		if !tokenByte(a[i]) || !tokenByte(b[i]) {
			return false
		}
		switch {
		case a[i] != b[i]:
			differ++
		case differ == 0:
			from = i + 1
		}
	}
	drawn := len(a) - from
	return drawn >= leastDrawn && differ*3 >= drawn*2
}

const leastDrawn = 8 // bytes of a token that are drawn

func tokenByte(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || strings.IndexByte("-_+/=.", c) >= 0
}

const (
	nearNow  = 5 * time.Minute  // between the request and a time in its answer that is of then
	nearBoth = 30 * time.Second // between the times in both answers
)

// sameMoment reports whether both texts are times near at, written in the same form and in whatever
// zone their clocks show, but both in the same one: a service that is an hour off, or that writes
// seconds for milliseconds, is to be seen.
func sameMoment(legacy, service string, at time.Time) bool {
	a, form, ok := moment(legacy)
	if !ok {
		return false
	}
	b, other, ok := moment(service)
	if !ok || form != other || a.Sub(b).Abs() > nearBoth {
		return false
	}
	apart := a.Sub(at)
	if !form.zoned { // a clock of some zone, which are quarter hours apart
		if apart.Abs() > 15*time.Hour {
			return false
		}
		apart -= apart.Round(15 * time.Minute)
	}
	return apart.Abs() <= nearNow
}

// otherMoment reports whether legacy says what time it is and the service names another time. That
// legacy differs from itself there, as it does whenever a second has passed, excuses no wrong clock.
func otherMoment(d *Difference, at time.Time) bool {
	if d.Kind != KindValue {
		return false
	}
	legacy, service := plain(d.Legacy), plain(d.Service)
	if !sameMoment(legacy, legacy, at) {
		return false
	}
	a, _, _ := moment(legacy)
	b, _, ok := moment(service)
	return ok && a.Sub(b).Abs() > nearNow
}

// exceptClocks takes out of itself, where legacy differs from itself, the places where it only tells
// the time and the service names another one.
func exceptClocks(itself map[place]bool, differences []Difference, at time.Time) {
	for i := range differences {
		if otherMoment(&differences[i], at) {
			delete(itself, placeOf(&differences[i]))
		}
	}
}

// timeForm is how a time is written.
type timeForm struct {
	layout   string // or the unit of a number
	zoned    bool
	decimals int  // of a second
	utc      bool // as Z
}

// layouts are those of times that answers tell, the ones without a zone last.
var layouts = []struct {
	layout string
	zoned  bool
}{
	{time.RFC3339Nano, true},
	{"2006-01-02T15:04:05.999999999Z0700", true},
	{"2006-01-02 15:04:05.999999999Z07:00", true},
	{"2006-01-02 15:04:05.999999999 -0700", true},
	{time.RFC1123, true},
	{time.RFC1123Z, true},
	{time.RFC850, true},
	{"2006-01-02T15:04:05.999999999", false},
	{"2006-01-02 15:04:05.999999999", false},
	{"02.01.2006 15:04:05", false},
	{"02/01/2006 15:04:05", false},
	{"01/02/2006 15:04:05", false},
	{time.ANSIC, false},
}

// moment reads a time in one of the layouts, or as seconds to nanoseconds since 1970.
func moment(s string) (t time.Time, form timeForm, ok bool) {
	if len(s) < len("1000000000") || len(s) > 40 {
		return t, form, false
	}
	_, fraction, _ := strings.Cut(s, ".")
	form.decimals = len(fraction) - len(strings.TrimLeft(fraction, "0123456789"))
	if n, err := strconv.ParseFloat(s, 64); err == nil {
		for _, unit := range []time.Duration{time.Second, time.Millisecond, time.Microsecond, time.Nanosecond} {
			if seconds := n * unit.Seconds(); 1e9 <= seconds && seconds < 4e9 { // 2001 to 2096
				form.layout, form.zoned = unit.String(), true
				return time.UnixMicro(int64(seconds * 1e6)), form, true
			}
		}
		return t, form, false
	}
	form.utc = strings.HasSuffix(s, "Z")
	for _, l := range layouts {
		if t, err := time.Parse(l.layout, s); err == nil {
			form.layout, form.zoned = l.layout, l.zoned
			return t, form, true
		}
	}
	return t, form, false
}
