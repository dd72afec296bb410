package compare

import (
	"encoding/binary"
	"errors"
	"slices"
	"strings"

	"github.com/strangler-fig/toolkit/shadow"
)

// parseGRPC reads gRPC's frames (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md):
// a byte that says whether the message is compressed, its length in four, and the message.
func (t *tree) parseGRPC(c *codec, d document) error {
	dst, m, first := []byte{'['}, message{}, true
	for rest := d.body; len(rest) > 0; first = false {
		if len(rest) < 5 || uint64(binary.BigEndian.Uint32(rest[1:5])) > uint64(len(rest)-5) {
			return errors.New("a frame that ends too early")
		}
		end := 5 + int(binary.BigEndian.Uint32(rest[1:5]))
		flag, body := rest[0], rest[5:end]
		rest = rest[end:]
		if flag > 1 {
			return errors.New("a frame that is neither compressed nor not")
		}
		if flag == 1 {
			plain, err := c.decode(body, strings.ToLower(d.header.Get("Grpc-Encoding")))
			if err != nil {
				return err
			}
			body = plain
		}
		if !first {
			dst = append(dst, ',')
		}
		var err error
		if dst, err = m.append(dst, body, 0); err != nil {
			return err
		}
		if len(dst) > maxText {
			break // which is refused
		}
	}
	return t.parse(append(dst, ']'))
}

// trailers compares the trailers that are to be compared. A gRPC call says in them how it ended, or
// in its head where it says nothing else. Failed reports calls of which one succeeded and the other
// didn't: what they answered has nothing in common.
func (c *Comparer) trailers(legacy, service *shadow.Answer) (diffs []shadow.Difference, failed bool) {
	if len(legacy.Trailer) == 0 && len(service.Trailer) == 0 && len(legacy.Body) > 0 && len(service.Body) > 0 {
		return nil, false // an answer with a body says nothing of it in its head
	}
	for _, name := range c.plan.trailers {
		a, b := trailer(legacy, name), trailer(service, name)
		if slices.Equal(a, b) {
			continue
		}
		kind := shadow.KindHeader
		if name == "Grpc-Status" {
			kind, failed = shadow.KindStatus, succeeded(a) != succeeded(b)
		}
		at := "trailer:" + name
		diffs = append(diffs, shadow.Difference{
			Pointer: at, Pattern: at, Kind: kind, Legacy: headerValue(a), Service: headerValue(b),
		})
	}
	return diffs, failed
}

// trailer returns what an answer's trailer says, or its head.
func trailer(a *shadow.Answer, name string) []string {
	if values := a.Trailer[name]; len(values) > 0 {
		return values
	}
	return a.Header[name]
}

func succeeded(status []string) bool { return len(status) == 1 && status[0] == "0" }
