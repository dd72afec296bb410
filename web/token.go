package web

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
)

// Token lets its bearer in.
type Token struct {
	Name   string // who it stands for, in the journal
	Role   Role
	Secret string
}

// keyring knows tokens by their hashes only.
type keyring []key

type key struct {
	hash     [sha256.Size]byte
	identity Identity
}

func newKeyring(tokens []Token) (keyring, error) {
	ring := make(keyring, 0, len(tokens))
	for i, t := range tokens {
		switch {
		case t.Name == "":
			return nil, fmt.Errorf("admin token %d has no name; the journal needs one", i+1)
		case t.Role.rank() == 0:
			return nil, fmt.Errorf("admin token %q: no role %q; there are view, evidence and operate", t.Name, t.Role)
		case t.Secret == "":
			return nil, fmt.Errorf("admin token %q is empty; is its environment variable set?", t.Name)
		}
		hash := sha256.Sum256([]byte(t.Secret))
		if _, known := ring.find(t.Secret); known {
			return nil, fmt.Errorf("admin token %q is another's as well; give each its own", t.Name)
		}
		ring = append(ring, key{hash, Identity{Name: t.Name, Role: t.Role, Verified: true}})
	}
	return ring, nil
}

// find returns whose secret it is, in a time that depends neither on where it stands in the ring
// nor on how much of it is right.
func (k keyring) find(secret string) (found Identity, ok bool) {
	hash := sha256.Sum256([]byte(secret))
	at := -1
	for i := range k {
		at = subtle.ConstantTimeSelect(subtle.ConstantTimeCompare(hash[:], k[i].hash[:]), i, at)
	}
	if at < 0 {
		return Identity{}, false
	}
	return k[at].identity, true
}
