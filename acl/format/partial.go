package format

// Partial is a Format whose bodies have what its documents don't have, and which is read over.
type Partial interface {
	Format
	// ReadOver tells what that is: what doesn't come back where a body is read and written again,
	// a sentence without a full stop each.
	ReadOver() []string
}

// ReadOver implements Partial.
func (x *xmlFormat) ReadOver() []string {
	return x.readOver("comments and processing instructions", "elements")
}

// ReadOver implements Partial.
func (s *soapFormat) ReadOver() []string {
	return s.readOver("comments, processing instructions and attributes of the envelope", "elements of the body")
}

func (x *xmlFormat) readOver(layout, elements string) []string {
	told := []string{layout + " don't come back, and text is CDATA only where cdata says so"}
	if _, known := x.names.uris[""]; !known {
		told = append(told, elements+` whose namespace isn't configured come back without one (namespaces: {"": URI} says that of names without a prefix)`)
	}
	return told
}

// ReadOver implements Partial.
func (f *multipart) ReadOver() []string {
	return []string{"of a part's header only name, file name and type come back"}
}
