package dashboard

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"

	"github.com/go-chi/chi/v5"
)

//go:embed assets
var assetFiles embed.FS

// assets are the files that pages load. Their addresses carry a hash of all of them, so that
// browsers may keep them for ever and yet never mix those of two versions.
type assets struct {
	hash  string
	files map[string]asset
}

type asset struct {
	media string
	plain []byte
	gzipd func() []byte // made when somebody wants it first
}

func newAssets() *assets {
	a := &assets{files: make(map[string]asset)}
	sum := sha256.New()
	err := fs.WalkDir(assetFiles, "assets", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := assetFiles.ReadFile(file)
		if err != nil {
			return err
		}
		fmt.Fprintf(sum, "%s %d ", file, len(text))
		sum.Write(text)
		media := mime.TypeByExtension(path.Ext(file))
		if media == "" {
			media = "text/plain; charset=utf-8" // licences
		}
		a.files[strings.TrimPrefix(file, "assets/")] = asset{media, text, sync.OnceValue(func() []byte { return gzipped(text) })}
		return nil
	})
	if err != nil {
		panic("dashboard: read embedded assets: " + err.Error()) // they are part of the binary
	}
	a.hash = hex.EncodeToString(sum.Sum(nil)[:8])
	return a
}

func gzipped(text []byte) []byte {
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // the level is valid
	z.Write(text)                                         // a buffer takes everything
	z.Close()
	return b.Bytes()
}

// url returns the address of a file.
func (a *assets) url(name string) (string, error) {
	if _, ok := a.files[name]; !ok {
		return "", fmt.Errorf("no asset %q", name)
	}
	return "/assets/" + a.hash + "/" + name, nil
}

// serve needs no role: the files are the same for everybody and say nothing.
func (a *assets) serve(w http.ResponseWriter, r *http.Request) {
	f, ok := a.files[chi.URLParam(r, "*")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", f.media)
	h.Set("ETag", `"`+a.hash+`"`)
	h.Add("Vary", "Accept-Encoding")
	if chi.URLParam(r, "hash") == a.hash {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	} else { // a page of an earlier version is still open
		h.Set("Cache-Control", "no-cache")
	}
	if strings.Contains(r.Header.Get("If-None-Match"), a.hash) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	body := f.plain
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		body = f.gzipd()
	}
	h.Set("Content-Length", fmt.Sprint(len(body)))
	w.Write(body) // whether the client is still there is its own business
}
