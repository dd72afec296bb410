package export

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/strangler-fig/toolkit/web"
)

// writeCurl writes a command a line, for a POSIX shell.
func writeCurl(w io.Writer, e Export, all []web.Exchange) error {
	for _, x := range all {
		if x.Binary {
			fmt.Fprintf(w, "# %s has a body that is no text, and is left out\n", x.ID)
			continue
		}
		fmt.Fprint(w, "curl -sS -g --path-as-is")
		switch x.Method {
		case http.MethodGet:
			if x.Body != "" {
				fmt.Fprint(w, " -X GET")
			}
		case http.MethodHead:
			fmt.Fprint(w, " -I")
		default:
			fmt.Fprintf(w, " -X %s", quoteShell(x.Method))
		}
		for _, h := range sent(x) {
			fmt.Fprintf(w, " -H %s", quoteShell(h.name+": "+h.value))
		}
		if x.Body != "" {
			fmt.Fprintf(w, " --data-raw %s", quoteShell(x.Body)) // which reads no file, whatever it begins with
		}
		if _, err := fmt.Fprintf(w, " %s\n", quoteShell(e.url(x))); err != nil {
			return err
		}
	}
	return nil
}

func quoteShell(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// writeHurl writes requests with what is to be seen in their answers (https://hurl.dev): the status,
// and where the two answers differed in JSON, what the right one has there.
func writeHurl(w io.Writer, e Export, all []web.Exchange) error {
	fmt.Fprintf(w, "# %s, as the answers of %s have it. Run it with: hurl --test --variable base=%s\n", e.Of, e.Side, e.Base)
	for _, x := range all {
		right := e.right(x)
		if right == nil {
			continue
		}
		fmt.Fprintf(w, "\n# %s\n%s {{base}}%s\n", x.ID, x.Method, escapeHurl(x.Path))
		for _, h := range sent(x) {
			fmt.Fprintf(w, "%s: %s\n", h.name, escapeHurl(h.value))
		}
		switch {
		case x.Binary:
			fmt.Fprintf(w, "base64,%s;\n", x.Body)
		case x.Body != "":
			fmt.Fprintf(w, "base64,%s;\n", base64.StdEncoding.EncodeToString([]byte(x.Body))) // a text could end what it is quoted in
		}
		fmt.Fprintf(w, "\nHTTP %d\n", right.Status)
		if asserts := e.asserts(x); len(asserts) > 0 {
			fmt.Fprintf(w, "[Asserts]\n%s\n", strings.Join(asserts, "\n"))
		}
	}
	return nil
}

var escapeHurl = strings.NewReplacer(`\`, `\\`, "{{", `\{\{`, "#", `\#`).Replace

// asserts are what Hurl is to look at in a JSON answer: the places that differed, if they are simple.
func (e Export) asserts(x web.Exchange) (lines []string) {
	for _, d := range x.Differences {
		value := d.Legacy
		if e.Side == "service" {
			value = d.Service
		}
		path, ok := jsonPath(d.Pointer)
		if d.Noise != "" || !ok {
			continue
		}
		switch {
		case len(value) == 0:
			lines = append(lines, fmt.Sprintf("jsonpath %s not exists", path))
		case web.IsRedacted(value), bytes.Contains(value, []byte("…")):
		case d.Kind == "value" && value[0] != '{' && value[0] != '[':
			lines = append(lines, fmt.Sprintf("jsonpath %s == %s", path, value))
		case d.Kind == "missing":
			lines = append(lines, fmt.Sprintf("jsonpath %s exists", path))
		}
	}
	return lines
}

// jsonPath writes a pointer as Hurl wants it, a JSONPath in quotes; false: it isn't one into JSON.
func jsonPath(pointer string) (string, bool) {
	if !strings.HasPrefix(pointer, "/") {
		return "", false
	}
	path := "$"
	for token := range strings.SplitSeq(pointer[1:], "/") {
		token = strings.NewReplacer("~1", "/", "~0", "~").Replace(token)
		if digits := strings.Trim(token, "0123456789"); digits == "" && token != "" {
			path += "[" + token + "]"
		} else {
			path += "['" + strings.ReplaceAll(token, "'", `\'`) + "']"
		}
	}
	quoted, err := json.Marshal(path)
	return string(quoted), err == nil
}
