package format

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
)

// string reads a text that begins where the decoder stands, and returns where it is now.
func (d *jsonDecoder) string() (start, end int, err error) {
	d.i++
	start = d.i
	ascii := true
	i := start
	for {
		i = ordinary(d.text, i)
		if i >= len(d.text) {
			d.i = i
			return 0, 0, d.syntax("")
		}
		c := d.text[i]
		if c >= utf8.RuneSelf {
			ascii = false
			for i++; i < len(d.text) && d.text[i] >= utf8.RuneSelf; i++ {
			}
			continue
		}
		if c == '"' {
			end = i
			d.i = i + 1
			break
		}
		d.i = i
		if c != '\\' {
			return 0, 0, d.syntax("a text has the control character %s in it, which must be escaped", character(d.text[i:]))
		}
		if end, err = d.unescape(&ascii); err != nil {
			return 0, 0, err
		}
		break
	}
	if !ascii && !utf8.Valid(d.text[start:end]) {
		d.i = start
		return 0, 0, d.syntax("a text isn't UTF-8, as JSON is (charset says otherwise)")
	}
	return start, end, nil
}

// unescape goes on with a text from its first backslash, moves what follows over the escapes, and
// returns where the text ends then.
func (d *jsonDecoder) unescape(ascii *bool) (end int, err error) {
	out := d.i
	for {
		i := ordinary(d.text, d.i)
		for i < len(d.text) && d.text[i] >= utf8.RuneSelf {
			*ascii = false
			i = ordinary(d.text, i+1)
		}
		out += copy(d.text[out:], d.text[d.i:i])
		d.i = i
		if i+1 >= len(d.text) {
			if i < len(d.text) && d.text[i] == '"' {
				d.i++
				return out, nil
			}
			d.i = len(d.text)
			return 0, d.syntax("")
		}
		switch d.text[i] {
		case '"':
			d.i++
			return out, nil
		case '\\':
		default:
			return 0, d.syntax("a text has the control character %s in it, which must be escaped", character(d.text[i:]))
		}
		c := d.text[i+1]
		switch c {
		case '"', '\\', '/':
		case 'b':
			c = '\b'
		case 'f':
			c = '\f'
		case 'n':
			c = '\n'
		case 'r':
			c = '\r'
		case 't':
			c = '\t'
		case 'u':
			r, size := escaped(d.text[i:])
			if size == 0 {
				return 0, d.syntax("a text has a \\u without four hexadecimal digits")
			}
			if utf16.IsSurrogate(r) {
				low, more := escaped(d.text[i+size:])
				if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
					return 0, d.syntax("a text has one half of a surrogate pair without the other")
				}
				size += more
			}
			out += utf8.EncodeRune(d.text[out:i+size], r)
			d.i += size
			continue
		default:
			return 0, d.syntax("a text has a backslash in front of %s", character(d.text[i+1:]))
		}
		d.text[out] = c
		out++
		d.i += 2
	}
}

// escaped reads \uXXXX at the beginning of s; size is 0 where there is none.
func escaped(s []byte) (r rune, size int) {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return 0, 0
	}
	for _, c := range s[2:6] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, 0
		}
		r = r<<4 | rune(c)
	}
	return r, 6
}

// ordinary returns the first place from i at which s has a quote, a backslash, a control
// character or a byte that isn't ASCII; eight bytes are looked at a time.
func ordinary(s []byte, i int) int {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	for ; i+8 <= len(s); i += 8 {
		w := binary.LittleEndian.Uint64(s[i:])
		quote, backslash := w^'"'*ones, w^'\\'*ones
		found := (w | (w-' '*ones)&^w | (quote-ones)&^quote | (backslash-ones)&^backslash) & high
		if found != 0 {
			return i + bits.TrailingZeros64(found)>>3
		}
	}
	for ; i < len(s); i++ {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			break
		}
	}
	return i
}

// character names the first character of s in a message.
func character(s []byte) string {
	if len(s) == 0 {
		return "the end"
	}
	r, size := utf8.DecodeRune(s)
	if r == utf8.RuneError && size == 1 {
		return fmt.Sprintf("the byte 0x%02X", s[0])
	}
	return fmt.Sprintf("%q", r)
}
