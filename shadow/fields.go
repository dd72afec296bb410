package shadow

import (
	"net/http"
	"sync"
)

// fields are a header as a list, which is cheaper to write and to hand from one processor to another
// than a map is. The values are shared with the header that it was made of: who changes that replaces
// them, and doesn't write over them.
type fields []field

type field struct {
	name   string
	values []string
}

// of returns the values of a name, and whether there is such a field.
func (f fields) of(name string) (values []string, ok bool) {
	for i := range f {
		if f[i].name == name {
			return f[i].values, true
		}
	}
	return nil, false
}

// has reports whether there is such a field.
func (f fields) has(name string) bool {
	_, ok := f.of(name)
	return ok
}

// header returns them as a map, which forget takes back.
func (f fields) header() http.Header {
	h := headers.Get().(http.Header)
	for _, one := range f {
		h[one.name] = one.values
	}
	return h
}

// emptied returns room for other fields; nil where there would be too much of it.
func (f fields) emptied() fields {
	if len(f) > maxKeptFields {
		return nil
	}
	clear(f)
	return f[:0]
}

// maxKeptFields is how many fields a header may have for what it lies in to be used again.
const maxKeptFields = 32

// headers are maps for headers.
var headers = sync.Pool{New: func() any { return make(http.Header, 8) }}

// forget lets a map be another header's, unless it is a large one, as none ever shrinks.
func forget(h http.Header) {
	if h != nil && len(h) <= maxKeptFields {
		clear(h)
		headers.Put(h)
	}
}
