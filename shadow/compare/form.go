package compare

import "strings"

// form is how a body is read, by its media type.
type form uint8

const (
	formOpaque form = iota // by bytes
	formJSON
	formXML
	formHTML
	formText
)

// formOf returns the form of a media type in lower case.
func formOf(media string) form {
	switch media {
	case "application/json", "text/json", "application/x-json":
		return formJSON
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

// isText reports whether bodies of a form are texts in a charset.
func (f form) isText() bool { return f == formText || f == formXML || f == formHTML }

func isJSON(media string) bool { return formOf(media) == formJSON }
