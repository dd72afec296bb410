package format

import (
	"errors"
	"strconv"
	"strings"

	"github.com/strangler-fig/toolkit/acl/document"
)

// place is where an error is: the steps from there up to the root, which whoever returns the
// error adds to on its way out, so that nothing has to be known of the place where all is well.
type place []string

func (p *place) name(n []byte) { *p = append(*p, escapePointer(string(n))) }

func (p *place) index(i int) { *p = append(*p, strconv.Itoa(i)) }

// wrap returns err with the pointer to the place.
func (p place) wrap(err error) error {
	var b strings.Builder
	for i := len(p) - 1; i >= 0; i-- {
		b.WriteByte('/')
		b.WriteString(p[i])
	}
	return &document.Error{Pointer: b.String(), Err: err}
}

// under puts err, whose pointer is into a part of a body, below that part.
func under(pointer string, err error) error {
	var e *document.Error
	if errors.As(err, &e) {
		return &document.Error{Pointer: pointer + e.Pointer, Err: e.Err}
	}
	return &document.Error{Pointer: pointer, Err: err}
}

// escapePointer escapes a name for a pointer (RFC 6901, section 3). A place that is reported holds
// no bytes that aren't UTF-8.
func escapePointer(name string) string {
	return strings.ToValidUTF8(document.EscapePointer(name), "\uFFFD")
}
