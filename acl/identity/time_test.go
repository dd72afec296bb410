package identity_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/strangler-fig/toolkit/acl/identity"
)

// inMemory is a bridge without sockets, for time that passes by itself: legacy answers with what status
// and body say, the service with the Authorization that it got.
type inMemory struct {
	*identity.Bridge
	status  atomic.Int64
	body    atomic.Value
	lookups atomic.Int64
	through http.RoundTripper
}

func newInMemory(t *testing.T, edit func(*identity.Config)) *inMemory {
	m := &inMemory{}
	m.status.Store(200)
	m.body.Store(`{"user":"ada"}`)
	c := identity.Config{
		Name: "shop", Cookie: cookie,
		Base: &url.URL{Scheme: "http", Host: "legacy"},
		Legacy: roundTripper(func(r *http.Request) (*http.Response, error) {
			m.lookups.Add(1)
			status := int(m.status.Load())
			if status == 0 { // never answers
				<-r.Context().Done()
				return nil, r.Context().Err()
			}
			return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(m.body.Load().(string))), Request: r}, nil
		}),
		Lookup: identity.Lookup{URL: "/whoami"},
		Issue: &identity.JWT{Issuer: "shop", Audience: []string{"catalog"}, Store: filepath.Join(t.TempDir(), "keys.json"),
			Claims: map[string]identity.Claim{"sub": {From: "/user"}}},
	}
	if edit != nil {
		edit(&c)
	}
	var err error
	if m.Bridge, err = identity.New(c); err != nil {
		t.Fatal(err)
	}
	m.through = m.Transport(roundTripper(func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader(r.Header.Get("Authorization")))}, nil
	}))
	return m
}

// ask sends a request of a session and returns the token that the service got.
func (m *inMemory) ask(t *testing.T, id string) (token string, err error) {
	t.Helper()
	_, body, err := call(t, m.through, "GET", "http://service/", "", "Cookie: "+cookie+"="+id)
	return strings.TrimPrefix(body, "Bearer "), err
}

func TestCachedFor(t *testing.T) {
	tests := []struct {
		name   string
		status int64
		edit   func(*identity.Config)
		until  time.Duration
	}{
		{"somebody", 200, nil, 30 * time.Second},
		{"nobody", 401, nil, 5 * time.Second},
		{"nobody, by a redirect", 302, nil, 5 * time.Second},
		{"an error", 500, nil, time.Second},
		{"somebody, for a minute", 200, func(c *identity.Config) { c.Cache = time.Minute }, time.Minute},
		{"somebody, not at all", 200, func(c *identity.Config) { c.Cache = -1 }, 0},
		{"nobody, for longer", 401, func(c *identity.Config) { c.Negative = time.Hour }, time.Hour},
		{"nobody, not at all", 401, func(c *identity.Config) { c.Negative = -1 }, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newInMemory(t, test.edit)
				m.status.Store(test.status)
				m.ask(t, "a")
				if test.until > 0 {
					time.Sleep(test.until - time.Millisecond)
					if m.ask(t, "a"); m.lookups.Load() != 1 {
						t.Errorf("it isn't known for %s", test.until)
					}
					time.Sleep(time.Millisecond)
				}
				if m.ask(t, "a"); m.lookups.Load() != 2 {
					t.Errorf("it is known after %s", test.until)
				}
			})
		})
	}
}

func TestLookupTimesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newInMemory(t, nil)
		m.status.Store(0)
		began := time.Now()
		_, err := m.ask(t, "a")
		var e *identity.Error
		if !errors.As(err, &e) || !e.Timeout() || time.Since(began) != identity.DefaultTimeout {
			t.Errorf("after %s: %v", time.Since(began), err)
		}
		// Who goes away doesn't wait, and Close waits for the lookup.
		time.Sleep(2 * time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began = time.Now()
		req, _ := http.NewRequestWithContext(ctx, "GET", "http://service/", nil)
		req.Header.Set("Cookie", cookie+"=b")
		if _, err := m.through.RoundTrip(req); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
		short, cancelShort := context.WithTimeout(context.Background(), time.Millisecond)
		defer cancelShort()
		if err := m.Close(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("closing in a hurry: %v", err)
		}
		if err := m.Close(context.Background()); err != nil || time.Since(began) > identity.DefaultTimeout {
			t.Errorf("closed after %s: %v", time.Since(began), err)
		}
	})
}

// TestTokenReused says that a token is used while half of its life is left, and no longer.
func TestTokenReused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newInMemory(t, func(c *identity.Config) { c.Cache, c.Issue.Session = time.Hour, true })
		first, err := m.ask(t, "a")
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(30*time.Second - time.Millisecond)
		if again, _ := m.ask(t, "a"); again != first {
			t.Error("it is not used while half of its life is left")
		}
		time.Sleep(time.Millisecond)
		second, _ := m.ask(t, "a")
		if second == first {
			t.Error("it is used when less than half of its life is left")
		}
		if other, _ := m.ask(t, "b"); other == second {
			t.Error("two sessions got one token")
		}
		if n := m.Stats().Issued; n != 3 || m.lookups.Load() != 2 {
			t.Errorf("%d tokens, %d lookups", n, m.lookups.Load())
		}
	})
}

