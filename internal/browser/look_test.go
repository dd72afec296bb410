package browser

import (
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
)

func TestMain(m *testing.M) { os.Exit(Main{M: m}.Run()) }

// TestLookTakesPictures holds that there is a picture of a page, as long as it is, on each screen.
func TestLookTakesPictures(t *testing.T) {
	before := *screenshots
	*screenshots = t.TempDir()
	t.Cleanup(func() { *screenshots = before })
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(`<!DOCTYPE html><html lang="en"><head><title>t</title><link rel="icon" href="data:,"><meta name="viewport" content="width=device-width">
			<style>:root { color-scheme: light dark } main { height: 2000px }</style></head><body><main><h1>A page</h1></main></body></html>`))
	}))
	t.Cleanup(page.Close)
	tab := Open(t)
	tab.Expect("request to elsewhere: data:")
	tab.Go(page.URL)
	tab.Look("a page")
	for _, s := range append([]Screen{Narrow, Wide}, others...) {
		file, err := os.Open(filepath.Join(*screenshots, "a_page-"+s.Name+".png"))
		if err != nil {
			t.Fatal(err)
		}
		size, err := png.DecodeConfig(file)
		file.Close()
		if err != nil || int64(size.Width) != s.Width || size.Height < 2000 {
			t.Errorf("%s: %d by %d, %v", s.Name, size.Width, size.Height, err)
		}
	}
}
