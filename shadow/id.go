package shadow

import (
	"crypto/rand"
	"encoding/binary"
	"time"
)

// crockford is the base 32 alphabet of ULIDs: no I, L, O, U, and its order is that of the bytes.
const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// NewID returns 26 characters that are unique and sort by time: 48 bits of milliseconds since
// 1970, then 80 random ones, as https://github.com/ulid/spec has it. Ids of the same
// millisecond are in no order.
func NewID(at time.Time) string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(at.UnixMilli())<<16)
	rand.Read(b[6:]) // never fails: it ends the program rather than to return an error
	hi, lo := binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])
	var id [26]byte
	for i := len(id) - 1; i >= 0; i-- {
		id[i] = crockford[lo&31]
		lo = lo>>5 | hi<<59
		hi >>= 5
	}
	return string(id[:])
}
