package format

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"

	"github.com/strangler-fig/toolkit/acl/document"
)

// text writes the member that is an element's text. Its CDATA is said by the path of the element
// or by its own.
func (w *xmlWriter) text(v document.Value, cdata *cdataPaths) error {
	w.at = append(w.at, textName)
	if !v.Scalar() || v.Kind() == document.Null {
		return w.fail(fmt.Errorf("the text of an element can't be of the kind %s", v.Kind()))
	}
	if own := cdata.to([]byte(textName)); own != nil {
		cdata = own
	}
	if err := w.characters(v.Bytes(), cdata); err != nil {
		return err
	}
	w.at = w.at[:len(w.at)-1]
	return nil
}

var errNotXML = errors.New("the text has a character that XML can't carry")

// characters writes the text of an element.
func (w *xmlWriter) characters(s []byte, cdata *cdataPaths) error {
	if notXML(s) >= 0 {
		return w.fail(errNotXML)
	}
	if cdata != nil && cdata.here {
		w.section(s)
	} else {
		w.escaped(s, false)
	}
	return nil
}

// fits reports whether the character set has all of s.
func (w *xmlWriter) fits(s []byte) bool {
	if w.encoder == nil || isASCII(s) {
		return true
	}
	_, err := w.encoder.Bytes(s)
	return err == nil
}

// escaped writes text, or the value of an attribute, with references for what can't stand there.
func (w *xmlWriter) escaped(s []byte, attribute bool) {
	all := w.fits(s)
	done := 0 // what of s is written
	for i := 0; i < len(s); {
		size, reference := 1, ""
		switch c := s[i]; c {
		case '&':
			reference = "&amp;"
		case '<':
			reference = "&lt;"
		case '>':
			if !attribute {
				reference = "&gt;" // for the sake of ]]>
			}
		case '"':
			if attribute {
				reference = "&quot;"
			}
		case '\r':
			reference = "&#13;"
		case '\n', '\t':
			if attribute { // where a reader makes spaces of them
				reference = "&#" + strconv.Itoa(int(c)) + ";"
			}
		default:
			if !all && c >= utf8.RuneSelf {
				var r rune
				if r, size = utf8.DecodeRune(s[i:]); !w.fits(s[i : i+size]) {
					reference = "&#" + strconv.Itoa(int(r)) + ";"
				}
			}
		}
		if reference != "" {
			w.out = append(append(w.out, s[done:i]...), reference...)
			done = i + size
		}
		i += size
	}
	w.out = append(w.out, s[done:]...)
}

// section writes text as CDATA, of as many sections as it takes: no reference can stand in one,
// nor its end.
func (w *xmlWriter) section(s []byte) {
	const begin, end = "<![CDATA[", "]]>"
	all, open := w.fits(s), false
	for i := 0; i < len(s); {
		size := 1
		if !all {
			_, size = utf8.DecodeRune(s[i:])
		}
		part := s[i : i+size]
		alone := s[i] == '\r' || !all && !w.fits(part)
		if alone == open {
			if open {
				w.out = append(w.out, end...)
			} else {
				w.out = append(w.out, begin...)
			}
			open = !open
		}
		switch {
		case alone:
			r, _ := utf8.DecodeRune(part)
			w.out = append(strconv.AppendInt(append(w.out, "&#"...), int64(r), 10), ';')
		case bytes.HasPrefix(s[i:], []byte(end)):
			w.out = append(w.out, "]]"+end+begin+">"...)
			size = len(end)
		default:
			w.out = append(w.out, part...)
		}
		i += size
	}
	if open {
		w.out = append(w.out, end...)
	}
}
