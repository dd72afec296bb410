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
		told = append(told, elements+` and attributes whose namespace isn't configured come back without one (namespaces: {"": URI} says that of names without a prefix)`)
	}
	return told
}

// ReadOver implements Partial.
func (f *csvFormat) ReadOver() []string {
	if f.columns == nil {
		return []string{"a table of nothing but its header comes back as nothing (columns says what it is called in any case)"}
	}
	return nil
}

// Unwritable tells what else than the kinds of values bodies of a configuration can't be written with, of texts that
// those of another can have; a sentence without a full stop each.
func Unwritable(c, from Config) (told []string) {
	if c.Name != XML && c.Name != SOAP && c.Name != JSON && c.Name != NDJSON {
		set, err := lookupCharset(c.Charset)
		other, _ := lookupCharset(from.Charset)
		if _, lacks := set.append(nil, []byte("\U0001F600")); err == nil && lacks != nil && (set.name != other.name || from.Name == XML || from.Name == SOAP) {
			told = append(told, "characters that "+set.name+" lacks can't be written")
		}
	}
	if c.Name == FixedWidth && from.Name != FixedWidth {
		told = append(told, "texts with a line break in them, or wider than their column, can't be written")
	}
	return told
}

// ReadOver implements Partial.
func (f *multipart) ReadOver() []string {
	return []string{"of a part's header only name, file name and type come back"}
}
