package format

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Namespaces that are known without being configured.
const (
	xmlURI   = "http://www.w3.org/XML/1998/namespace"
	xmlnsURI = "http://www.w3.org/2000/xmlns/"
	xsiURI   = "http://www.w3.org/2001/XMLSchema-instance"
)

// xmlNames is how names of documents and names of XML correspond.
type xmlNames struct {
	uris   map[string]string     // prefix to URI
	spaces map[string]*namespace // by URI
	// declared are the prefixes that a written root element declares whether they are used or
	// not, in order.
	declared []string
	xsi      string // the prefix of xsiURI
	spare    string // what no prefix begins with
}

// namespace is one that names of documents can be of.
type namespace struct {
	uri string
	// element and attribute are the prefixes that names of either kind have in documents;
	// attribute is empty where there is none, for a name without a prefix is in no namespace.
	element, attribute string
}

// newXMLNames checks the namespaces of a configuration, to which those of builtIn are added under
// their prefixes unless they have another.
func newXMLNames(configured, builtIn map[string]string) (*xmlNames, Problems) {
	var problems Problems
	n := &xmlNames{uris: map[string]string{}, spaces: map[string]*namespace{}}
	problem := func(prefix, format string, args ...any) {
		problems = append(problems, Problem{namespaceOption(prefix), fmt.Sprintf(format, args...)})
	}
	for _, prefix := range slices.Sorted(maps.Keys(configured)) {
		uri := configured[prefix]
		switch {
		case prefix != "" && !isNCName(prefix):
			problem(prefix, "%q can't be a prefix", prefix)
		case len(prefix) > maxName:
			problem(clip([]byte(prefix)), "a prefix has at most %d bytes", maxName)
		case len(uri) > maxURI:
			problem(prefix, "the URI of a namespace has at most %d bytes", maxURI)
		case strings.EqualFold(prefix, "xml"), strings.EqualFold(prefix, "xmlns"):
			problem(prefix, "this prefix is XML's own")
		case uri == xmlURI, uri == xmlnsURI:
			problem(prefix, "%s is XML's own and needs no prefix", uri)
		case uri == "" && prefix != "":
			problem(prefix, "a prefix needs a URI")
		case notXML([]byte(uri)) >= 0 || strings.ContainsAny(uri, " \t\r\n"):
			problem(prefix, "%q is no URI", uri)
		case n.spaces[uri] != nil && n.spaces[uri].attribute != "":
			problem(prefix, "%s has the prefix %s already", uri, n.spaces[uri].attribute)
		default:
			n.add(prefix, uri)
		}
	}
	for _, prefix := range slices.Sorted(maps.Keys(builtIn)) {
		uri := builtIn[prefix]
		if other, taken := n.uris[prefix]; taken && other != uri {
			problem(prefix, "this prefix is that of %s; give %s another", uri, other)
		}
		if s := n.spaces[uri]; s == nil || s.attribute == "" {
			n.add(prefix, uri)
		}
	}
	// With these all can be declared in a body, a code of a fault in one more, and the body be read again.
	if most := maxBindings - 1 - len(builtIn); len(configured) > most {
		problem("", "there are %d; a body can have at most %d", len(configured), most)
	}
	for prefix, uri := range n.uris {
		if _, given := configured[prefix]; uri != "" && (given || builtIn[prefix] == soap11 || builtIn[prefix] == soap12) {
			n.declared = append(n.declared, prefix)
		}
	}
	slices.Sort(n.declared)
	n.xsi = n.spaces[xsiURI].attribute
	for n.spare = "ns"; slices.ContainsFunc(slices.Collect(maps.Keys(n.uris)), func(p string) bool { return strings.HasPrefix(p, n.spare) }); {
		n.spare += "_"
	}
	n.uris["xml"] = xmlURI
	n.spaces[xmlURI] = &namespace{xmlURI, "xml", "xml"}
	return n, problems
}

// namespaceOption is what a configuration calls a prefix.
func namespaceOption(prefix string) string {
	if prefix == "" {
		return "namespaces"
	}
	return "namespaces." + prefix
}

// add adds a namespace under a prefix. One may have the empty prefix, for elements, and another,
// for attributes.
func (n *xmlNames) add(prefix, uri string) {
	n.uris[prefix] = uri
	if s := n.spaces[uri]; s != nil {
		s.attribute = prefix
		return
	}
	n.spaces[uri] = &namespace{uri, prefix, prefix}
}

// split splits a name of a document at its colon, and says what is wrong with it where it can't
// be one of XML's.
func (n *xmlNames) split(name []byte, attribute bool) (prefix, local []byte, err error) {
	kind := "an element"
	if attribute {
		kind = "an attribute"
	}
	local = name
	if end := ncName(name, 0); end > 0 && end < len(name) && name[end] == ':' {
		prefix, local = name[:end], name[end+1:]
	}
	switch {
	case !isNCName(local):
		return nil, nil, fmt.Errorf("%s can't be called %q in XML", kind, clip(name))
	case len(local) > maxName || len(prefix) > maxName:
		return nil, nil, fmt.Errorf("the name %q is longer than %d bytes", clip(name), maxName)
	case attribute && string(name) == "xmlns", string(prefix) == "xmlns":
		return nil, nil, fmt.Errorf("%q would declare a namespace; those are the configuration's", clip(name))
	case len(prefix) == 0:
		return nil, local, nil
	case string(prefix) == "xml" && !attribute:
		return nil, nil, fmt.Errorf("%s can't be called %q in XML", kind, clip(name))
	}
	if _, ok := n.uris[string(prefix)]; !ok {
		return nil, nil, fmt.Errorf("the prefix of %q isn't among the namespaces", clip(name))
	}
	return prefix, local, nil
}

// cutBraces splits a name of a document that is a URI in braces and a name.
func cutBraces(name []byte) (uri, local []byte, ok bool) {
	end := bytes.LastIndexByte(name, '}')
	if end < 2 || name[0] != '{' {
		return nil, nil, false
	}
	uri, local = name[1:end], name[end+1:]
	return uri, local, isNCName(local) && len(local) <= maxName && len(uri) <= maxURI && notXML(uri) < 0 && string(uri) != xmlURI && string(uri) != xmlnsURI
}

// clip shortens what a message quotes.
func clip(s []byte) string {
	if len(s) > 80 {
		return strings.ToValidUTF8(string(s[:80]), "") + "…"
	}
	return string(s)
}
