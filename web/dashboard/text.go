package dashboard

import (
	"fmt"
	"html/template"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web"
)

// functions are what templates can call.
func functions(files *assets) template.FuncMap {
	return template.FuncMap{
		"asset":     files.url,
		"visible":   visible,
		"short":     func(s string) string { return cut(visible(s), 160) },
		"long":      func(s string) string { return visible(cut(s, maxLine)) },
		"ident":     url.PathEscape, // a name as part of an id
		"path":      func(section, name string) string { return "/" + section + "/" + url.PathEscape(name) },
		"time":      timeTag,
		"shorttime": shortTime,
		"rfc3339":   func(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) },
		"count":     count,
		"rate":      rate,
		"ms":        milliseconds,
		"signed":    signed,
		"bytes":     size,
		"many":      func(part, whole int64) bool { return part*100 >= whole && part > 0 },
		"percent":   percent,
		"ofhundred": ofHundred,
		"failing":   func(percent float64) bool { return percent >= 1 },
		"ratio":     ratio,
		"phases":    strangler.Phases,
		"reaches":   func() []reach { return reaches },
		"share":     shareText,
		"noise":     func(k shadow.Known) string { return knownText[k] },
		"what":      func(k shadow.Kind) string { return kindText[k] },
		"why":       why,
		"verb":      func(p strangler.Phase) string { return phaseText[p] },
		"match":     matchText,
		"how":       func(how string) string { return howText[how] },
		"steered":   steered,
		"told":      func(kind string) bool { return slices.Contains(toldKinds, kind) },
		"list":      func(items ...string) []string { return items },
		"at":        func(i int, items []string) string { return items[i] },
		"bar":       func(percent string) string { return strings.TrimLeft(percent, "<>") },
	}
}

// phaseText says what each phase means.
var phaseText = map[strangler.Phase]string{
	strangler.PhaseLegacy:  "legacy serves all",
	strangler.PhaseShadow:  "legacy serves, the service is shadowed",
	strangler.PhaseCanary:  "the service serves its weight, legacy the rest",
	strangler.PhaseLive:    "the service serves all, legacy is shadowed",
	strangler.PhaseRetired: "the service serves all, legacy is never called",
}

// knownText says what is known of a group's being noise.
var knownText = map[shadow.Known]string{
	shadow.KnownNoise:   "yes: legacy differs from itself there",
	shadow.KnownCounts:  "no: legacy, asked twice, says the same",
	shadow.KnownUnknown: "unknown: legacy was asked twice too seldom",
}

// kindText says what each kind of difference means.
var kindText = map[shadow.Kind]string{
	shadow.KindValue:    "another value",
	shadow.KindType:     "another type",
	shadow.KindMissing:  "missing in the service's answer",
	shadow.KindExtra:    "only in the service's answer",
	shadow.KindOrder:    "another order",
	shadow.KindLength:   "another length",
	shadow.KindStatus:   "another status",
	shadow.KindHeader:   "another header",
	shadow.KindBody:     "another body",
	shadow.KindEncoding: "another encoding",
}

// howText says how a move came about, where that isn't by a shift.
var howText = map[string]string{"promote": "promoted", "undo": "undone", "rollback": "rolled back", "import": "imported"}

// steered says what a rollout was told, or when promotions are made again.
func steered(e web.Entry) string {
	s := e.Steered()
	text := ""
	if e.Kind == "steered" {
		text = s.Told()
	}
	if !s.Until.IsZero() {
		text += " until " + s.Until.UTC().Format("2006-01-02 15:04 MST")
	}
	return strings.TrimSpace(text)
}

// toldKinds are the kinds of entry that somebody asked for, who may say any name.
var toldKinds = []string{"moved", "steered", "frozen", "thawed"}

