package format

import (
	"strings"

	"github.com/strangler-fig/toolkit/acl/document"
)

// AppendFault implements Faults.
func (s *soapFormat) AppendFault(dst []byte, f *Fault) ([]byte, error) {
	w := s.writer(dst)
	write := s.fault12
	if s.uri == soap11 {
		write = s.fault11
		w.level = 4 // the parts of a fault are in no namespace
	}
	err := s.write(w, document.Value{}, func() error {
		name := s.prefix + ":Fault"
		if err := w.begin(name); err != nil {
			return err
		}
		if err := write(w, f); err != nil {
			return err
		}
		w.close([]byte(name))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return w.end(dst)
}

func (s *soapFormat) fault11(w *xmlWriter, f *Fault) error {
	code := f.Code
	switch code {
	case "Sender":
		code = "Client"
	case "Receiver", "DataEncodingUnknown", "":
		code = "Server"
	}
	if err := s.writeCode(w, "faultcode", code); err != nil {
		return err
	}
	if err := w.plain("faultstring", f.reason()); err != nil {
		return err
	}
	if f.Actor != "" {
		if err := w.plain("faultactor", Reason{Text: f.Actor}); err != nil {
			return err
		}
	}
	if !f.Detail.Exists() {
		return nil
	}
	return w.element([]byte("detail"), f.Detail, nil)
}

func (s *soapFormat) fault12(w *xmlWriter, f *Fault) error {
	code, subcodes := f.Code, f.Subcodes
	if !s.standard(code) {
		// SOAP 1.2 has no codes but its own, and others below them
		if code != "Client" && code != "Server" && code != "" {
			subcodes = append([]string{code}, subcodes...)
		}
		if code = "Receiver"; f.Sender() {
			code = "Sender"
		}
	}
	open := []string{"Code"}
	for i, c := range append([]string{code}, subcodes...) {
		if i > 0 {
			open = append(open, "Subcode")
		}
		if err := w.begin(s.prefix + ":" + open[i]); err != nil {
			return err
		}
		if err := s.writeCode(w, s.prefix+":Value", c); err != nil {
			return err
		}
	}
	for i := len(open) - 1; i >= 0; i-- {
		w.close([]byte(s.prefix + ":" + open[i]))
	}
	reasons := f.Reasons
	if len(reasons) == 0 {
		reasons = []Reason{{}}
	}
	if err := w.begin(s.prefix + ":Reason"); err != nil {
		return err
	}
	for _, r := range reasons {
		if r.Lang == "" {
			r.Lang = "en" // it has to say one
		}
		if err := w.plain(s.prefix+":Text", r); err != nil {
			return err
		}
	}
	w.close([]byte(s.prefix + ":Reason"))
	for _, part := range [...]struct{ name, text string }{{"Node", f.Node}, {"Role", f.Actor}} {
		if part.text == "" {
			continue
		}
		if err := w.plain(s.prefix+":"+part.name, Reason{Text: part.text}); err != nil {
			return err
		}
	}
	if !f.Detail.Exists() {
		return nil
	}
	return w.element([]byte(s.prefix+":Detail"), f.Detail, nil)
}

// plain writes an element that has a text and perhaps a language.
func (w *xmlWriter) plain(name string, r Reason) error {
	if _, err := w.open([]byte(name)); err != nil {
		return err
	}
	if notXML([]byte(r.Text)) >= 0 || notXML([]byte(r.Lang)) >= 0 {
		return w.fail(errNotXML)
	}
	if r.Lang != "" {
		w.out = append(w.out, ` xml:lang="`...)
		w.escaped([]byte(r.Lang), true)
		w.out = append(w.out, '"')
	}
	w.out = append(w.out, '>')
	w.escaped([]byte(r.Text), false)
	w.close([]byte(name))
	return nil
}

// writeCode writes a code into an element.
func (s *soapFormat) writeCode(w *xmlWriter, name, code string) error {
	if _, err := w.open([]byte(name)); err != nil {
		return err
	}
	if notXML([]byte(code)) >= 0 {
		return w.fail(errNotXML)
	}
	if uri, local, ok := cutBraces([]byte(code)); ok {
		w.declaration("code", string(uri))
		code = "code:" + string(local)
	} else if s.standard(code) {
		code = s.prefix + ":" + code
	} else if prefix, _, ok := strings.Cut(code, ":"); ok {
		if _, known := s.names.uris[prefix]; known {
			w.needs([]byte(prefix))
		}
	}
	w.out = append(w.out, '>')
	w.escaped([]byte(code), false)
	w.close([]byte(name))
	return nil
}
