package exchange

import "github.com/strangler-fig/toolkit/acl"

// evidence is what was read of a message's body before it turned out that it can't be translated.
type evidence struct {
	text        []byte // the beginning; nil: nothing was read
	size        int64  // of the whole; -1: it isn't known
	contentType string
	answered    int // the status of an answer
}

// keep copies the beginning of a body, which whoever decodes it overwrites.
func (e *evidence) keep(text []byte) {
	e.text = append(make([]byte, 0, min(len(text), acl.MaxEvidence)), text[:min(len(text), acl.MaxEvidence)]...)
}

// Write implements io.Writer: it keeps the beginning of what is written.
func (e *evidence) Write(p []byte) (int, error) {
	if e.text == nil {
		e.text = []byte{}
	}
	e.text = append(e.text, p[:min(len(p), acl.MaxEvidence-len(e.text))]...)
	return len(p), nil
}

// add puts the evidence into an error that has none.
func (e *evidence) add(to *acl.Error) *acl.Error {
	if to.Answered == 0 {
		to.Answered = e.answered
	}
	if e.text != nil && to.Read == nil {
		to.Evidence(e.text, e.size, e.contentType)
	}
	return to
}
