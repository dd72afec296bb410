package api

import (
	"net/http"

	"github.com/go-json-experiment/json"
	jsonv1 "github.com/go-json-experiment/json/v1"

	"github.com/strangler-fig/toolkit/web"
)

// encode writes JSON as encoding/json does, <, > and & escaped included, but for one thing: a
// list or map that is nil is empty, not null.
func encode(v any) ([]byte, error) {
	return json.Marshal(v, jsonv1.DefaultOptionsV1(), json.FormatNilSliceAsNull(false), json.FormatNilMapAsNull(false))
}

func (s *server) write(w http.ResponseWriter, answer any) {
	body, err := encode(answer)
	if err != nil {
		s.log.Error("encode admin answer", keyError, err)
		web.WriteProblem(w, internal())
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Write(append(body, '\n')) // whether the client is still there is its own business
}

func internal() web.Problem {
	return web.Problem{Status: http.StatusInternalServerError, Code: web.CodeInternal, Detail: "something went wrong; the proxy's log says what"}
}
