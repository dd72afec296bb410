package identity

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Algorithm is how tokens are signed (RFC 7518, RFC 8037).
type Algorithm string

// The algorithms.
const (
	EdDSA Algorithm = "EdDSA" // Ed25519
	ES256 Algorithm = "ES256" // ECDSA with P-256 and SHA-256
	RS256 Algorithm = "RS256" // RSA with SHA-256; keys of 2048 bits or more
)

const rsaBits = 2048

// key is a key that signs.
type key struct {
	id      string // RFC 7638
	alg     Algorithm
	private crypto.Signer
	public  jose.JSONWebKey
	signer  jose.Signer
	seal    []byte    // encrypts sessions
	from    time.Time // when it begins to sign; zero: it always has
}

// generate makes a key.
func generate(alg Algorithm) (crypto.Signer, error) {
	switch alg {
	case ES256:
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case RS256:
		return rsa.GenerateKey(rand.Reader, rsaBits)
	}
	_, private, err := ed25519.GenerateKey(rand.Reader)
	return private, err
}

// newKey returns what a private key is good for.
func newKey(private crypto.Signer, from time.Time) (*key, error) {
	k := &key{private: private, from: from}
	switch p := private.(type) {
	case ed25519.PrivateKey:
		k.alg = EdDSA
	case *ecdsa.PrivateKey:
		if p.Curve != elliptic.P256() {
			return nil, fmt.Errorf("an ECDSA key has to be of P-256, not of %s", p.Curve.Params().Name)
		}
		k.alg = ES256
	case *rsa.PrivateKey:
		if p.N.BitLen() < rsaBits {
			return nil, fmt.Errorf("an RSA key has to have %d bits, not %d", rsaBits, p.N.BitLen())
		}
		k.alg = RS256
	default:
		return nil, fmt.Errorf("a key of the kind %T can't sign tokens; Ed25519, ECDSA P-256 and RSA can", private)
	}
	k.public = jose.JSONWebKey{Key: private.Public(), Algorithm: string(k.alg), Use: "sig"}
	print, err := k.public.Thumbprint(crypto.SHA256)
	if err != nil {
		return nil, err
	}
	k.id = base64.RawURLEncoding.EncodeToString(print)
	k.public.KeyID = k.id
	k.signer, err = jose.NewSigner(
		jose.SigningKey{Algorithm: jose.SignatureAlgorithm(k.alg), Key: jose.JSONWebKey{Key: private, KeyID: k.id}},
		(&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return nil, err
	}
	// Of the signing key, so that whoever has that has it, after a restart and in another process, and it
	// ends with it. HKDF keeps the two uses apart (RFC 5869).
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, err
	}
	k.seal, err = hkdf.Key(sha256.New, secret, nil, "strangler acl/identity session claim", 32)
	return k, err
}

// sealSession encrypts a session for the claim sid (RFC 7516, direct, A256GCM).
func (k *key) sealSession(s string) (string, error) {
	encrypter, err := jose.NewEncrypter(jose.A256GCM, jose.Recipient{Algorithm: jose.DIRECT, Key: k.seal}, nil)
	if err != nil {
		return "", err
	}
	sealed, err := encrypter.Encrypt([]byte(s))
	if err != nil {
		return "", err
	}
	return sealed.CompactSerialize()
}

// openSession is the way back of sealSession.
func (k *key) openSession(sealed string) (string, error) {
	parsed, err := jose.ParseEncryptedCompact(sealed, []jose.KeyAlgorithm{jose.DIRECT}, []jose.ContentEncryption{jose.A256GCM})
	if err != nil {
		return "", errors.New("its session can't be read")
	}
	plain, err := parsed.Decrypt(k.seal)
	if err != nil {
		return "", errors.New("its session can't be decrypted")
	}
	return string(plain), nil
}
