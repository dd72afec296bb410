package daemon_test

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestKeysOfSessionsThatAreGone takes sessions out of the configuration: their private keys go when no token
// of theirs can be valid any more, wherever the proxy was stopped meanwhile.
func TestKeysOfSessionsThatAreGone(t *testing.T) {
	t.Parallel()
	legacy := backend(t, "", nil)
	const with = `
sessions:
  shop: {cookie: SID, lookup: {url: /whoami}, issue: {jwt: {issuer: shop, audience: orders, claims: {sub: /USR}}}}
  till: {cookie: TILL, lookup: {url: /whoami}, issue: {jwt: {issuer: shop, audience: orders, claims: {sub: /USR}}}}
`
	without := fmt.Sprintf("legacy: {url: %q}\n", legacy.URL)
	folder := t.TempDir()
	data := filepath.Join(folder, "data")
	s := startIn(t, folder, without+with)
	files := func() (names []string) {
		t.Helper()
		all, err := os.ReadDir(data)
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range all {
			if strings.Contains(entry.Name(), "keys-") {
				names = append(names, entry.Name())
			}
		}
		return names
	}
	want := func(when string, names ...string) {
		t.Helper()
		if diff := cmp.Diff(names, files()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", when, diff)
		}
	}
	age := func(name string, by time.Duration) {
		t.Helper()
		then := time.Now().Add(-by)
		if err := os.Chtimes(filepath.Join(data, name), then, then); err != nil {
			t.Fatal(err)
		}
	}
	content := func(name string) string {
		t.Helper()
		text, err := os.ReadFile(filepath.Join(data, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	says := func() int { return strings.Count(s.Log.String(), "removed private keys") }
	const day = 24*time.Hour + 5*time.Minute // the longest that a token may be valid

	want("both sessions", "keys-shop.json", "keys-till.json")
	shop, till := content("keys-shop.json"), content("keys-till.json")
	s.reload(t, without)
	want("neither", "keys-shop.json", "keys-shop.json.unused", "keys-till.json", "keys-till.json.unused")

	// One comes back, and has the keys that it had; then it is gone anew.
	age("keys-shop.json.unused", day)
	s.reload(t, without+with)
	want("both again", "keys-shop.json", "keys-till.json")
	if content("keys-shop.json") != shop {
		t.Error("a session that comes back has other keys")
	}
	s.reload(t, without+strings.Replace(with, "  shop:", "  #shop:", 1))
	want("the till", "keys-shop.json", "keys-shop.json.unused", "keys-till.json")
	age("keys-shop.json.unused", day-time.Minute)
	s.reload(t, without+strings.Replace(with, "  shop:", "  # shop:", 1))
	want("a minute too early", "keys-shop.json", "keys-shop.json.unused", "keys-till.json")

	// What isn't a file with keys stays; what a crash left goes.
	if err := os.Mkdir(filepath.Join(data, "keys-folder.json"), 0o700); err != nil {
		t.Fatal(err)
	}
	theirs := []string{"keys-backup.json", "keys-folder.json", "keys-notes.txt"}
	if err := os.WriteFile(filepath.Join(data, "keys-backup.json"), []byte("somebody's"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, old := range map[string]bool{"keys-notes.txt": true, "keys-lost.json.unused": false, ".keys-shop.json.1": true, ".keys-shop.json.1.unused": true} {
		if err := os.WriteFile(filepath.Join(data, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if old {
			age(name, day)
		}
	}
	age("keys-shop.json.unused", day)
	if n := says(); n != 0 {
		t.Errorf("%d files were said to be removed", n)
	}
	if err := s.end(); err != nil {
		t.Fatal(err)
	}
	s = startIn(t, folder, without+strings.Replace(with, "  shop:", "  # shop:", 1))
	want("a day later, after a restart", append(theirs, "keys-till.json")...)
	if content("keys-till.json") != till {
		t.Error("the other session has other keys")
	}
	if n := says(); n != 2 { // the keys, and what a crash left of some
		t.Errorf("%d files are said to be removed, want 2", n)
	}

	// A session that signs with a key of somebody else's doesn't use the file.
	own := filepath.Join(folder, "own.pem")
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(own, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	s.reload(t, without+strings.Replace(strings.Replace(with, "  shop:", "  # shop:", 1), "issuer: shop", "key: "+own+", issuer: shop", 2))
	want("a key of its own", append(theirs, "keys-till.json", "keys-till.json.unused")...)
}
