package compare

import "strings"

// form is how a body is read, by its media type.
type form uint8

const (
	formOpaque form = iota // by bytes
	formJSON
	formLines // of JSON
	formXML
	formHTML
	formText
)

// formOf returns the form of a media type in lower case.
func formOf(media string) form {
	switch media {
	case "application/json", "text/json", "application/x-json":
		return formJSON
	case "application/x-ndjson", "application/ndjson", "application/jsonl", "application/json-seq":
		return formLines
	case "text/html", "application/xhtml+xml":
		return formHTML
	case "application/xml", "text/xml":
		return formXML
	}
	switch {
	case strings.HasSuffix(media, "+json"): // RFC 6839
		return formJSON
	case strings.HasSuffix(media, "+xml"): // RFC 7303, section 4.2
		return formXML
	case strings.HasPrefix(media, "text/"):
		return formText
	}
	return formOpaque
}

// String returns what a body of that form is called.
func (f form) String() string {
	switch f {
	case formJSON:
		return "JSON"
	case formLines:
		return "lines of JSON"
	case formXML:
		return "XML"
	case formHTML:
		return "HTML"
	}
	return "bytes"
}

// reader returns what reads two bodies of a form into the trees of a walk; nil: they have none.
func (f form) reader() func(w *walk, legacy, service document) (errL, errS error) {
	switch f {
	case formLines:
		return func(w *walk, legacy, service document) (error, error) {
			w.shape = shape{hidden: 1}
			return w.legacy.parseLines(legacy), w.service.parseLines(service)
		}
	case formXML:
		return func(w *walk, legacy, service document) (error, error) {
			w.shape = shape{lists: true, markup: true}
			return w.legacy.parseXML(legacy.body), w.service.parseXML(service.body)
		}
	}
	return nil
}

// isText reports whether bodies of a form are texts in a charset.
func (f form) isText() bool { return f == formText || f == formXML || f == formHTML }

func isJSON(media string) bool { return formOf(media) == formJSON }
