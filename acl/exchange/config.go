package exchange

import (
	"github.com/strangler-fig/toolkit/acl/body"
	"github.com/strangler-fig/toolkit/acl/lens"
)

// Config says how an exchange of the one side corresponds to one of the other's. The zero value
// changes nothing.
type Config struct {
	// Method is the method of each side; both empty: the same, whatever it is. Otherwise a
	// request of another method is an error, but for OPTIONS and TRACE, which pass, and HEAD
	// where the side that is read says GET.
	Method lens.Sides[string]
	// Path are templates of path and query: "/cgi/cust.pl?id={id}", "/customers/{id}". A name in
	// braces is a path segment, or a part of one, or the value of one parameter; {name...} at the
	// end is the rest of the path; "q={q?}" may be missing; "format=json" has to be there, and is
	// written. Both empty: the path stays as it is.
	//
	// A name of the template that is written but not of the one that is read is a place in the
	// translated request body: of SOAP and forms it becomes a part of a path, and the other way
	// round. It is a path of package document, so {customer.id} is good.
	Path lens.Sides[string]
	// Prefix is what stands in front of the path on either side and isn't the template's: the
	// path of the URL of whom the requests are sent to. It is escaped, and begins with a slash.
	Prefix lens.Sides[string]
	// Params are fields (package lens) between the names in the legacy template and those in the
	// service's, for those that differ in name or value. A name that the template lacks is a
	// parameter of the query. Others pass under their name.
	Params []lens.Field
	Set    lens.Set // what Params refer to
	// DropQuery takes off the parameters that neither template nor Params name; otherwise they
	// pass as they are, but for those that would stand beside one that the template writes: that
	// is an error, since nobody knows which of the two would count.
	DropQuery bool
	// Links are further paths that Location, Content-Location and Link may have, those of other
	// exchanges: an answer to POST /orders names /orders/7. Path and Params are tried first.
	Links []Link

	Request, Answer *body.Translator // nil: bodies pass as they are
	Status          []Status         // in order: the first that fits counts
	Headers         []Header
	Cookies         []Cookie // in order: the first that fits counts
	// Buffer is the most bytes of a body that are held, without their coding; a larger one is an error
	// unless it can be translated record by record. Of such one nothing is passed on before more than
	// Buffer bytes of it were read and translated, or it ended, so that a mistake in them still is an
	// error of the whole. The translation is held meanwhile, however much longer it is than what it is made
	// of, up to ten times Buffer; one that grows more than that is passed on from there. 0: DefaultBuffer.
	Buffer int64
}

// DefaultBuffer is the most bytes of a body that are held, unless a Config says otherwise.
const DefaultBuffer = 1 << 20

// Link is how the paths of another exchange correspond, as in Config.
type Link struct {
	Path   lens.Sides[string]
	Params []lens.Field
}

// Status says that an answer of the service with the one status is one of legacy with the other.
// Answers that no Status fits and whose status is 200 to 299 go through Config.Answer; others
// pass as they are, but for what [Exchange] says of SOAP.
type Status struct {
	Service, Legacy int
	// When says which of legacy's answers with that status are meant: all whose body has these
	// values, by their paths; and what is written into the body on the way to legacy, over what
	// With makes, and alone where the service's is empty and there is no With. Where legacy's format is SOAP, they are members of a fault: faultcode,
	// faultstring, faultactor and detail in SOAP 1.1; Code.Value, Reason.Text, Role, Node and Detail
	// in SOAP 1.2.
	When []Member
	// With translates the body; one of another type than With reads, of a status from 300, counts
	// as an empty object. nil: Config.Answer translates it, where the service's status is below 300
	// and legacy's isn't a redirection. Otherwise the body on the way to legacy is made of When
	// alone, or is empty, and the other way round it is a problem document (RFC 9457) that says
	// the status, or empty where the status isn't an error.
	With *body.Translator
	// Location are templates, as Config.Path has them, of the Location of such answers; empty: see
	// [Exchange]. Where the side that is read has one, it says which of legacy's answers are meant
	// as When does, and what names stand for; names that are missing then are taken from the
	// translated body. Names that only legacy's has are members of the body that With reads. A
	// redirection has no other body.
	Location lens.Sides[string]
}

// Member is a value at a path of a body.
type Member struct {
	Path string
	Is   lens.Literal
}

// Cookie says how the paths of cookies correspond that an answer sets: one that is the one side's, or lies
// below it, becomes the other's, or lies as far below that. Paths that no Cookie fits stay, and so do domains:
// a cookie never reaches further than somebody has said.
type Cookie struct{ Legacy, Service string }

// Header says how headers correspond. A Header with both names is renamed, and one that is there
// under the name of the side that is written is taken off; with one and a Const, it is set towards
// the side that has it, and taken off the other way round; with one alone, it is taken off and not
// made up again.
type Header struct {
	Legacy, Service string
	Const           string
	Values          []lens.Pair // of renamed ones: codes; what isn't among them passes as it is, unlike in fields
	Request, Answer bool        // in which; neither: both
}
