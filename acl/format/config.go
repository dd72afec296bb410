package format

// Config says how one side writes its bodies. Which fields count depends on Name.
type Config struct {
	Name        string // JSON, NDJSON, XML, SOAP, Form, Multipart, CSV or FixedWidth
	ContentType string // how written bodies are announced; empty: what is usual for the format
	// Charset is the character set of bodies that name none, and of those that are written: an
	// IANA name such as ISO-8859-1 or windows-1252; empty: UTF-8. Of JSON, which is UTF-8, the
	// content type is believed only where this says that there may be another set.
	Charset string

	// XML and SOAP

	// Root is the name of the root element, or of the one in a SOAP body, with a prefix of
	// Namespaces; a document is what is in it. Empty: a document is an object that has the root as
	// its one member, or what a SOAP body has as its members.
	Root string
	// Namespaces are prefixes of names in documents, each with its URI; "" is that of elements
	// without a prefix. Names of one other namespace, if a body has such, have no prefix.
	Namespaces  map[string]string
	Declaration bool     // begin with <?xml …?>; a Charset other than UTF-8 always does
	CDATA       []string // paths of elements whose text is written as CDATA

	// SOAP
	Version string // "1.1" (the default) or "1.2"
	Action  string // the SOAPAction of requests that are written, without quotes; see Headers

	// CSV
	Delimiter string   // one character; empty: a comma
	Quote     string   // "always", or empty: where it is needed
	Columns   []Column // of CSV, in order; of fixed width, with Width
	Header    bool     // CSV: the first record names the columns; with Columns: exactly those, in any order
	Newline   string   // between records: "\n" (the default) or "\r\n"; read either way

	// First are columns that are written whether or not the first record has them, in front of those that it has
	// besides. It counts for CSV with Header and without Columns, and is no option: a translator has its fields' here.
	First []string
}

// Column is one column of CSV or of fixed-width records.
type Column struct {
	Name  string
	Width int    // fixed width: characters
	Align string // fixed width: "left" (the default) or "right"
	Pad   string // fixed width: one character that fills it up; empty: a space
}

// The names of formats.
const (
	JSON       = "json"
	NDJSON     = "ndjson"
	XML        = "xml"
	SOAP       = "soap"
	Form       = "form"
	Multipart  = "multipart"
	CSV        = "csv"
	FixedWidth = "fixed-width"
)
