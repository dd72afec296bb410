package daemon_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// signer signs certificates.
type signer struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newSigner(t *testing.T) signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return signer{cert, key}
}

// sign returns a certificate for a name and its key, in PEM form.
func (a signer) sign(t *testing.T, name string) (cert, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(2), NotAfter: time.Now().Add(time.Hour), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, private.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})
}

// TestMutualTLS reaches a service that is known by a private signer's certificate, and that
// wants to know the proxy by one; the proxy's is renewed while it runs.
func TestMutualTLS(t *testing.T) {
	t.Parallel()
	ca := newSigner(t)
	trusted := x509.NewCertPool()
	trusted.AddCert(ca.cert)
	cert, key := ca.sign(t, "orders.internal")
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	service := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.Proto, " from ", r.TLS.PeerCertificates[0].Subject.CommonName)
	}))
	service.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo)
	service.EnableHTTP2 = true
	service.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: trusted}
	service.StartTLS()
	t.Cleanup(service.Close)

	folder := t.TempDir()
	put := func(name string, text []byte) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	renew := func(name string) {
		t.Helper()
		cert, key := ca.sign(t, name)
		put("proxy.pem", cert)
		put("proxy.key", key)
	}
	put("ca.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca.cert.Raw}))
	renew("proxy-1")
	s := startIn(t, folder, fmt.Sprintf(`legacy: {url: %q}
services:
  both: {urls: [%[2]q], tls: {ca: ca.pem, cert: proxy.pem, key: proxy.key, server_name: orders.internal}}
  stranger: {urls: [%[2]q], tls: {ca: ca.pem, server_name: orders.internal}}
  trusting: {urls: [%[2]q], tls: {cert: proxy.pem, key: proxy.key, server_name: orders.internal}}
  misnamed: {urls: [%[2]q], tls: {ca: ca.pem, cert: proxy.pem, key: proxy.key}}
routes:
  - {name: both, match: {path: /both}, service: both, start: live, fallback: none}
  - {name: stranger, match: {path: /stranger}, service: stranger, start: live, fallback: none}
  - {name: trusting, match: {path: /trusting}, service: trusting, start: live, fallback: none}
  - {name: misnamed, match: {path: /misnamed}, service: misnamed, start: live, fallback: none}
`, backend(t, "legacy", nil).URL, service.URL))

	for path, want := range map[string]string{"/both": "200 HTTP/2.0 from proxy-1", "/stranger": "502", "/trusting": "502", "/misnamed": "502"} {
		status, body, _ := s.fetch(t, "GET", path, "")
		if got := fmt.Sprint(status, " ", body); got != want && (status == 200 || !strings.HasPrefix(got, want)) {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
	renew("proxy-2")
	eventually(t, "the renewed certificate is shown", func() bool {
		_, body, _ := s.fetch(t, "GET", "/both", "")
		return strings.HasSuffix(body, "from proxy-2")
	})
}