// visible returns s as a person can read it: what isn't UTF-8 becomes U+FFFD, and characters
// that have no shape or turn the direction of others are named. Tabs and newlines stay.
func visible(s string) string {
	clean := utf8.ValidString(s)
	for _, r := range s {
		if hidden(r) {
			clean = false
			break
		}
	}
	if clean {
		return s
	}
	var b strings.Builder
	for _, r := range strings.ToValidUTF8(s, "\uFFFD") {
		if hidden(r) {
			fmt.Fprintf(&b, "⟨U+%04X⟩", r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// hidden reports control and format characters (Unicode Cc, Cf) and line separators, but for tab
// and newline. The bidirectional ones among them can make text read as what it isn't.
func hidden(r rune) bool {
	return r != '\t' && r != '\n' && unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
}

// cut bounds s to n characters.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	runes, end := 0, 0
	for at := range s {
		if runes++; runes == n {
			end = at
		}
		if runes > n {
			return s[:end] + "…"
		}
	}
	return s
}

// timeTag shows a time in UTC; app.js rewrites it for the reader's zone.
func timeTag(t time.Time) template.HTML {
	if t.IsZero() {
		return "never"
	}
	t = t.UTC()
	return template.HTML(`<time datetime="` + t.Format("2006-01-02T15:04:05.000Z") + `">` + t.Format("2006-01-02 15:04:05 UTC") + `</time>`)
}

// shortTime shows a time as an axis does; app.js rewrites it for the reader's zone.
func shortTime(t time.Time, step time.Duration) template.HTML {
	t = t.UTC()
	form, name := "15:04", "clock"
	if step >= day {
		form, name = "Jan 2", "day"
	} else if step >= time.Hour {
		form, name = "Jan 2 15:04", "hour"
	}
	return template.HTML(`<time datetime="` + t.Format("2006-01-02T15:04:05.000Z") + `" data-form="` + name + `">` + t.Format(form) + `</time>`)
}

// count writes 1234567 as 1,234,567.
func count(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// rate writes a number of requests per second.
func rate(perSecond float64) string {
	switch {
	case perSecond <= 0 || math.IsNaN(perSecond):
		return "0"
	case perSecond < 0.01:
		return "<0.01"
	case perSecond < 1:
		return strconv.FormatFloat(perSecond, 'f', 2, 64)
	case perSecond < 100:
		return strconv.FormatFloat(perSecond, 'f', 1, 64)
	}
	return count(int64(math.Round(perSecond)))
}

func milliseconds(ms float64) string {
	switch {
	case ms <= 0 || math.IsNaN(ms):
		return "–"
	case ms < 10:
		return strconv.FormatFloat(ms, 'f', 1, 64) + " ms"
	case ms < 10_000:
		return strconv.FormatFloat(ms, 'f', 0, 64) + " ms"
	}
	return strconv.FormatFloat(ms/1000, 'f', 1, 64) + " s"
}

func size(n int64) string {
	const unit = 1024
	if n < unit {
		return strconv.FormatInt(n, 10) + " B"
	}
	f, i := float64(n)/unit, 0
	for f >= unit && i < 4 {
		f, i = f/unit, i+1
	}
	return strconv.FormatFloat(f, 'f', 1, 64) + " " + [...]string{"KiB", "MiB", "GiB", "TiB", "PiB"}[i]
}

// percent writes a share of 0 to 1. What is little is not nothing, what is nearly all is not all.
func percent(share float64) string {
	switch p := share * 100; {
	case math.IsNaN(p) || p <= 0:
		return "0%"
	case p >= 100:
		return "100%"
	case p < 0.1:
		return "<0.1%"
	case p > 99.9:
		return ">99.9%"
	default:
		return strings.TrimSuffix(strconv.FormatFloat(p, 'f', 1, 64), ".0") + "%"
	}
}

// shareText writes a share of 0 to 1 with two digits.
func shareText(share float64) string {
	if p := share * 100; p >= 10 {
		return strconv.FormatFloat(p, 'f', 0, 64) + " %"
	}
	return strconv.FormatFloat(share*100, 'g', 2, 64) + " %"
}

// ofHundred writes a share in percent; NaN is nothing.
func ofHundred(p float64) string {
	if math.IsNaN(p) {
		return "–"
	}
	return percent(p / 100)
}

// ratio writes part of whole as a share, or nothing where there is no whole.
func ratio(part, whole int64) string {
	if whole <= 0 {
		return ""
	}
	return percent(float64(part) / float64(whole))
}

// matchText says in a line which requests belong to a route.
func matchText(m strangler.Match) string {
	var b strings.Builder
	if len(m.Methods) > 0 {
		b.WriteString(strings.Join(m.Methods, ", ") + " ")
	}
	b.WriteString(m.Host + m.Path)
	return visible(b.String())
}

func routePath(name string) string { return "/routes/" + url.PathEscape(name) }

func groupPath(id string) string { return "/groups/" + url.PathEscape(id) }

func queryEscape(s string) string { return url.QueryEscape(s) }

func firstLine(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(visible(s)), "\n")
	return cut(s, 240)
}

// why is a guard's reason as it reads beside a checkbox rather than a command.
func why(s string) string { return visible(strings.ReplaceAll(s, "--force", "force")) }

// signed writes a difference of latencies; above 0 the service is slower.
func signed(ms float64) string {
	switch {
	case ms > 0:
		return "+" + milliseconds(ms)
	case ms < 0:
		return "−" + milliseconds(-ms)
	}
	return "0"
}
