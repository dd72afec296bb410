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

// writePair writes a certificate that signs itself, and its key.
func writePair(t *testing.T, folder, name string) {
	t.Helper()
	write := func(name, kind string, der []byte) {
		t.Helper()
		text := pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
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

// TestTLS reads a certificate and its key from beside the file, and refuses another's key.
func TestTLS(t *testing.T) {
	folder := t.TempDir()
	writePair(t, folder, "server")
	writePair(t, folder, "other")
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

// TestClientTLS reads what an upstream is known by, and says when that changes: the files are
// watched, and what they say is part of what defines the upstream.
func TestClientTLS(t *testing.T) {
	folder := t.TempDir()
	writePair(t, folder, "ca")
	writePair(t, folder, "client")
	file := filepath.Join(folder, "strangler.yaml")
	const text = "legacy: {url: https://127.0.0.1:8000, tls: {ca: ca.crt, cert: client.crt, key: client.key, server_name: shop.internal}}\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	read := func() *Config {
		t.Helper()
		c, err := Load(file, Options{})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	first := read()
	settings := first.Legacy.TLS.Config()
	if settings.RootCAs == nil || len(settings.Certificates) != 1 || settings.ServerName != "shop.internal" || settings.InsecureSkipVerify {
		t.Errorf("settings %+v", settings)
	}
	for _, name := range []string{"ca.crt", "client.crt", "client.key"} {
		if !slices.Contains(first.Files, filepath.Join(folder, name)) {
			t.Errorf("%s is not watched: %v", name, first.Files)
		}
	}
	if again := read(); again.Legacy.TLS.Content() != first.Legacy.TLS.Content() || len(Diff(first.InForce(), again.InForce())) > 0 {
		t.Error("the same files differ")
	}
	writePair(t, folder, "client")
	renewed := read()
	if renewed.Legacy.TLS.Content() == first.Legacy.TLS.Content() {
		t.Error("a renewed certificate is no other one")
	}
	changes := Diff(first.InForce(), renewed.InForce())
	if len(changes) != 1 || len(changes[0].Fields) != 1 || changes[0].Fields[0].Pointer != "/tls/cert" {
		t.Errorf("changes %v, want the certificate's", changes)
	}
	writePair(t, folder, "other")
	if err := os.Rename(filepath.Join(folder, "other.key"), filepath.Join(folder, "client.key")); err != nil {
		t.Fatal(err)
	}
	const want = "strangler.yaml:1:44: legacy.tls: the certificate and key don't serve: private key does not match public key"
	if _, err := Load(file, Options{}); err == nil || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("error %v, want one that ends in %s", err, want)
	}
}
