package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/strangler-fig/toolkit/internal/browser"
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
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	_, dashboard := demo(t, t.TempDir())
	tab := browser.Open(t)
	time.Sleep(30 * time.Second)
	for _, p := range []struct {
		name, path string
		screen     browser.Screen
		show       string // what is at the top
	}{
		{"overview", "/", browser.Screen{Width: 1280, Height: 700, Scheme: "light"}, "header"},
		{"route", "/routes/book-read", browser.Screen{Width: 1280, Height: 560, Scheme: "dark"}, "#charts"},
	} {
		tab.Show(p.screen)
		tab.Go(dashboard + p.path)
		tab.Wait(live, `(document.querySelector('`+p.show+`').scrollIntoView(), true)`)
		time.Sleep(3 * time.Second) // charts are drawn, and the page is live
		if err := os.WriteFile(filepath.Join(folder, p.name+".png"), tab.Picture(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
