package daemon_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/acme"
)

// authority is a certificate authority that speaks as much of RFC 8555 as one order takes, and
// believes nothing that it hasn't seen: signatures are checked, and the challenge is TLS-ALPN-01
// (RFC 8737) against the address that it is told.
type authority struct {
	t      *testing.T
	server *httptest.Server
	cert   *x509.Certificate
	key    *ecdsa.PrivateKey

	nonces atomic.Int64

	mu      sync.Mutex
	dial    string // where every domain is
	account *ecdsa.PublicKey
	contact []string
	domain  string
	valid   bool // the challenge was met
	issued  []byte
	orders  int
}

func newAuthority(t *testing.T) *authority {
	a := &authority{t: t}
	var err error
	if a.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, template, template, a.key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /directory", func(w http.ResponseWriter, _ *http.Request) {
		directory := map[string]string{}
		for _, name := range []string{"newNonce", "newAccount", "newOrder", "revokeCert", "keyChange"} {
			directory[name] = a.server.URL + "/" + name
		}
		a.answer(w, http.StatusOK, directory)
	})
	mux.HandleFunc("HEAD /newNonce", func(w http.ResponseWriter, _ *http.Request) { a.answer(w, http.StatusOK, nil) })
	for path, answer := range map[string]func(w http.ResponseWriter, payload []byte) error{
		"/newAccount": a.newAccount, "/newOrder": a.newOrder, "/order": a.order, "/authorization": a.authorization,
		"/challenge": a.challenge, "/finalize": a.finalize, "/certificate": a.certificate,
	} {
		mux.HandleFunc("POST "+path, func(w http.ResponseWriter, r *http.Request) {
			a.mu.Lock()
			defer a.mu.Unlock()
			payload, err := a.open(r)
			if err == nil {
				err = answer(w, payload)
			}
			if err != nil {
				t.Errorf("%s: %v", path, err)
				a.answer(w, http.StatusBadRequest, map[string]string{"type": "urn:ietf:params:acme:error:malformed", "detail": err.Error()})
			}
		})
	}
	a.server = httptest.NewServer(mux)
	t.Cleanup(a.server.Close)
	return a
}

func (a *authority) answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Replay-Nonce", strconv.FormatInt(a.nonces.Add(1), 10))
	w.WriteHeader(status)
	if body != nil {
		_ = json.NewEncoder(w).Encode(body)
	}
}

// open returns what a signed request (section 6.2) says.
func (a *authority) open(r *http.Request) ([]byte, error) {
	var envelope struct{ Protected, Payload, Signature string }
	if err := json.NewDecoder(r.Body).Decode(&envelope); err != nil {
		return nil, err
	}
	var head struct {
		Alg, URL, Nonce string
		JWK             struct{ X, Y string }
	}
	var decoded [5][]byte
	decode := func(i int, s string) error {
		var err error
		decoded[i], err = base64.RawURLEncoding.DecodeString(s)
		return err
	}
	if err := errors.Join(decode(0, envelope.Protected), decode(1, envelope.Payload), decode(2, envelope.Signature)); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(decoded[0], &head); err != nil {
		return nil, err
	}
	if head.JWK.X != "" {
		if err := errors.Join(decode(3, head.JWK.X), decode(4, head.JWK.Y)); err != nil {
			return nil, err
		}
		var err error
		if a.account, err = ecdsa.ParseUncompressedPublicKey(elliptic.P256(), bytes.Join([][]byte{{4}, decoded[3], decoded[4]}, nil)); err != nil {
			return nil, err
		}
	}
	sum := sha256.Sum256([]byte(envelope.Protected + "." + envelope.Payload))
	half := len(decoded[2]) / 2
	if head.Alg != "ES256" || head.URL != a.server.URL+r.URL.Path || head.Nonce == "" || a.account == nil ||
		!ecdsa.Verify(a.account, sum[:], new(big.Int).SetBytes(decoded[2][:half]), new(big.Int).SetBytes(decoded[2][half:])) {
		return nil, fmt.Errorf("not signed as it should be: %s", decoded[0])
	}
	return decoded[1], nil
}

func (a *authority) newAccount(w http.ResponseWriter, payload []byte) error {
	var asked struct {
		Contact              []string
		TermsOfServiceAgreed bool
	}
	if err := json.Unmarshal(payload, &asked); err != nil {
		return err
	}
	a.contact = asked.Contact
	w.Header().Set("Location", a.server.URL+"/account")
	a.answer(w, http.StatusCreated, map[string]string{"status": "valid"})
	return nil
}

func (a *authority) newOrder(w http.ResponseWriter, payload []byte) error {
	var asked struct{ Identifiers []struct{ Value string } }
	if err := json.Unmarshal(payload, &asked); err != nil || len(asked.Identifiers) != 1 {
		return fmt.Errorf("order %s: %w", payload, err)
	}
	a.domain, a.valid, a.issued = asked.Identifiers[0].Value, false, nil
	a.orders++
	w.Header().Set("Location", a.server.URL+"/order")
	return a.writeOrder(w, http.StatusCreated)
}

func (a *authority) order(w http.ResponseWriter, _ []byte) error {
	w.Header().Set("Location", a.server.URL+"/order")
	return a.writeOrder(w, http.StatusOK)
}

func (a *authority) writeOrder(w http.ResponseWriter, status int) error {
	order := map[string]any{
		"status":         "pending",
		"identifiers":    []any{map[string]string{"type": "dns", "value": a.domain}},
		"authorizations": []string{a.server.URL + "/authorization"},
		"finalize":       a.server.URL + "/finalize",
	}
	switch {
	case a.issued != nil:
		order["status"], order["certificate"] = "valid", a.server.URL+"/certificate"
	case a.valid:
		order["status"] = "ready"
	}
	a.answer(w, status, order)
	return nil
}

