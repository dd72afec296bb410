package web

// Facade is a listener through which services call the legacy application in their own terms.
type Facade struct {
	Name    string    `json:"name"`
	Address string    `json:"address"` // as the configuration has it
	URL     string    `json:"url"`     // where it answers
	Calls   SideStats `json:"calls"`   // those that reached legacy
	// Requests and Answers are messages since the process started.
	Requests TranslationCount `json:"requests"`
	Answers  TranslationCount `json:"answers"`
}

// FacadeDetail is what a facade translates, and how that went.
type FacadeDetail struct {
	Facade
	Routes   []FacadeRoute        `json:"routes"`
	Failures []TranslationFailure `json:"failures"` // on record, the last one first
}

// FacadeRoute is one set of a facade's requests.
type FacadeRoute struct {
	Methods []string          `json:"methods"` // as services send them; none: every method
	Path    string            `json:"path"`    // likewise; "/*" is every path
	Session string            `json:"session,omitempty"`
	Parts   []TranslationPart `json:"parts"`
	Bodies  []TranslatedBody  `json:"bodies"`
}

// Withhold leaves out of d all that comes from recorded messages. It changes no list that d shares.
func (d *FacadeDetail) Withhold() { d.Failures = withoutExamples(d.Failures) }

// Untranslated is how many messages could not be translated.
func (f *Facade) Untranslated() int64 { return f.Requests.Failed + f.Answers.Failed }
