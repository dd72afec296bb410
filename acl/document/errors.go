package document

// Error says what is wrong at which place of a document.
type Error struct {
	Pointer string // RFC 6901; empty: the whole
	Err     error
}

// Error implements error.
func (e *Error) Error() string {
	if e.Pointer == "" {
		return e.Err.Error()
	}
	return "at " + e.Pointer + ": " + e.Err.Error()
}

// Unwrap returns what is wrong.
func (e *Error) Unwrap() error { return e.Err }
