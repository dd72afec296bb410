package strangler

import (
	"net"
	"sync"
)

// departure is what is sent next on a client's connection: small things together, large ones as they are.
type departure struct {
	conn *frugalConn
	out  *[departureSize]byte // nil: nothing
	n    int                  // how much of out is used
	err  error                // of sending
}

// departureSize holds most answers whole. bytes.
const departureSize = 8 << 10

var departures = sync.Pool{New: func() any { return new([departureSize]byte) }}

// add puts a little into what is sent next.
func (d *departure) add(s string) {
	for len(s) > 0 {
		if d.out == nil {
			d.out = departures.Get().(*[departureSize]byte)
		}
		n := copy(d.out[d.n:], s)
		d.n += n
		if s = s[n:]; len(s) > 0 {
			d.send()
		}
	}
}

// push puts a part of the body into what is sent next, or sends it with that where there is no room.
func (d *departure) push(p []byte) {
	if d.out == nil && len(p) < departureSize {
		d.out = departures.Get().(*[departureSize]byte)
	}
	if d.out != nil && len(p) <= departureSize-d.n {
		d.n += copy(d.out[d.n:], p)
		return
	}
	if d.err != nil {
		return
	}
	both := make(net.Buffers, 0, 2)
	if d.n > 0 {
		both = append(both, d.out[:d.n])
	}
	both = append(both, p)
	_, err := both.WriteTo(d.conn.TCPConn)
	d.n = 0
	d.failed(err)
}

// send sends what there is.
func (d *departure) send() {
	if d.n == 0 || d.err != nil {
		d.n = 0
		return
	}
	_, err := d.conn.TCPConn.Write(d.out[:d.n])
	d.n = 0
	d.failed(err)
}

// failed takes an error of sending: the client is gone.
func (d *departure) failed(err error) {
	if err != nil {
		d.err = err
		d.conn.gone()
	}
}

// drop gives back what isn't sent.
func (d *departure) drop() {
	if d.out != nil {
		departures.Put(d.out)
		d.out, d.n = nil, 0
	}
}
