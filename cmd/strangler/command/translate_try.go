package command

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"strings"

	"github.com/spf13/cobra"

	"github.com/strangler-fig/toolkit/acl/body"
	"github.com/strangler-fig/toolkit/acl/document"
	"github.com/strangler-fig/toolkit/acl/format"
	"github.com/strangler-fig/toolkit/acl/roundtrip"
)

func newTranslateTry(c *Config) *cobra.Command {
	var file, contentType string
	var o output
	to := choice{value: "service", among: []string{"service", "legacy"}}
	cmd := &cobra.Command{
		Use:   "try TRANSLATOR [FILE] [--to service|legacy] [-c strangler.yaml]",
		Short: "Show what a translator makes of a body, and what comes back",
		Long: `Show what a translator of the configuration file makes of a body, and what its inverse makes of that,
offline. FILE is the body, or - or nothing: the standard input. In colour, on a terminal, of JSON:
members that have another name, that were lost, and that nobody sent. What the way back loses is listed below.
Identifiers (ids) are stand-ins: only the running proxy has their tables.

Exit status: 0 it can be translated, there and back, 1 it can't, 2 wrong usage or an invalid
configuration.`,
		Example: "  strangler translate try customer < customer.json\n  strangler translate try customer answer.json --to legacy -c staging.yaml\n  curl -s http://127.0.0.1:8000/cgi/cust.pl?id=17 | strangler translate try customer -o json",
		Args:    arguments(1, 2),
		RunE: run(func(cmd *cobra.Command, args []string) error {
			cfg, err := translatorsOf(file)
			if err != nil {
				return err
			}
			d, err := translatorOf(c, cfg, args[0])
			if err != nil {
				return err
			}
			name := "-"
			if len(args) == 2 {
				name = args[1]
			}
			text, err := readInput(cmd, maxTranslated, name)
			if err != nil {
				return err
			}
			if len(strings.TrimSpace(string(text))) == 0 {
				return usagef("%s is empty; give it a body of %s's", inputName(name), sideName(from(to.value)))
			}
			set := lensSet(cfg)
			if tables := usesTables(d.Lens, set); len(tables) > 0 {
				fmt.Fprintf(cmd.ErrOrStderr(), "identifiers of %s are stand-ins here: only the running proxy has the table\n", strings.Join(tables, ", "))
			}
			way := body.ToService
			if to.value == "legacy" {
				way = body.ToLegacy
			}
			test, err := roundtrip.New(roundtrip.Config{Definition: d, Set: set, From: way, Examples: 1})
			if err != nil {
				return err
			}
			t, err := body.New(d, set)
			if err != nil {
				return err
			}
			tried, err := try(cmd, t, test, way, args[0], inputName(name), roundtrip.Body{Name: inputName(name), Text: text, ContentType: contentType})
			if tried == nil {
				if _, other := t.Translate(cmd.Context(), !way, text, contentType); other == nil {
					err = fmt.Errorf("%w; it can be translated to %s: --to %s, if it is one of %s's", err, sideName(from(to.value)), from(to.value), sideName(to.value))
				}
				return err
			}
			if printed := tried.print(cmd, &o); printed != nil {
				return printed
			}
			return err
		}),
	}
	cmd.Flags().StringVarP(&file, "config", "c", defaultFile, "configuration `file`")
	cmd.Flags().Var(&to, "to", "the side that it is translated for")
	cmd.Flags().StringVar(&contentType, "content-type", "", "the body's `type`, for its charset or the boundary of a multipart form (default: what the format says)")
	o.flags(cmd)
	return cmd
}

// from returns the side that a body comes from.
func from(to string) string {
	if to == "legacy" {
		return "service"
	}
	return "legacy"
}

// tried is what -o json prints of a body.
type tried struct {
	Translator  string            `json:"translator"`
	To          string            `json:"to"`
	ContentType string            `json:"content_type"` // of the translation
	Translation json.RawMessage   `json:"translation"`  // JSON as it is, all else as a text
	Inverse     json.RawMessage   `json:"inverse,omitempty"`
	Differences []roundtrip.Place `json:"differences"` // between the body and what came back

	before, there, back *document.Document
	written, returned   format.Format
	sent, text, inverse []byte
}

// try translates a body there and back. What can't be translated is an error; where it is the way
// back, what was made on the way there is returned, too.
func try(cmd *cobra.Command, t *body.Translator, test *roundtrip.Test, way body.Direction, name, input string, b roundtrip.Body) (*tried, error) {
	ctx := cmd.Context()
	out := &tried{Translator: name, To: "service", Differences: []roundtrip.Place{},
		sent: b.Text, written: t.Written(way), returned: t.Read(way)}
	if way == body.ToLegacy {
		out.To = "legacy"
	}
	var err error
	if out.before, err = t.Decode(way, bytes.Clone(b.Text), b.ContentType); err != nil {
		return nil, untranslatable(input, "", err)
	}
	if out.text, err = t.Translate(ctx, way, bytes.Clone(b.Text), b.ContentType); err != nil {
		return nil, untranslatable(input, "to "+sideName(out.To), err)
	}
	out.ContentType = t.ContentType(way, out.text)
	if out.there, err = t.Decode(!way, bytes.Clone(out.text), out.ContentType); err != nil {
		return nil, untranslatable("what was made of "+input, "", err)
	}
	out.Translation = rawBody(out.written, out.text)
	if out.inverse, err = t.Translate(ctx, !way, bytes.Clone(out.text), out.ContentType); err != nil {
		return out, untranslatable("what was made of "+input, "back to "+sideName(from(out.To)), err)
	}
	if out.back, err = t.Decode(way, bytes.Clone(out.inverse), t.ContentType(!way, out.inverse)); err != nil {
		return out, untranslatable("what came back", "", err)
	}
	out.Inverse = rawBody(out.returned, out.inverse)
	test.Compare(ctx, b.Name, out.before, out.back)
	out.Differences = test.Report().Places
	return out, nil
}

