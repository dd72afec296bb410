package identity

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// token returns a token for a visitor: the last one while half of its life is left, else another.
func (b *Bridge) token(e *entry, now time.Time) (string, error) {
	k := b.keys.ring(now).signing(now)
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.token != "" && now.Before(e.renew) && e.signer == k.id {
		return e.token, nil
	}
	token, err := b.sign(k, e, now)
	if err != nil {
		return "", err
	}
	b.stats.issued.Add(1)
	e.token, e.renew, e.signer = token, now.Add(b.c.Issue.Expires/2), k.id
	return token, nil
}

// sign makes a token.
func (b *Bridge) sign(k *key, e *entry, now time.Time) (string, error) {
	c := b.c.Issue
	claims := make(map[string]any, len(e.claims)+5)
	for name, value := range maps.All(e.claims) {
		claims[name] = value
	}
	claims["iss"], claims["aud"] = c.Issuer, c.Audience
	if len(c.Audience) == 1 {
		claims["aud"] = c.Audience[0]
	}
	claims["iat"], claims["exp"] = now.Unix(), now.Add(c.Expires).Unix()
	if c.Session && len(e.session) > 0 {
		sealed, err := k.sealSession(strings.Join(e.session, ";")) // no cookie's value has one
		if err != nil {
			return "", err
		}
		claims["sid"] = sealed
	}
	payload, err := json.Marshal(claims, json.Deterministic(true))
	if err != nil {
		return "", err
	}
	signed, err := k.signer.Sign(payload)
	if err != nil {
		return "", err
	}
	token, err := signed.CompactSerialize()
	if err == nil && len(token) > MaxToken {
		return "", fmt.Errorf("it would have %d bytes, and may have %d: there is too much in its claims, or too long a session", len(token), MaxToken)
	}
	return token, err
}

// What is wrong with a token that came back. None has anything of the token in it.
var (
	errTokenForm    = errors.New("it is no JWT that a bridge signs")
	errTokenKey     = errors.New("no key of this bridge signed it")
	errTokenIssuer  = errors.New("it was issued by or for somebody else")
	errTokenTime    = errors.New("it has expired, or is not valid yet")
	errTokenSession = errors.New("there is no session in it: issue.jwt.session has to be true")
)

// sessionOf returns the session that one of the bridge's own tokens was made from.
func (b *Bridge) sessionOf(token string, now time.Time) (session, error) {
	if b.keys == nil || len(token) > MaxToken {
		return nil, errTokenForm
	}
	parsed, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.EdDSA, jose.ES256, jose.RS256})
	if err != nil || len(parsed.Signatures) != 1 {
		return nil, errTokenForm
	}
	header := parsed.Signatures[0].Protected
	signer := b.keys.find(header.KeyID, now)
	if signer == nil || header.Algorithm != string(signer.alg) { // which is the key's, whatever the token says (RFC 8725 section 3.1)
		return nil, errTokenKey
	}
	payload, err := parsed.Verify(signer.public.Key)
	if err != nil {
		return nil, errTokenKey
	}
	var claims struct {
		Issuer   string         `json:"iss"`
		Audience jsontext.Value `json:"aud"`
		Expires  *int64         `json:"exp"`
		Issued   *int64         `json:"iat"`
		Session  string         `json:"sid"`
	}
	if err := json.Unmarshal(payload, &claims); err != nil || claims.Expires == nil || claims.Issued == nil {
		return nil, errTokenForm
	}
	var audience jwt.Audience
	if err := audience.UnmarshalJSON(claims.Audience); err != nil || claims.Issuer != b.c.Issue.Issuer || !meets(audience, b.c.Issue.Audience) {
		return nil, errTokenIssuer
	}
	leeway := b.c.Issue.Leeway
	if now.Add(-leeway).After(time.Unix(*claims.Expires, 0)) || now.Add(leeway).Before(time.Unix(*claims.Issued, 0)) {
		return nil, errTokenTime
	}
	if claims.Session == "" {
		return nil, errTokenSession
	}
	values, err := signer.openSession(claims.Session)
	if err != nil {
		return nil, err
	}
	return strings.Split(values, ";"), nil
}

// meets reports whether two audiences have somebody in common.
func meets(a jwt.Audience, b []string) bool {
	for _, one := range b {
		if a.Contains(one) {
			return true
		}
	}
	return false
}
