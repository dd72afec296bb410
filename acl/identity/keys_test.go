package identity_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/acl/identity"
)

// keySet returns what the handler publishes, and how long it may be kept.
func keySet(t testing.TB, b *identity.Bridge) (set jose.JSONWebKeySet, age time.Duration) {
	t.Helper()
	w := httptest.NewRecorder()
	b.JWKS().ServeHTTP(w, httptest.NewRequest("GET", "/.well-known/jwks.json", nil))
	if err := json.Unmarshal(w.Body.Bytes(), &set); err != nil || w.Code != 200 {
		t.Fatalf("%d %s: %v", w.Code, w.Body, err)
	}
	seconds, err := strconv.Atoi(strings.TrimPrefix(w.Header().Get("Cache-Control"), "public, max-age="))
	if err != nil {
		t.Fatalf("Cache-Control %q", w.Header().Get("Cache-Control"))
	}
	return set, time.Duration(seconds) * time.Second
}

// keyID returns which key signed a token.
func keyID(t testing.TB, token string) string {
	t.Helper()
	var header struct{ Kid, Typ, Alg string }
	if err := json.Unmarshal([]byte(decode(t, strings.Split(token, ".")[0])), &header); err != nil || header.Typ != "JWT" {
		t.Fatalf("%+v: %v", header, err)
	}
	return header.Kid
}

func writePEM(t testing.TB, keys ...any) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "key.pem")
	var content []byte
	for _, one := range keys {
		if block, ok := one.(*pem.Block); ok {
			content = append(content, pem.EncodeToMemory(block)...)
			continue
		}
		der, err := x509.MarshalPKCS8PrivateKey(one)
		if err != nil {
			t.Fatal(err)
		}
		content = append(content, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})...)
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func newECDSA(t testing.TB, curve elliptic.Curve) *ecdsa.PrivateKey {
	private, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return private
}

func newRSA(t testing.TB, bits int) *rsa.PrivateKey {
	private, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return private
}

func newEd25519(t testing.TB) ed25519.PrivateKey {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return private
}

