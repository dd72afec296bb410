package format

import (
	"fmt"
	"mime"
	"net/http"
	"strings"

	"github.com/strangler-fig/toolkit/acl/document"
)

// Fault is what a SOAP message says instead of an answer. Reading a message that is one is an
// error with a *Fault in it (errors.As).
type Fault struct {
	// Code says whose fault it is. The codes of SOAP are without a prefix: Client, Server,
	// MustUnderstand and VersionMismatch in SOAP 1.1, also as Client.Authentication; Sender,
	// Receiver, MustUnderstand, VersionMismatch and DataEncodingUnknown in SOAP 1.2. Others have a
	// prefix of Config.Namespaces, their URI in braces, {urn:x}NoMoney, or neither if they came so.
	Code     string
	Subcodes []string // SOAP 1.2: what Code is in particular, from the general to the particular
	Reasons  []Reason // for people; one in SOAP 1.1, one for each language in SOAP 1.2
	Actor    string   // URI of who was at fault on the way: faultactor, or Role in SOAP 1.2; may be empty
	Node     string   // SOAP 1.2: URI of the node; may be empty
	Detail   document.Value
}

// Reason is a text in a language (xml:lang), which SOAP 1.1 needs not say.
type Reason struct{ Lang, Text string }

// Error implements error.
func (f *Fault) Error() string {
	return fmt.Sprintf("the message is a SOAP fault: %s: %s", f.Code, f.Reason())
}

// Reason returns the text of the English reason or, where there is none, of the first.
func (f *Fault) Reason() string { return f.reason().Text }

func (f *Fault) reason() Reason {
	for _, r := range f.Reasons {
		if lang, _, _ := strings.Cut(r.Lang, "-"); strings.EqualFold(lang, "en") { // RFC 5646, section 2.1.1
			return r
		}
	}
	if len(f.Reasons) > 0 {
		return f.Reasons[0]
	}
	return Reason{}
}

// Sender reports whether the fault is that of who sent the request.
func (f *Fault) Sender() bool {
	class, _, _ := strings.Cut(f.Code, ".")
	return class == "Client" || class == "Sender"
}

// Faults is a Format that has messages for what went wrong.
type Faults interface {
	Format
	// AppendFault writes a fault behind dst and returns the longer slice. The codes of the other
	// version of SOAP are put into those of this.
	AppendFault(dst []byte, f *Fault) ([]byte, error)
	// FaultStatus returns the HTTP status of an answer that is a fault.
	FaultStatus(f *Fault) int
	// For returns the format in which whoever sent a message with that header reads faults: this one,
	// or a plain one of the other version of SOAP.
	For(h http.Header) Faults
}

// For implements Faults. SOAP 1.2 has a media type of its own (part 2, section 7.1.4), and SOAP 1.1 a header
// field that is always there (section 6.1.1).
func (s *soapFormat) For(h http.Header) Faults {
	media, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	other := ""
	switch {
	case err != nil:
	case s.uri == soap11 && media == "application/soap+xml":
		other = "1.2"
	case s.uri == soap12 && media == "text/xml" && h["Soapaction"] != nil:
		other = "1.1"
	}
	if other == "" {
		return s
	}
	plain, err := newSOAP(Config{Name: SOAP, Version: other})
	if err != nil { // nothing in it can be wrong
		return s
	}
	return plain.(*soapFormat)
}

// FaultStatus implements Faults: SOAP 1.1, section 6.2; SOAP 1.2 part 2, table 20.
func (s *soapFormat) FaultStatus(f *Fault) int {
	if s.uri == soap12 && f.Sender() {
		return 400
	}
	return 500
}

// standard reports whether a code, without what may stand behind a dot, is one of SOAP's.
func (s *soapFormat) standard(code string) bool {
	if s.uri == soap11 {
		code, _, _ = strings.Cut(code, ".")
		return code == "Client" || code == "Server" || code == "MustUnderstand" || code == "VersionMismatch"
	}
	switch code {
	case "Sender", "Receiver", "MustUnderstand", "VersionMismatch", "DataEncodingUnknown":
		return true
	}
	return false
}
