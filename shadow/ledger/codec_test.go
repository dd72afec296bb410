package ledger

import (
	"bytes"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/strangler-fig/toolkit/shadow"
)

// FuzzDecode unpacks what nobody packed, and packs bodies and unpacks them again.
func FuzzDecode(f *testing.F) {
	c, err := newCodec()
	if err != nil {
		f.Fatal(err)
	}
	whole, err := c.encode(shadow.Answer{Status: 200}, []byte("body"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add(whole[:len(whole)-1])
	for _, plain := range []string{"", "\x00", "\x04{}", "\x05{}body", "\x04{}body", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "\x80", "\x05{]", "\x06{}"} {
		f.Add(c.encoder.EncodeAll([]byte(plain), nil))
		f.Add([]byte(plain))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var a shadow.Answer
		if body, err := c.decode(data, &a); err != nil && body != nil {
			t.Errorf("a body of %d bytes, and %v", len(body), err)
		}
		for _, body := range [][]byte{nil, {}, data} {
			want := shadow.Answer{Status: 200, Header: http.Header{"A": {"b"}}, Size: 3, Hash: 1 << 63}
			blob, err := c.encode(want, body)
			if err != nil {
				t.Fatal(err)
			}
			var got shadow.Answer
			again, err := c.decode(blob, &got)
			if err != nil || !bytes.Equal(again, body) || (again == nil) != (body == nil) {
				t.Errorf("%q became %q, %v", body, again, err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("head (-want +got):\n%s", diff)
			}
		}
	})
}