// token is that of every challenge.
const token = "cGxlYXNlLXNob3ctbWU"

func (a *authority) authorization(w http.ResponseWriter, _ []byte) error {
	status := "pending"
	if a.valid {
		status = "valid"
	}
	a.answer(w, http.StatusOK, map[string]any{
		"status":     status,
		"identifier": map[string]string{"type": "dns", "value": a.domain},
		"challenges": []any{
			map[string]string{"type": "http-01", "url": a.server.URL + "/http", "token": token, "status": "pending"},
			map[string]string{"type": "tls-alpn-01", "url": a.server.URL + "/challenge", "token": token, "status": status},
		},
	})
	return nil
}

// challenge looks whether the domain's server knows the account (RFC 8737 section 3).
func (a *authority) challenge(w http.ResponseWriter, _ []byte) error {
	conn, err := tls.Dial("tcp", a.dial, &tls.Config{ServerName: a.domain, NextProtos: []string{acme.ALPNProto}, InsecureSkipVerify: true})
	if err != nil {
		return err
	}
	defer conn.Close()
	state := conn.ConnectionState()
	thumbprint, err := acme.JWKThumbprint(a.account)
	if err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(token + "." + thumbprint))
	want, err := asn1.Marshal(sum[:])
	if err != nil {
		return err
	}
	shown := state.PeerCertificates[0]
	for _, extension := range shown.Extensions {
		if extension.Id.Equal(asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 31}) && extension.Critical && bytes.Equal(extension.Value, want) {
			a.valid = true
		}
	}
	if !a.valid || state.NegotiatedProtocol != acme.ALPNProto || len(shown.DNSNames) != 1 || shown.DNSNames[0] != a.domain {
		return fmt.Errorf("the challenge isn't met: %q, %q", state.NegotiatedProtocol, shown.DNSNames)
	}
	a.answer(w, http.StatusOK, map[string]string{"type": "tls-alpn-01", "url": a.server.URL + "/challenge", "token": token, "status": "valid"})
	return nil
}

func (a *authority) finalize(w http.ResponseWriter, payload []byte) error {
	var asked struct{ CSR string }
	if err := json.Unmarshal(payload, &asked); err != nil {
		return err
	}
	der, err := base64.RawURLEncoding.DecodeString(asked.CSR)
	if err != nil {
		return err
	}
	request, err := x509.ParseCertificateRequest(der)
	if err != nil {
		return err
	}
	if err := request.CheckSignature(); err != nil || !a.valid || len(request.DNSNames) != 1 || request.DNSNames[0] != a.domain {
		return fmt.Errorf("request for %q: %w", request.DNSNames, err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(2), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(90 * 24 * time.Hour),
		DNSNames: request.DNSNames, KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	if a.issued, err = x509.CreateCertificate(rand.Reader, template, a.cert, request.PublicKey, a.key); err != nil {
		return err
	}
	w.Header().Set("Location", a.server.URL+"/order")
	return a.writeOrder(w, http.StatusOK)
}

func (a *authority) certificate(w http.ResponseWriter, _ []byte) error {
	a.answer(w, http.StatusOK, nil)
	for _, der := range [][]byte{a.issued, a.cert.Raw} {
		if err := pem.Encode(w, &pem.Block{Type: "CERTIFICATE", Bytes: der}); err != nil {
			return err
		}
	}
	return nil
}

// TestACME gets a certificate from an authority when the first client comes, keeps it over a
// restart, and asks for no other domain.
func TestACME(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	legacy := backend(t, "legacy", nil)
	folder := t.TempDir()
	text := fmt.Sprintf("tls: {acme: {domains: [Shop.example.com], email: ops@example.com, directory: %q}}\nlegacy: {url: %q}\n", ca.server.URL+"/directory", legacy.URL)
	trusted := x509.NewCertPool()
	trusted.AddCert(ca.cert)
	ask := func(s *system, domain, protocol string) (string, error) {
		transport := &http.Transport{
			TLSClientConfig:   &tls.Config{RootCAs: trusted, ServerName: domain},
			ForceAttemptHTTP2: protocol == "HTTP/2.0",
		}
		defer transport.CloseIdleConnections()
		resp, err := (&http.Client{Transport: transport, Timeout: 20 * time.Second}).Get("https://" + s.Addr() + "/")
		if err == nil && resp.Proto != protocol {
			t.Errorf("spoken is %s, want %s", resp.Proto, protocol)
		}
		return body(resp, err)
	}
	for _, run := range []string{"first", "after a restart"} {
		s := startIn(t, folder, text)
		ca.mu.Lock()
		ca.dial = s.Addr()
		ca.mu.Unlock()
		for _, protocol := range []string{"HTTP/1.1", "HTTP/2.0"} {
			if got, err := ask(s, "shop.example.com", protocol); err != nil || got != "legacy GET /" {
				t.Errorf("%s: %q, %v", run, got, err)
			}
		}
		if _, err := ask(s, "other.example.com", "HTTP/1.1"); err == nil {
			t.Errorf("%s: a domain that isn't ours has a certificate", run)
		}
		if err := s.end(); err != nil {
			t.Fatal(err)
		}
	}
	ca.mu.Lock()
	defer ca.mu.Unlock()
	if ca.orders != 1 || len(ca.contact) != 1 || ca.contact[0] != "mailto:ops@example.com" {
		t.Errorf("%d orders by %q, want 1", ca.orders, ca.contact)
	}
}
