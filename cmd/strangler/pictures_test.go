package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// go generate takes README's pictures anew, of the demo as it is half a minute after its start.
//
//go:generate env PICTURES=../../web/dashboard/pictures go test -count=1 -run ^TestPictures$ .

// TestPictures takes pictures of the demo into the folder that PICTURES names.
func TestPictures(t *testing.T) {
	folder := os.Getenv("PICTURES")
	if folder == "" {
		t.Skip("takes README's pictures, for go generate: PICTURES names no folder")
	}
	browser, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	binary := build(t)
	_, dashboard := demo(t, binary)
	tab := open(t, browser)
	time.Sleep(30 * time.Second)
	for _, p := range []struct {
		name, path, scheme string
		width, height      int64
		show               string // what is at the top
	}{
		{"overview", "/", "light", 1280, 700, "header"},
		{"route", "/routes/book-read", "dark", 1280, 560, "#charts"},
	} {
		media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: p.scheme}}}
		if _, err := chromedp.Call(tab, emulation.SetEmulatedMedia, media); err != nil {
			t.Fatal(err)
		}
		if err := chromedp.Do(tab, chromedp.EmulateViewport(p.width, p.height), chromedp.Navigate(dashboard+p.path), chromedp.WaitVisible(chromedp.CSS(p.show))); err != nil {
			t.Fatal(err)
		}
		if _, err := chromedp.Run(tab, chromedp.Evaluate[bool](`(document.querySelector('`+p.show+`').scrollIntoView(), true)`)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(3 * time.Second) // charts are drawn, and the page is live
		picture, err := chromedp.Run(tab, chromedp.CaptureScreenshot())
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, p.name+".png"), picture, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
