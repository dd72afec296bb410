package daemon_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/strangler-fig/toolkit/strangler"
)

// certificate writes a certificate for 127.0.0.1 and its key, and returns who trusts it.
func certificate(t *testing.T, cert, key string) *x509.CertPool {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(
		os.WriteFile(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600),
		os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}), 0o600),
	); err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return pool
}

// TestTLS speaks HTTP/1.1 and HTTP/2 over TLS; legacy is told so, and our cookie is for it only.
func TestTLS(t *testing.T) {
	folder := t.TempDir()
	trusted := certificate(t, filepath.Join(folder, "server.crt"), filepath.Join(folder, "server.key"))
	legacy := backend(t, "", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.Header.Get("X-Forwarded-Proto"), " ", r.Header.Get("X-Forwarded-Port") != "443")
	})
	s := startIn(t, folder, fmt.Sprintf(`
tls: {cert: server.crt, key: server.key}
legacy: {url: %q}
services: {orders: {urls: [%q]}}
routes: [{name: one, match: {path: /one}, service: orders, cohort: [issued], start: 50%%}]
`, legacy.URL, legacy.URL))
	for _, http2 := range []bool{false, true} {
		transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusted}, ForceAttemptHTTP2: http2}
		client := &http.Client{Transport: transport}
		resp, err := client.Get("https://" + s.Addr() + "/one")
		text, err := body(resp, err)
		if err != nil {
			t.Fatal(err)
		}
		if text != "https true" || resp.ProtoMajor == 2 != http2 {
			t.Errorf("%s: %q", resp.Proto, text)
		}
		if cookies := resp.Cookies(); len(cookies) != 1 || cookies[0].Name != strangler.IssuedCookie || !cookies[0].Secure {
			t.Errorf("%s: cookies %v", resp.Proto, cookies)
		}
		transport.CloseIdleConnections()
	}
}
