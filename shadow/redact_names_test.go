package shadow

import (
	"net/http"
	"testing"
)

// TestRedactOtherBodies holds that what pointers redact isn't kept in bodies that are no JSON.
func TestRedactOtherBodies(t *testing.T) {
	d := mustRedact(t, "/order/card/number", "/html/body/form/input[password]/@value", "/users/*/@pin", "query:token")
	tests := []struct {
		name, media, body string
		kept              bool
	}{
		{"XML that has the element", "application/xml", "<order><card><number>s3cret</number></card></order>", false},
		{"XML with an attribute's element", "application/xml", `<users><u pin="s3cret"/></users>`, false},
		{"XML of something else", "application/xml", "<book><title>Figs</title></book>", true},
		{"a page with the field", "text/html", `<form><input name="password" value="s3cret"></form>`, false},
		{"a form with the field", "application/x-www-form-urlencoded", "user=a&Password=s3cret", false},
		{"another page", "text/html", "<p>Figs</p>", true},
		{"JSON is redacted in place", "application/json", `{"number":1}`, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			kept, _ := d.body(http.Header{"Content-Type": {tt.media}}, []byte(tt.body))
			if (kept != nil) != tt.kept {
				t.Errorf("kept %q, want %v", kept, tt.kept)
			}
		})
	}
}