// published returns the ids of the keys in the key set, and how long it may be kept.
func published(t *testing.T, b *identity.Bridge) (ids []string, age time.Duration) {
	t.Helper()
	set, age := keySet(t, b)
	for _, one := range set.Keys {
		ids = append(ids, one.KeyID)
	}
	return ids, age
}

// TestRotation walks through three keys' lives: each is published, for longer than the set may be kept,
// before it signs, and after it has, until its last token has expired.
func TestRotation(t *testing.T) {
	for _, algorithm := range []identity.Algorithm{identity.EdDSA, identity.ES256} {
		t.Run(string(algorithm), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const rotate = 6 * time.Hour
				m := newInMemory(t, func(c *identity.Config) {
					c.Cache = -1
					c.Issue.Rotate, c.Issue.Algorithm, c.Issue.Session = rotate, algorithm, true
				})
				type sighting struct{ firstPublished, firstSigned, lastSigned, lastPublished time.Time }
				keys, order := map[string]*sighting{}, []string{}
				maxAge := time.Duration(0)
				for range int(2*rotate/time.Minute) + 200 {
					synctest.Wait()
					token, err := m.ask(t, "a")
					if err != nil {
						t.Fatal(err)
					}
					ids, age := published(t, m.Bridge)
					maxAge = max(maxAge, age)
					for _, id := range ids {
						if keys[id] == nil {
							keys[id] = &sighting{firstPublished: time.Now()}
							order = append(order, id)
						}
						keys[id].lastPublished = time.Now()
					}
					signer := keyID(t, token)
					k := keys[signer]
					if k == nil {
						t.Fatalf("%s signs and isn't published", signer)
					}
					if k.firstSigned.IsZero() {
						k.firstSigned = time.Now()
					}
					k.lastSigned = time.Now()
					time.Sleep(time.Minute)
				}
				if len(order) != 4 { // three that signed and one to come
					t.Fatalf("%d keys", len(order))
				}
				for i, id := range order[:3] {
					k := keys[id]
					if i > 0 && k.firstSigned.Sub(k.firstPublished) < 2*maxAge {
						t.Errorf("key %d signs %s after it was published, and a set may be kept for %s", i, k.firstSigned.Sub(k.firstPublished), maxAge)
					}
					if i < 2 {
						if got := k.lastPublished.Sub(k.lastSigned); got < identity.DefaultExpires || got > identity.DefaultExpires+identity.DefaultLeeway+2*time.Minute {
							t.Errorf("key %d is published for %s after it signed", i, got)
						}
						if got := k.lastSigned.Sub(k.firstSigned); got < rotate-2*time.Minute || got > rotate {
							t.Errorf("key %d signs for %s", i, got)
						}
					}
				}
				if err := m.Close(context.Background()); err != nil {
					t.Fatal(err)
				}
			})
		})
	}
}

// TestSleptThrough says that a process that had nothing to do for long goes on with the next key.
func TestSleptThrough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newInMemory(t, nil)
		first, _ := m.ask(t, "a")
		before, _ := published(t, m.Bridge)
		time.Sleep(10 * identity.DefaultRotate)
		second, err := m.ask(t, "a")
		if err != nil || keyID(t, second) == keyID(t, first) || keyID(t, second) != before[1] {
			t.Errorf("%s after %s of %v: %v", keyID(t, second), keyID(t, first), before, err)
		}
		synctest.Wait()
		if after, _ := published(t, m.Bridge); len(after) != 2 || after[0] != before[1] {
			t.Errorf("published before: %v, after: %v", before, after)
		}
	})
}

func TestBackOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		attempts := 0
		var right bool
		c := identity.Config{
			Cookie: cookie, Base: &url.URL{Scheme: "http", Host: "legacy"},
			Legacy: roundTripper(func(r *http.Request) (*http.Response, error) {
				attempts++
				h := http.Header{"Location": {"/login"}}
				if right {
					h = http.Header{"Location": {"/"}, "Set-Cookie": {fmt.Sprintf("%s=s%d", cookie, attempts)}}
				}
				return &http.Response{StatusCode: 302, Header: h, Body: http.NoBody}, nil
			}),
			Login: &identity.Login{URL: "/login", Form: map[string]string{"PWD": "secretword"}},
		}
		b, err := identity.New(c)
		if err != nil {
			t.Fatal(err)
		}
		facade := b.Reverse(roundTripper(func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(r.Header.Get("Cookie")))}, nil
		}))
		for range 600 { // ten minutes, a call a second
			_, _, err := call(t, facade, "GET", "http://legacy/", "")
			if err == nil || !strings.Contains(err.Error(), "sent back to the login page") || strings.Contains(err.Error(), "secretword") {
				t.Fatalf("%v", err)
			}
			time.Sleep(time.Second)
		}
		if attempts < 5 || attempts > 9 { // after 0, 5, 15, 35, 75, 155, 315 s
			t.Errorf("%d attempts in ten minutes", attempts)
		}
		right = true
		time.Sleep(5 * time.Minute)
		if _, body, err := call(t, facade, "GET", "http://legacy/", ""); err != nil || !strings.HasPrefix(body, cookie+"=s") {
			t.Errorf("%q, %v", body, err)
		}
		if err := b.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
	})
}
