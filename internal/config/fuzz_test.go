package config

import (
	"io/fs"
	"os"
	"testing"
	"time"
)

// FuzzLoad says that whatever stands in a file, there is a configuration or an error, soon, and
// nothing else is read from the disk.
func FuzzLoad(f *testing.F) {
	for _, file := range files(f, "testdata/*.yaml", 50) {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add(Template("http://127.0.0.1:8000", Seen{}))
	f.Fuzz(func(t *testing.T, data []byte) {
		l := newLoader("strangler.yaml", testOptions())
		l.read = func(name string) ([]byte, error) {
			if name == "strangler.yaml" || name == "routes.d/a.yaml" {
				return data, nil
			}
			return nil, fs.ErrNotExist
		}
		l.glob = func(string) ([]string, error) { return []string{"routes.d/a.yaml"}, nil }
		start := time.Now()
		c, err := l.load()
		if took := time.Since(start); took > 20*time.Second {
			t.Errorf("it took %s", took)
		}
		if (c == nil) == (err == nil) {
			t.Fatalf("config %v, error %v", c, err)
		}
		if err != nil {
			for _, p := range err.(Problems) {
				if p.Message == "" || p.File == "" {
					t.Errorf("empty problem %+v", p)
				}
			}
			return
		}
		if (c.Legacy.URLs == nil) != c.NoLegacy {
			t.Error("no legacy")
		}
		if n := len(c.Definitions()); n != len(c.Routes) {
			t.Errorf("%d definitions of %d routes", n, len(c.Routes))
		}
	})
}