func TestPEM(t *testing.T) {
	ec, rs, ed := newECDSA(t, elliptic.P256()), newRSA(t, 2048), newEd25519(t)
	sec1, err := x509.MarshalECPrivateKey(ec)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name      string
		algorithm identity.Algorithm
		keys      []any
		want      []string // algorithms, in the order of the file
	}{
		{"Ed25519", "", []any{ed}, []string{"EdDSA"}},
		{"ECDSA", "", []any{ec}, []string{"ES256"}},
		{"ECDSA as openssl ecparam writes it", identity.ES256, []any{&pem.Block{Type: "EC PARAMETERS", Bytes: []byte{6, 0}}, &pem.Block{Type: "EC PRIVATE KEY", Bytes: sec1}}, []string{"ES256"}},
		{"RSA", identity.RS256, []any{rs}, []string{"RS256"}},
		{"RSA as old tools write it", "", []any{&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(rs)}}, []string{"RS256"}},
		{"several", "", []any{ec, ed, rs}, []string{"ES256", "EdDSA", "RS256"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			legacy := newShop(t)
			c := config(t, legacy)
			c.Issue.Store, c.Issue.Key, c.Issue.Algorithm = "", writePEM(t, test.keys...), test.algorithm
			b := newBridge(t, c)
			s := newService(t, b)
			get(t, b.Transport(pool(t)), s.URL, "Cookie: "+cookie+"="+legacy.logIn("ada"))
			if got := s.last(t); got.User != "ada" || got.Problem != "" {
				t.Errorf("the service saw %q, %s", got.User, got.Problem)
			}
			set, _ := keySet(t, b)
			var algorithms []string
			for _, one := range set.Keys {
				algorithms = append(algorithms, one.Algorithm)
				print, err := one.Thumbprint(crypto.SHA256)
				if err != nil || one.KeyID != base64.RawURLEncoding.EncodeToString(print) || one.Use != "sig" {
					t.Errorf("key %s, use %s: %v", one.KeyID, one.Use, err)
				}
			}
			if diff := cmp.Diff(test.want, algorithms); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestKeysRefused(t *testing.T) {
	garbage := func(text string) string {
		path := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	tests := []struct {
		name, key, store string
		algorithm        identity.Algorithm
		want             string
	}{
		{"no file", filepath.Join(t.TempDir(), "none.pem"), "", "", "no such file"},
		{"a folder", t.TempDir(), "", "", "it is no file"},
		{"no PEM", garbage("hello"), "", "", "there is no private key in it"},
		{"a public key", garbage(string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: []byte{1}}))), "", "", "there is no private key in it"},
		{"encrypted", writePEM(t, &pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: []byte{1}}), "", "", "read key 1 in"},
		{"broken", writePEM(t, newEd25519(t), &pem.Block{Type: "PRIVATE KEY", Bytes: []byte{1}}), "", "", "read key 2 in"},
		{"another curve", writePEM(t, newECDSA(t, elliptic.P384())), "", "", "has to be of P-256, not of P-384"},
		{"a short RSA key", writePEM(t, newRSA(t, 1024)), "", "", "has to have 2048 bits, not 1024"},
		{"another algorithm", writePEM(t, newEd25519(t)), "", identity.ES256, "is one for EdDSA, not for ES256"},
		{"a store that isn't one", "", garbage("hello"), "", "it is not the JSON that this program writes"},
		{"an empty store", "", garbage(`{"keys":[]}`), "", "there are 0 keys in it"},
		{"a broken key in it", "", garbage(`{"keys":[{"from":"2026-01-01T00:00:00Z","jwk":{"kty":"OKP"}}]}`), "", "key 1 can't be read"},
		{"a public key in it", "", garbage(`{"keys":[{"from":"2026-01-01T00:00:00Z","jwk":{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}}]}`), "", "key 1 is not private"},
		{"a key without its time", "", garbage(`{"keys":[{"jwk":{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}}]}`), "", "doesn't say when it begins"},
		{"no folder for it", "", filepath.Join(t.TempDir(), "none", "keys.json"), "", "keep signing keys in"},
	}
	legacy := newShop(t)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := config(t, legacy)
			c.Issue.Key, c.Issue.Store, c.Issue.Algorithm = test.key, test.store, test.algorithm
			_, err := identity.New(c)
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), test.key+test.store) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestStore(t *testing.T) {
	legacy := newShop(t)
	c := config(t, legacy)
	folder := filepath.Dir(c.Issue.Store)
	// Several processes begin at once: one makes the keys.
	var group sync.WaitGroup
	bridges := make([]*identity.Bridge, 8)
	for i := range bridges {
		group.Go(func() {
			b, err := identity.New(c)
			if err != nil {
				t.Error(err)
				return
			}
			bridges[i] = b
		})
	}
	group.Wait()
	want, _ := keySet(t, bridges[0])
	for _, b := range bridges {
		if got, _ := keySet(t, b); !cmp.Equal(ids(want), ids(got)) || len(got.Keys) != 2 {
			t.Errorf("%v and %v", ids(want), ids(got))
		}
	}
	info, err := os.Stat(c.Issue.Store)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if left, _ := fs.Glob(os.DirFS(folder), ".*"); len(left) > 0 {
		t.Errorf("%v was left", left)
	}
	// A restart goes on with the same keys; another algorithm begins with its own, and the old one is
	// published until its tokens have expired.
	if got, _ := keySet(t, newBridge(t, c)); !cmp.Equal(ids(want), ids(got)) {
		t.Errorf("%v, after a restart %v", ids(want), ids(got))
	}
	c.Issue.Algorithm = identity.ES256
	got, _ := keySet(t, newBridge(t, c))
	var algorithms []string
	for _, one := range got.Keys {
		algorithms = append(algorithms, one.Algorithm)
	}
	if diff := cmp.Diff([]string{"EdDSA", "ES256", "ES256"}, algorithms); diff != "" || got.Keys[0].KeyID != want.Keys[0].KeyID {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func ids(set jose.JSONWebKeySet) (all []string) {
	for _, one := range set.Keys {
		all = append(all, one.KeyID)
	}
	return all
}

// TestStoreShared says that two processes with one file change over to the same key.
func TestStoreShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "keys.json")
		both := func(c *identity.Config) { c.Issue.Store, c.Issue.Rotate, c.Cache = path, 4*time.Hour, -1 }
		one, other := newInMemory(t, both), newInMemory(t, both)
		signers := map[string]bool{}
		for range 12 * 12 {
			a, err := one.ask(t, "a")
			if err != nil {
				t.Fatal(err)
			}
			b, err := other.ask(t, "a")
			if err != nil {
				t.Fatal(err)
			}
			if keyID(t, a) != keyID(t, b) {
				t.Fatalf("%s and %s sign at one time", keyID(t, a), keyID(t, b))
			}
			signers[keyID(t, a)] = true
			for _, m := range []*inMemory{one, other} {
				set, _ := keySet(t, m.Bridge)
				if !strings.Contains(strings.Join(ids(set), " "), keyID(t, a)) {
					t.Fatalf("%s is not published", keyID(t, a))
				}
			}
			time.Sleep(5 * time.Minute)
			synctest.Wait()
		}
		if len(signers) != 3 {
			t.Errorf("%d keys signed in twelve hours", len(signers))
		}
		one.Close(context.Background())
		other.Close(context.Background())
	})
}

