package compare

import "time"

// An object is a map where its keys are data rather than names: prices by SKU, users by id. Its
// keys become * in a pattern, so that what differs in each of its entries is one cause and not
// as many as there are entries.

// largestRecord is how many members an object has at most whose keys somebody made up one by one.
const largestRecord = 50

// fewestIDs is how many ids make a map: an object {"1": …, "2": …} may well be a record.
const fewestIDs = 3

// mapping says which of an object's keys a pattern leaves out.
type mapping uint8

const (
	record mapping = iota // none: it is no map
	byID                  // those that look like ids
	byAny                 // all
)

// covers reports whether the pattern has * for the key.
func (m mapping) covers(key []byte) bool { return m == byAny || m == byID && isID(key) }

// mapping tells what two objects are by both sides' keys, so that the same comes out whichever
// side is legacy. Where only one side is a map by its ids, what the other has beside them, a
// total say, keeps its name.
func (w *walk) mapping(l, s uint32) mapping {
	switch {
	case w.probes > 0: // nothing is named
		return record
	case w.shape.lists: // names of fields and elements, whatever they look like
		return record
	case max(w.legacy.nodes[l].size, w.service.nodes[s].size) > largestRecord:
		return byAny
	case w.legacy.hasIDs(l) || w.service.hasIDs(s):
		return byID
	}
	return record
}

// hasIDs reports whether all keys of object i look like ids. That of most objects' first key
// doesn't.
func (t *tree) hasIDs(i uint32) bool {
	if t.nodes[i].size < fewestIDs {
		return false
	}
	child := i + 1
	for range t.nodes[i].size {
		if !isID(t.name(child)) {
			return false
		}
		child = t.nodes[child].next
	}
	return true
}

// isID reports whether a key is an integer, a UUID, a ULID, a hexadecimal number of eight digits
// or more, or a date.
func isID(key []byte) bool {
	return isInteger(key) || isHex(key) || isUUID(key) || isULID(key) || isDate(key)
}

func isInteger(key []byte) bool {
	if len(key) > 1 && key[0] == '-' {
		key = key[1:]
	}
	return all(key, isDigit)
}

func isHex(key []byte) bool { return len(key) >= 8 && all(key, isHexDigit) }

// isUUID knows RFC 9562's text form, section 4.
func isUUID(key []byte) bool {
	return len(key) == 36 && key[8] == '-' && key[13] == '-' && key[18] == '-' && key[23] == '-' &&
		all(key[:8], isHexDigit) && all(key[9:13], isHexDigit) && all(key[14:18], isHexDigit) &&
		all(key[19:23], isHexDigit) && all(key[24:], isHexDigit)
}

// isULID knows the 26 characters of Crockford's base 32 that 128 bits take; the first has three
// bits only (https://github.com/ulid/spec).
func isULID(key []byte) bool {
	return len(key) == 26 && '0' <= key[0] && key[0] <= '7' && all(key, func(c byte) bool {
		lower := c | 0x20
		return isDigit(c) || 'a' <= lower && lower <= 'z' && lower != 'i' && lower != 'l' && lower != 'o' && lower != 'u'
	})
}

// isDate knows months, days and instants in ISO 8601's extended form. Years are integers, and so
// are days in the basic form.
func isDate(key []byte) bool {
	if len(key) < len("2006-01") || key[4] != '-' || !isDigit(key[0]) {
		return false
	}
	for _, layout := range []string{"2006-01", time.DateOnly, time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04"} {
		if _, err := time.Parse(layout, string(key)); err == nil {
			return true
		}
	}
	return false
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isHexDigit(c byte) bool { return isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'f' }

// all reports whether the key has characters, and all are of that kind.
func all(key []byte, of func(byte) bool) bool {
	for _, c := range key {
		if !of(c) {
			return false
		}
	}
	return len(key) > 0
}
