package upstream

import (
	"context"
	"encoding/binary"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// nameserver is a DNS server on the loopback: what it says can change.
type nameserver struct {
	mu      sync.Mutex
	records map[string][]string // "orders.internal A" → addresses; "… SRV" → "priority weight port target"
	failing bool
}

func (n *nameserver) say(question string, answers ...string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.records == nil {
		n.records = map[string][]string{}
	}
	n.records[question] = answers
}

func (n *nameserver) fail(failing bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.failing = failing
}

// resolver starts the server and returns a resolver that asks it alone.
func (n *nameserver) resolver(t *testing.T) *net.Resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var done sync.WaitGroup
	t.Cleanup(func() { conn.Close(); done.Wait() })
	done.Go(func() {
		buf := make([]byte, 1500)
		for {
			size, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			_, _ = conn.WriteTo(n.answer(buf[:size]), from)
		}
	})
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

// answer makes a DNS message (RFC 1035 section 4) of the records that there are.
func (n *nameserver) answer(query []byte) []byte {
	end, labels := 12, []string{}
	for query[end] != 0 {
		size := int(query[end])
		labels = append(labels, string(query[end+1:end+1+size]))
		end += 1 + size
	}
	kind := binary.BigEndian.Uint16(query[end+1:])
	end += 5
	n.mu.Lock()
	defer n.mu.Unlock()
	name := map[uint16]string{1: "A", 28: "AAAA", 33: "SRV"}[kind]
	records, known := n.records[strings.Join(labels, ".")+" "+name]
	rcode := byte(0)
	switch {
	case n.failing:
		rcode, records = 2, nil
	case !known && n.records[strings.Join(labels, ".")+" A"] == nil:
		rcode = 3
	}
	out := slices.Concat(query[:2], []byte{0x84, rcode, 0, 1, 0, byte(len(records)), 0, 0, 0, 0}, query[12:end])
	for _, record := range records {
		var data []byte
		if kind == 33 {
			fields := strings.Fields(record)
			for _, f := range fields[:3] {
				v, _ := strconv.Atoi(f)
				data = binary.BigEndian.AppendUint16(data, uint16(v))
			}
			for label := range strings.SplitSeq(fields[3], ".") {
				data = append(append(data, byte(len(label))), label...)
			}
			data = append(data, 0)
		} else {
			data = netip.MustParseAddr(record).AsSlice()
		}
		out = append(out, 0xc0, 12) // the question's name
		out = binary.BigEndian.AppendUint16(out, kind)
		out = append(out, 0, 1, 0, 0, 0, 0)
		out = binary.BigEndian.AppendUint16(out, uint16(len(data)))
		out = append(out, data...)
	}
	return out
}
