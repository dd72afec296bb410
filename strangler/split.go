package strangler

import "net/http"

// IssuedCookie is the name of the cookie that carries an issued cohort id.
const IssuedCookie = "strangler_id"

// split decides which side answers a request; e is nil where no route holds.
func (t *Table) split(e *entry, r *http.Request) *Decision { return &Decision{Bucket: -1} }
