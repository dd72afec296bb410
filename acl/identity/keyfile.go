package identity

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// maxKeyFile is the most bytes of a file with keys, and maxKeys the most keys.
const (
	maxKeyFile = 1 << 20
	maxKeys    = 100
)

func readSmall(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxKeyFile {
		return nil, fmt.Errorf("read %s: it is no file of up to %d bytes", path, maxKeyFile)
	}
	return os.ReadFile(path)
}

// readPEM reads the private keys in a PEM file.
func readPEM(path string) (all []*key, err error) {
	rest, err := readSmall(path)
	if err != nil {
		return nil, err
	}
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		var private any
		switch block.Type {
		case "PRIVATE KEY":
			private, err = x509.ParsePKCS8PrivateKey(block.Bytes)
		case "EC PRIVATE KEY":
			private, err = x509.ParseECPrivateKey(block.Bytes)
		case "RSA PRIVATE KEY":
			private, err = x509.ParsePKCS1PrivateKey(block.Bytes)
		case "ENCRYPTED PRIVATE KEY":
			err = errors.New("it is encrypted, and has to be plain: openssl pkcs8 -in … -nocrypt does that")
		default:
			continue // parameters, certificates
		}
		signer, ok := private.(crypto.Signer)
		if err == nil && !ok {
			err = errors.New("it can't sign")
		}
		var k *key
		if err == nil {
			k, err = newKey(signer, time.Time{})
		}
		if err != nil {
			return nil, fmt.Errorf("read key %d in %s: %w", len(all)+1, path, err)
		}
		if all = append(all, k); len(all) > maxKeys {
			return nil, fmt.Errorf("read %s: there are more than %d keys in it", path, maxKeys)
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("read %s: there is no private key in it, in PEM: openssl genpkey -algorithm ed25519 makes one", path)
	}
	return all, nil
}

// storeFile is what the file holds in which keys are kept that are made here.
type storeFile struct {
	Keys []storedKey `json:"keys"`
}

type storedKey struct {
	From time.Time      `json:"from"` // when it begins to sign; it ends when the next does
	JWK  jsontext.Value `json:"jwk"`  // RFC 7517, private
}

// readStore reads that file, in the order in which the keys sign; none where there is no file.
func readStore(path string) (all []*key, err error) {
	content, err := readSmall(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	bad := func(err error) error {
		return fmt.Errorf("read signing keys from %s: %w; restore it from a backup, or move it away to have new keys made", path, err)
	}
	var file storeFile
	if err := json.Unmarshal(content, &file); err != nil {
		return nil, bad(errors.New("it is not the JSON that this program writes" + where(err)))
	}
	if len(file.Keys) == 0 || len(file.Keys) > maxKeys {
		return nil, bad(fmt.Errorf("there are %d keys in it", len(file.Keys)))
	}
	for i, stored := range file.Keys {
		var jwk jose.JSONWebKey
		if err := jwk.UnmarshalJSON(stored.JWK); err != nil {
			return nil, bad(fmt.Errorf("key %d can't be read", i+1))
		}
		private, ok := jwk.Key.(crypto.Signer)
		if !ok {
			return nil, bad(fmt.Errorf("key %d is not private", i+1))
		}
		if stored.From.IsZero() {
			return nil, bad(fmt.Errorf("key %d doesn't say when it begins to sign", i+1))
		}
		k, err := newKey(private, stored.From)
		if err != nil {
			return nil, bad(fmt.Errorf("key %d: %w", i+1, err))
		}
		all = append(all, k)
	}
	slices.SortStableFunc(all, func(a, b *key) int { return a.from.Compare(b.from) })
	return all, nil
}

// MadeKeys reports whether a file holds private keys as a [Bridge] makes and keeps them, whole: not one that
// somebody put beside it under such a name.
func MadeKeys(path string) bool {
	all, err := readStore(path)
	return err == nil && len(all) > 0
}

// writeStore writes that file whole or not at all, for its owner only. With fresh, a file that is there
// already, as another process has made it meanwhile, is an fs.ErrExist.
func writeStore(path string, all []*key, fresh bool) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("keep signing keys in %s: %w", path, err)
		}
	}()
	var file storeFile
	for _, k := range all {
		jwk, err := (jose.JSONWebKey{Key: k.private, KeyID: k.id, Algorithm: string(k.alg), Use: "sig"}).MarshalJSON()
		if err != nil {
			return err
		}
		file.Keys = append(file.Keys, storedKey{k.from.UTC(), jwk})
	}
	content, err := json.Marshal(file, jsontext.WithIndent("  "))
	if err != nil {
		return err
	}
	folder := filepath.Dir(path)
	temp, err := os.CreateTemp(folder, "."+filepath.Base(path)+".*") // 0600
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name()) // after a rename there is nothing to remove
	_, err = temp.Write(append(content, '\n'))
	if err == nil {
		err = temp.Sync()
	}
	if err = errors.Join(err, temp.Close()); err != nil {
		return err
	}
	if fresh {
		err = os.Link(temp.Name(), path) // unlike a rename it never replaces one
	}
	if !fresh || err != nil && !errors.Is(err, fs.ErrExist) { // not every file system has links
		err = os.Rename(temp.Name(), path)
	}
	if err != nil {
		return err
	}
	dir, err := os.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
