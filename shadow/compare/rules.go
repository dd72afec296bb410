package compare

// Rules say what counts as a difference on a route. The zero value compares everything.
//
// Pointers are RFC 6901 with * for any one key or index, and additionally "status",
// "header:Name", "trailer:Name", and in Ignore and Only "css:SELECTOR".
type Rules struct {
	Ignore    []string             `json:"ignore,omitempty"`    // what lies there, and below, never differs
	Only      []string             `json:"only,omitempty"`      // compare nothing else
	Unordered []string             `json:"unordered,omitempty"` // arrays compared as multisets
	Keyed     map[string]string    `json:"keyed,omitempty"`     // arrays whose elements are paired by a member: {"/items": "id"}
	Tolerance map[string]Tolerance `json:"tolerance,omitempty"` // numbers that may be this far apart
	// Headers are the headers compared; nil: content-type, location, cache-control, and of
	// set-cookie the names and attributes of the cookies.
	Headers []string `json:"headers,omitempty"`
}

// Tolerance is how far two numbers may be apart: absolutely, or relative to the larger of the
// two if Relative, as a share (1 % is 0.01).
type Tolerance struct {
	By       float64 `json:"by"`
	Relative bool    `json:"relative,omitempty"`
}