// TestKeyOfAnother says that a token of another process, whose keys began since the file was read, is taken
// back all the same, and that tokens with made-up keys don't have the file read again and again.
func TestKeyOfAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "keys.json")
		with := func(algorithm identity.Algorithm) func(c *identity.Config) {
			return func(c *identity.Config) {
				c.Issue.Store, c.Issue.Algorithm, c.Issue.Session, c.Issue.Expires = path, algorithm, true, time.Hour
			}
		}
		old := newInMemory(t, with(identity.EdDSA))
		time.Sleep(time.Minute)
		newer := newInMemory(t, with(identity.ES256))
		token, err := newer.ask(t, "a")
		if err != nil {
			t.Fatal(err)
		}
		facade := old.Reverse(roundTripper(func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Header: http.Header{}, Body: http.NoBody}, nil
		}))
		if resp, _ := get(t, facade, "http://legacy/", "Authorization: Bearer "+token); resp.StatusCode != 200 {
			t.Errorf("status %d", resp.StatusCode)
		}
		before := read(t, path)
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Second)
		parts := strings.Split(token, ".")
		parts[0] = base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"ES256","kid":"made-up"}`))
		if resp, _ := get(t, facade, "http://legacy/", "Authorization: Bearer "+strings.Join(parts, ".")); resp.StatusCode != 401 {
			t.Errorf("status %d", resp.StatusCode)
		}
		if _, err := os.Stat(path); err == nil || before == "" {
			t.Error("the file was read again after five seconds")
		}
		synctest.Wait()
	})
}

// TestStoreLost says that tokens go on where keys can't be kept any more.
func TestStoreLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "keys.json")
		var log bytes.Buffer
		m := newInMemory(t, func(c *identity.Config) {
			c.Issue.Store, c.Issue.Rotate, c.Logger = path, time.Hour, slog.New(slog.NewTextHandler(&log, nil))
		})
		if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
			t.Fatal(err)
		}
		for range 12 {
			time.Sleep(20 * time.Minute)
			synctest.Wait()
			if _, err := m.ask(t, "a"); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		if got := log.String(); !strings.Contains(got, "signing keys are not looked after") || !strings.Contains(got, path) {
			t.Errorf("the log says %q", got)
		}
		if err := os.Remove(path); err != nil { // as the message says
			t.Fatal(err)
		}
		log.Reset()
		for range 2 {
			time.Sleep(20 * time.Minute)
			m.ask(t, "a")
			synctest.Wait()
		}
		if token, err := m.ask(t, "a"); err != nil || log.Len() > 0 || !strings.Contains(read(t, path), keyID(t, token)) {
			t.Errorf("with a new file: %v, %s", err, &log)
		}
	})
}

func read(t testing.TB, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func TestJWKSMethods(t *testing.T) {
	b := newBridge(t, config(t, newShop(t)))
	for _, method := range []string{"GET", "HEAD", "POST"} {
		w := httptest.NewRecorder()
		b.JWKS().ServeHTTP(w, httptest.NewRequest(method, "/", nil))
		if want := map[string]int{"GET": 200, "HEAD": 200, "POST": 405}[method]; w.Code != want {
			t.Errorf("%s: %d", method, w.Code)
		}
		if strings.Contains(w.Body.String(), `"d"`) {
			t.Errorf("a private key is published")
		}
	}
}
