package browser

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/chromedp/cdproto/emulation"
	chromepage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// Screen is what a page is looked at on.
type Screen struct {
	Name          string
	Width, Height int64
	Scheme        string // light or dark
}

// The screens: each scheme and each width is on two of them.
var (
	Wide   = Screen{"wide-light", 1280, 900, "light"}
	Narrow = Screen{"narrow-dark", 360, 780, "dark"}

	others = []Screen{{"wide-dark", 1280, 900, "dark"}, {"narrow-light", 360, 780, "light"}}
)

//go:embed axe/axe.min.js.gz
var packed []byte

// axe is the text of axe-core, which go generate ./web/dashboard fetches.
var axe = sync.OnceValues(func() (string, error) {
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(z)
	return string(text), err
})

// Show turns the page into what it is on a screen.
func (tab *Tab) Show(s Screen) {
	tab.t.Helper()
	media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: s.Scheme}}}
	if _, err := chromedp.Call(tab.ctx, emulation.SetEmulatedMedia, media); err != nil {
		tab.t.Fatalf("look by %s: %v", s.Scheme, err)
	}
	tab.Do("look on "+s.Name, chromedp.EmulateViewport(s.Width, s.Height))
	if Eval[bool](tab, `matchMedia('(prefers-color-scheme: dark)').matches`) != (s.Scheme == "dark") {
		tab.t.Errorf("the scheme is not %s", s.Scheme)
	}
}

// Look looks at the page as it stands, wide and light, then narrow and dark: axe-core finds no fault, it
// doesn't scroll sideways, nothing on it is foreign, and the browser has nothing to complain about. With
// -screenshots it takes pictures in all four ways under a name.
func (tab *Tab) Look(name string) {
	tab.t.Helper()
	tab.look(name, "html", Narrow, Wide)
}

// LookAt is LookOnce for a page of which only a part changed since: axe-core looks at nothing else.
func (tab *Tab) LookAt(selector, name string) {
	tab.t.Helper()
	tab.look(name, selector, tab.next())
}

// LookOnce is Look for what is made of the same as a page that is looked at elsewhere: axe-core looks at it on one screen, this
// time on one and the next time on the other.
func (tab *Tab) LookOnce(name string) {
	tab.t.Helper()
	tab.look(name, "html", tab.next())
}

func (tab *Tab) next() Screen {
	tab.once++
	return []Screen{Narrow, Wide}[tab.once%2]
}

// look has axe-core look at a part of the page on some screens. The last one is wide, as tests want it.
func (tab *Tab) look(name, part string, axed ...Screen) {
	tab.t.Helper()
	for _, s := range []Screen{Narrow, Wide} {
		tab.Show(s)
		if wide := tab.wider(); wide != "" {
			tab.t.Errorf("%s, %s: %s", name, s.Name, wide)
		}
		if slices.Contains(axed, s) {
			for _, fault := range tab.faults(part) {
				tab.t.Errorf("%s, %s: %s", name, s.Name, fault)
			}
		}
		tab.picture(name, s)
	}
	if n := Eval[int](tab, `[...document.querySelectorAll('script')].filter(s => !s.src.startsWith(location.origin)).length
		+ document.querySelectorAll('[onx], img, :not(.uplot, .uplot *)[style]').length`); n > 0 {
		tab.t.Errorf("%s: %d elements come from strangers' text or break the policy", name, n)
	}
	for _, c := range tab.Complaints() {
		tab.t.Errorf("%s: %s", name, c)
	}
	if *screenshots == "" {
		return
	}
	for _, s := range others {
		tab.Show(s)
		tab.picture(name, s)
	}
	tab.Show(Wide)
}

// wider says by how much the page is wider than the screen, and what reaches beyond; empty: it fits. What is
// drawn by a script has a second to follow the screen's width.
func (tab *Tab) wider() string {
	tab.t.Helper()
	return Eval[string](tab, `(async () => {
		for (const end = performance.now() + 1000; ; await new Promise(requestAnimationFrame)) {
			const wider = document.documentElement.scrollWidth - window.innerWidth
			if (wider <= 0) return ''
			if (performance.now() < end) continue
			const right = e => { const all = document.createRange(); all.selectNodeContents(e); return Math.round(Math.max(e.getBoundingClientRect().right, all.getBoundingClientRect().right) + window.scrollX) }
			const beyond = [...document.querySelectorAll('body *')].filter(e => right(e) > window.innerWidth)
			return 'the page is ' + wider + ' px wider than the screen, for ' + beyond.slice(-5).map(e => e.tagName.toLowerCase() + (e.id && '#' + e.id) + '.' + e.classList + ' ' + right(e)).join(', ')
		}
	})()`)
}

// faults has axe-core look at a part of the page, and returns what it finds, a line each. It loads no style
// sheets anew: only rules that are off by themselves want them.
func (tab *Tab) faults(part string) []string {
	tab.t.Helper()
	if !Eval[bool](tab, `!!window.axe`) {
		text, err := axe()
		if err != nil {
			tab.t.Fatalf("unpack axe-core: %v", err)
		}
		Eval[bool](tab, `(() => { const module = undefined, exports = undefined, define = undefined; `+text+`
			; return true })()`)
	}
	return Eval[[]string](tab, `window.axe.run('`+part+`', { resultTypes: ['violations'], preload: false, iframes: false }).then(result =>
		result.violations.flatMap(v => v.nodes.map(n => v.id + ': ' + v.help + ': ' + n.target.join(' ') + ' ' + (n.failureSummary || '').replace(/\s+/g, ' ').slice(0, 300))))`)
}

// Picture returns a picture of what of the page is on the screen.
func (tab *Tab) Picture() []byte {
	tab.t.Helper()
	picture, err := chromedp.Run(tab.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		tab.t.Fatalf("take a picture: %v", err)
	}
	return picture
}

var unfit = regexp.MustCompile(`[^A-Za-z0-9.-]+`)

// picture writes a picture of the whole page, where pictures are wanted.
func (tab *Tab) picture(name string, s Screen) {
	tab.t.Helper()
	if *screenshots == "" {
		return
	}
	all := true
	picture, err := chromedp.Call(tab.ctx, chromepage.CaptureScreenshot, chromepage.CaptureScreenshotParams{CaptureBeyondViewport: &all, OptimizeForSpeed: &all})
	if err != nil {
		tab.t.Fatalf("take a picture of %s: %v", name, err)
	}
	if err := os.MkdirAll(*screenshots, 0o755); err != nil {
		tab.t.Fatal(err)
	}
	file := filepath.Join(*screenshots, strings.Trim(unfit.ReplaceAllString(name, "_"), "_")+"-"+s.Name+".png")
	if err := os.WriteFile(file, picture.Data, 0o644); err != nil {
		tab.t.Fatal(err)
	}
}
