package config

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestTLS reads a certificate and its key from beside the file, and refuses another's key.
func TestTLS(t *testing.T) {
	folder := t.TempDir()
	write := func(name, kind string, der []byte) {
		t.Helper()
		text := pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"server", "other"} {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		keyDER, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		cert := &x509.Certificate{SerialNumber: big.NewInt(1)}
		certDER, err := x509.CreateCertificate(rand.Reader, cert, cert, key.Public(), key)
		if err != nil {
			t.Fatal(err)
		}
		write(name+".crt", "CERTIFICATE", certDER)
		write(name+".key", "PRIVATE KEY", keyDER)
	}
	load := func(key string) (*Config, error) {
		file := filepath.Join(folder, "strangler.yaml")
		text := "legacy: {url: http://127.0.0.1:8000}\ntls: {cert: server.crt, key: " + key + "}\n"
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return Load(file, Options{})
	}
	c, err := load("server.key")
	if err != nil {
		t.Fatal(err)
	}
	if want := (TLS{Cert: filepath.Join(folder, "server.crt"), Key: filepath.Join(folder, "server.key")}); *c.TLS != want {
		t.Errorf("TLS %+v, want %+v", *c.TLS, want)
	}
	// Whoever watches the files reloads when they are renewed.
	if want := []string{c.File, c.TLS.Cert, c.TLS.Key}; !slices.Equal(c.Files, want) {
		t.Errorf("files %q, want %q", c.Files, want)
	}
	const want = "strangler.yaml:2:6: tls: the certificate and key don't serve: private key does not match public key"
	if _, err := load("other.key"); err == nil || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("error %v, want one that ends in %s", err, want)
	}
}
