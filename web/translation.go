package web

import (
	"context"
	"time"
)

// Interpreter tells what is translated between legacy's model and the services'.
type Interpreter interface {
	Translation(ctx context.Context, route string) (Translation, error) // *strangler.UnknownRouteError
	Facades() []Facade                                                  // as the configuration has them
	Facade(ctx context.Context, name string) (FacadeDetail, error)      // *NotFoundError
}

// Translation is what is translated of a route's requests and answers, and how that went.
type Translation struct {
	Route    string               `json:"route"`
	Parts    []TranslationPart    `json:"parts"`  // none: nothing is translated
	Bodies   []TranslatedBody     `json:"bodies"` // by the configuration; a translator written in Go has none
	Session  string               `json:"session,omitempty"`
	Requests TranslationCount     `json:"requests"` // since the process started, copies included
	Answers  TranslationCount     `json:"answers"`
	Failures []TranslationFailure `json:"failures"` // on record, the last one first
}

// TranslationPart is one thing that corresponds, other than a body.
type TranslationPart struct {
	What    string `json:"what"` // "translator", "method", "path", "parameter", "status", "header", "cookie path"
	Legacy  string `json:"legacy"`
	Service string `json:"service"`
	Note    string `json:"note,omitempty"`
}

// TranslatedBody is how one kind of body is translated.
type TranslatedBody struct {
	Of         string            `json:"of"` // "request", "answer", "status 404"
	Translator string            `json:"translator"`
	Legacy     string            `json:"legacy"` // formats
	Service    string            `json:"service"`
	Fields     []TranslatedField `json:"fields"`
	Losses     []string          `json:"losses"` // what is knowingly not brought over, a sentence each
}

// TranslatedField is one field of a translator.
type TranslatedField struct {
	Legacy  []string `json:"legacy"` // paths
	Service []string `json:"service"`
	How     string   `json:"how"` // in words; empty: as it is
}

// TranslationCount counts messages.
type TranslationCount struct {
	Translated int64 `json:"translated"`
	Failed     int64 `json:"failed"`
}

// TranslationFailure is what could not be translated, for one reason at one place.
type TranslationFailure struct {
	Direction string    `json:"direction"` // "to service" or "to legacy"
	Pointer   string    `json:"pointer"`   // with * for indexes; empty: the message as a whole
	Kind      string    `json:"kind"`      // what is wrong, without values; "others" is the rest
	Count     int64     `json:"count"`
	First     time.Time `json:"first"`
	Last      time.Time `json:"last"`
	// Example is the last such message; nil where none is kept, or where the caller may not read it.
	Example *UntranslatedMessage `json:"example,omitempty"`
}

// UntranslatedMessage is a message that could not be translated, redacted and bounded.
type UntranslatedMessage struct {
	At          time.Time `json:"at"`
	Method      string    `json:"method"`
	Path        string    `json:"path"`
	Pointer     string    `json:"pointer"`
	Reason      string    `json:"reason"`
	Status      int       `json:"status,omitempty"`
	ContentType string    `json:"content_type,omitempty"`
	Body        string    `json:"body"`             // its beginning; Base64 where Binary
	Binary      bool      `json:"binary,omitempty"` // Body is Base64
	Size        int64     `json:"size"`             // bytes of the whole; -1: not known
}

// Withhold leaves out of t all that comes from recorded messages. It changes no list that t shares.
func (t *Translation) Withhold() { t.Failures = withoutExamples(t.Failures) }

// HasExample reports whether there is a recorded message in it.
func (f TranslationFailure) HasExample() bool { return f.Example != nil }

func withoutExamples(all []TranslationFailure) []TranslationFailure {
	without := make([]TranslationFailure, len(all))
	for i, f := range all {
		f.Example = nil
		without[i] = f
	}
	return without
}