// untranslatable says what is wrong with which body, and where.
func untranslatable(input, way string, err error) error {
	pointer := ""
	var at *document.Error
	if errors.As(err, &at) {
		pointer, err = at.Pointer, at.Err
	}
	doing := "can't be read"
	if way != "" {
		doing = "can't be translated " + way
	}
	if pointer != "" {
		return fmt.Errorf("%s %s: at %s: %w", input, doing, pointer, err)
	}
	return fmt.Errorf("%s %s: %w", input, doing, err)
}

func sideName(side string) string {
	if side == "service" {
		return "the service"
	}
	return side
}

// rawBody returns a body as JSON can have it.
func rawBody(f format.Format, text []byte) json.RawMessage {
	if f.Accepts("application/json") && json.Valid(text) {
		return json.RawMessage(text)
	}
	quoted, err := json.Marshal(string(text))
	if err != nil {
		return nil
	}
	return quoted
}

func (t *tried) print(cmd *cobra.Command, o *output) error {
	if o.json() {
		return o.print(cmd, t, nil)
	}
	w := cmd.OutOrStdout()
	ink := inkFor(w)
	if ink && t.back != nil { // what is lost is to be seen nowhere else
		fmt.Fprintf(w, "from %s:\n", sideName(from(t.To)))
		ink.body(w, t.sent, t.before, t.returned, t.marks(roundtrip.Lost, lost))
		fmt.Fprintln(w)
	}
	fmt.Fprintf(w, "to %s, %s:\n", sideName(t.To), t.ContentType)
	ink.body(w, t.text, t.there, t.written, renamed(t.before, t.there))
	if t.back == nil {
		return nil
	}
	fmt.Fprintf(w, "\nand back to %s:\n", sideName(from(t.To)))
	ink.body(w, t.inverse, t.back, t.returned, t.returnedMarks())
	fmt.Fprintln(w)
	if len(t.Differences) == 0 {
		as := "."
		if reordered(t.before.Root(), t.back.Root()) {
			as = ", but in another order."
		}
		_, err := fmt.Fprintln(w, "It came back as it was"+as)
		return err
	}
	return o.print(cmd, t, func(w io.Writer) {
		heading(w, "WHERE", "WHAT", "BEFORE", "AFTER", "WHY")
		for _, p := range t.Differences {
			why := p.Why
			if !p.Known {
				why = "the definition doesn't say so"
			}
			row(w, place(p.Examples[0].Pointer), what(p.Kind), excerpt([]byte(p.Examples[0].Before)), excerpt([]byte(p.Examples[0].After)), why)
		}
	})
}

// reordered reports whether two bodies that have the same in them have it in another order, of a format in which
// there is one: where names may repeat, those are elements.
func reordered(before, back document.Value) bool {
	switch {
	case before.Kind() == document.Array && back.Kind() == document.Array:
		for i := range min(before.Len(), back.Len()) {
			if reordered(before.Index(i), back.Index(i)) {
				return true
			}
		}
	case before.Kind() == document.Object && back.Kind() == document.Object && before.Repeats():
		next, stop := iter.Pull2(back.Members())
		defer stop()
		for name, member := range before.Members() {
			other, same, ok := next()
			if !ok || !bytes.Equal(name, other) || reordered(member, same) {
				return true
			}
		}
	}
	return false
}

// what names a kind of difference in a table.
func what(k roundtrip.Kind) string {
	switch k {
	case roundtrip.Changed:
		return "another value"
	case roundtrip.Retyped:
		return "another type"
	case roundtrip.Spelling:
		return "another spelling"
	}
	return string(k)
}

// marks says where a kind of difference is.
func (t *tried) marks(kind roundtrip.Kind, m mark) map[string]mark {
	marks := map[string]mark{}
	for _, p := range t.Differences {
		if p.Kind == kind {
			marks[p.Pointer] = m
		}
	}
	return marks
}

// returnedMarks says which members of what came back are others than were sent.
func (t *tried) returnedMarks() map[string]mark {
	marks := t.marks(roundtrip.Added, invented)
	for _, kind := range []roundtrip.Kind{roundtrip.Changed, roundtrip.Retyped, roundtrip.Spelling} {
		maps.Copy(marks, t.marks(kind, changed))
	}
	return marks
}
