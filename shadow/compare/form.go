package compare

import (
	"errors"
	"strings"
)

// form is how a body is read, by its media type.
type form uint8

const (
	formOpaque form = iota // by bytes
	formJSON
	formLines // of JSON
	formXML
	formHTML
	formText
	formFields // of a form, in one line
	formParts  // of a form, with boundaries
	formMessage
	formGRPC
)

// formOf returns the form of a media type in lower case.
func formOf(media string) form {
	switch media {
	case "application/json", "text/json", "application/x-json":
		return formJSON
	case "application/x-ndjson", "application/ndjson", "application/jsonl", "application/json-seq":
		return formLines
	case "application/x-www-form-urlencoded":
		return formFields
	case "multipart/form-data":
		return formParts
	case "application/protobuf", "application/x-protobuf", "application/vnd.google.protobuf":
		return formMessage
	case "application/grpc", "application/grpc+proto":
		return formGRPC
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
	case formFields, formParts:
		return "a form"
	case formMessage:
		return "protobuf"
	case formGRPC:
		return "gRPC"
	}
	return "bytes"
}

// shape returns how documents of a form lie in trees.
func (f form) shape() shape {
	switch f {
	case formJSON:
		return shape{}
	case formLines:
		return shape{hidden: 1}
	}
	markup := f == formXML || f == formHTML
	return shape{lists: true, markup: markup, unnamed: markup || f == formMessage || f == formGRPC}
}

// read reads into a tree a document of a form that has one by itself. The error says why it is none, or is a
// *shadow.SkipError.
func (c *Comparer) read(t *tree, f form, d document) error {
	switch f {
	case formJSON:
		return t.parse(d.body)
	case formLines:
		return t.parseLines(d)
	case formXML:
		return t.parseXML(d.body)
	case formFields:
		return t.parseFields(d)
	case formParts:
		return t.parseParts(d)
	case formMessage:
		return t.parseMessage(d.body)
	case formGRPC:
		return t.parseGRPC(&c.codec, d)
	}
	return errOpaque
}

var errOpaque = errors.New("no structure is known of it")

// isText reports whether bodies of a form are texts in a charset.
func (f form) isText() bool { return f == formText || f == formXML || f == formHTML }

func isJSON(media string) bool { return formOf(media) == formJSON }
