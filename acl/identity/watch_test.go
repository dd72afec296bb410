package identity_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestWatch says that logins and logouts that legacy answers are noticed at once.
func TestWatch(t *testing.T) {
	legacy := newShop(t)
	b := newBridge(t, config(t, legacy))
	s := newService(t, b)
	through, watched := b.Transport(pool(t)), b.Watch(pool(t))
	user := func(id string) string {
		t.Helper()
		get(t, through, s.URL, "Cookie: "+cookie+"="+id)
		return s.last(t).User
	}
	ada := legacy.logIn("ada")
	if user(ada) != "ada" {
		t.Fatal("ada isn't known")
	}

	// Reading changes nothing.
	resp, body := get(t, watched, legacy.URL+"/app/account", "Cookie: "+cookie+"="+ada)
	if !strings.HasPrefix(body, "ada's account") || resp.Header.Get("Set-Cookie") != "theme=dark" {
		t.Errorf("%q, %v", body, resp.Header)
	}
	before := b.Stats().Lookups
	if user(ada) != "ada" || b.Stats().Lookups != before {
		t.Error("a page was taken for a change")
	}
	// A logout is.
	if get(t, watched, legacy.URL+"/app/logout", "Cookie: "+cookie+"="+ada); user(ada) != "" {
		t.Error("who has logged out is still known")
	}
	// And a login, under the same cookie: what was known was that nobody is logged in.
	legacy.mu.Lock()
	legacy.sessions[ada] = &visitor{user: "bob"}
	legacy.mu.Unlock()
	if user(ada) != "" {
		t.Error("that nobody is logged in wasn't known")
	}
	if _, _, err := call(t, watched, "POST", legacy.URL+"/app/account", "x=1", "Cookie: "+cookie+"="+ada); err != nil {
		t.Fatal(err)
	}
	if user(ada) != "bob" {
		t.Error("a login under the same cookie wasn't noticed")
	}
	// What the daemon is told itself.
	legacy.logOut(ada)
	if b.Forget(ada); user(ada) != "" {
		t.Error("a forgotten session is still known")
	}
}

// TestWatchAnswers says which answers change a session.
func TestWatchAnswers(t *testing.T) {
	tests := []struct {
		name, method, setCookie string
		err                     error
		changed                 bool
	}{
		{"a page", "GET", "", nil, false},
		{"a form", "POST", "", nil, true},
		{"a form without an answer", "POST", "", io.ErrUnexpectedEOF, true},
		{"a page without an answer", "GET", "", io.ErrUnexpectedEOF, false},
		{"another cookie", "GET", "lang=de; Path=/", nil, false},
		{"a cookie that is named alike", "GET", "XBOOKSESS=1", nil, false},
		{"the same again", "GET", "BOOKSESS=ID; Max-Age=3600; Path=/", nil, false},
		{"the same again, but over", "GET", "BOOKSESS=ID; Max-Age=0", nil, true},
		{"over in the past", "GET", "BOOKSESS=ID; Expires=Thu, 01 Jan 1970 00:00:00 GMT", nil, true},
		{"over in the past, as PHP has it", "GET", "BOOKSESS=deleted; expires=Thu, 01-Jan-1970 00:00:01 GMT; Max-Age=0", nil, true},
		{"over, but Max-Age counts", "GET", "BOOKSESS=ID; Expires=Thu, 01 Jan 1970 00:00:00 GMT; max-age=60", nil, false},
		{"empty", "GET", "BOOKSESS=; Path=/", nil, true},
		{"another value", "GET", "BOOKSESS=other", nil, true},
		{"blanks", "GET", " BOOKSESS = other ;Path=/", nil, true},
	}
	for _, test := range tests {
		for _, by := range []string{"legacy", "the service"} {
			t.Run(test.name+" by "+by, func(t *testing.T) {
				legacy := newShop(t)
				b := newBridge(t, config(t, legacy))
				ada := legacy.logIn("ada")
				next := roundTripper(func(r *http.Request) (*http.Response, error) {
					if test.err != nil {
						return nil, test.err
					}
					h := http.Header{}
					if test.setCookie != "" {
						h.Set("Set-Cookie", strings.ReplaceAll(test.setCookie, "ID", ada))
					}
					return &http.Response{StatusCode: 200, Header: h, Body: http.NoBody, Request: r}, nil
				})
				quiet := b.Transport(roundTripper(func(r *http.Request) (*http.Response, error) {
					return &http.Response{StatusCode: 200, Body: http.NoBody}, nil
				}))
				get(t, quiet, legacy.URL, "Cookie: "+cookie+"="+ada)
				changed := test.changed
				through := b.Watch(next)
				if by == "the service" {
					through = b.Transport(next)
					changed = changed && test.setCookie != "" // its own forms are none of legacy's
				}
				resp, _, err := call(t, through, test.method, legacy.URL, "", "Cookie: lang=de; "+cookie+"="+ada)
				if err != test.err {
					t.Fatal(err)
				}
				if test.setCookie != "" && resp.Header.Get("Set-Cookie") != strings.ReplaceAll(test.setCookie, "ID", ada) {
					t.Errorf("the client got %q", resp.Header.Get("Set-Cookie"))
				}
				before := b.Stats().Lookups
				get(t, quiet, legacy.URL, "Cookie: "+cookie+"="+ada)
				if got := b.Stats().Lookups > before; got != changed {
					t.Errorf("asked again: %t, want %t", got, changed)
				}
			})
		}
	}
}

// TestLogoutDuringLookup says that a lookup that began before a logout says nothing to who comes after it,
// and that even then there is one lookup at a time.
func TestLogoutDuringLookup(t *testing.T) {
	legacy := newShop(t)
	release, entered := make(chan struct{}), make(chan struct{}, 10)
	ada := legacy.logIn("ada")
	legacy.before = func(w http.ResponseWriter, r *http.Request) bool {
		entered <- struct{}{}
		v := legacy.of(r) // decided before the logout, told after it
		<-release
		if v != nil {
			fmt.Fprintf(w, `{"user":%q,"roles":1}`, v.user)
		} else {
			w.WriteHeader(401)
		}
		return true
	}
	b := newBridge(t, config(t, legacy))
	users := make(chan string, 2)
	through := b.Transport(roundTripper(func(r *http.Request) (*http.Response, error) {
		users <- r.Header.Get("Authorization")
		return &http.Response{StatusCode: 200, Body: http.NoBody}, nil
	}))
	done := make(chan struct{}, 2)
	ask := func() {
		get(t, through, legacy.URL, "Cookie: "+cookie+"="+ada)
		done <- struct{}{}
	}
	go ask()
	<-entered
	get(t, b.Watch(pool(t)), legacy.URL+"/app/logout", "Cookie: "+cookie+"="+ada)
	go ask()
	time.Sleep(20 * time.Millisecond) // it waits for the lookup that is on its way
	close(release)
	<-done
	<-done
	if first, second := <-users, <-users; (first == "") == (second == "") {
		t.Errorf("the one that began before the logout and the one after saw %q and %q", first, second)
	}
	if most, n := legacy.most.Load(), legacy.lookups.Load(); most != 1 || n != 2 {
		t.Errorf("%d lookups, %d at once", n, most)
	}
}
