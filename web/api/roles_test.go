package api

import (
	"net/http"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"

	"github.com/strangler-fig/toolkit/web"
)

// TestRoles asks for every endpoint with every role, and holds who may what against the document.
func TestRoles(t *testing.T) {
	a := newAdmin(t, tokens...)
	a.divergences = []web.Divergence{{ID: "d1", Served: "legacy"}}
	a.groups = []web.Group{{ID: "g1", State: "open", Noise: "unknown"}}
	a.config.LoadedAt = noon
	a.steps = []web.ReplayStep{{}}
	a.explanation.Bucket = -1
	bodies := map[string]string{
		"PUT /routes/{name}/phase":     `{"phase":"live"}`,
		"POST /routes/{name}/undo":     `{}`,
		"POST /shift":                  `{"routes":[{"name":"orders-read"}],"phase":"live"}`,
		"POST /rollback":               `{"all":true}`,
		"POST /retire":                 `{"service":"orders"}`,
		"POST /rollouts/{name}/{what}": `{}`,
		"POST /freeze":                 `{}`,
		"POST /thaw":                   `{}`,
		"PUT /groups/{id}/state":       `{"state":"fixed"}`,
		"POST /rules":                  `{"route":"orders-read","rules":[{"kind":"ignore","pointer":"/a"}]}`,
		"POST /rules/preview":          `{"route":"orders-read","rules":[{"kind":"ignore","pointer":"/a"}]}`,
		"POST /rules/{id}/drop":        `{}`,
		"POST /replays":                `{"route":"orders-read"}`,
		"POST /exchanges":              `{"route":"orders-read","exchanges":[{"path":"/"}]}`,
		"POST /state":                  `{"state":{"strangler_state":1,"at":"2026-01-01T00:00:00Z","routes":[]}}`,
		"POST /explain":                `{"method":"GET","url":"/"}`,
		"POST /decisions":              `{"decisions":[{"route":"orders-read","key":"17"}]}`,
		"POST /ids/{table}":            "1,a\n",
		"POST /comparisons":            `{"comparisons":[{"route":"orders-read","legacy":{"status":200},"service":{"status":200}}]}`,
	}
	fill := strings.NewReplacer("{name}", "orders-read", "{what}", "pause", "{table}", "customer_ids", "/divergences/{id}", "/divergences/d1", "/groups/{id}", "/groups/g1", "/facades/{name}", "/facades/legacy-customers")
	asked := 0
	err := chi.Walk(a.server.router(), func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		if route == "/events" {
			method = http.MethodHead // the stream itself never ends
		}
		op, ok := a.http.Transport.(documented).doc.operation(strings.Replace(method, "HEAD", "GET", 1), route)
		if !ok {
			t.Fatalf("%s %s isn't documented", method, route)
		}
		for _, token := range append(tokens, web.Token{Name: "nobody"}, web.Token{Name: "stranger", Secret: "guess"}) {
			t.Run(method+" "+route+" by "+token.Name, func(t *testing.T) {
				var headers []string
				if token.Secret != "" {
					headers = []string{"Authorization", "Bearer " + token.Secret}
				}
				if route == "/ids/{table}" {
					headers = append(headers, "Content-Type", mediaCSV)
				}
				want := http.StatusForbidden
				switch {
				case token.Role == "":
					want = http.StatusUnauthorized
				case strings.HasSuffix(op.Description, "Role: evidence."):
					if token.Role.Allows(web.RoleEvidence) {
						want = http.StatusOK
					}
				case token.Role == web.RoleOperate, !strings.HasSuffix(op.Description, "Role: operate."):
					want = http.StatusOK
				}
				got := a.ask(method, "/api/v1"+fill.Replace(route), bodies[method+" "+route], headers...)
				asked++
				if got.StatusCode != want {
					t.Fatalf("status %d, want %d: %s", got.StatusCode, want, got.body)
				}
				if want != http.StatusOK && method != http.MethodHead {
					p := got.problem(t)
					if want == http.StatusUnauthorized && (p.Code != web.CodeUnauthorized || got.Header.Get("WWW-Authenticate") == "") {
						t.Errorf("code %q, WWW-Authenticate %q", p.Code, got.Header.Get("WWW-Authenticate"))
					}
					if want == http.StatusForbidden && p.Code != web.CodeForbidden {
						t.Errorf("code %q", p.Code)
					}
				}
			})
		}
		return nil
	})
	if err != nil || asked < 150 {
		t.Errorf("%d requests asked, error %v", asked, err)
	}
}

func TestActor(t *testing.T) {
	for _, test := range []struct {
		name, secret, body string
		tokens             []web.Token
		want               web.Actor
	}{
		{"a token's name, whatever the client says", "operate-secret", `{"phase":"live","actor":"mallory"}`, tokens, web.Actor{Name: "otto", Verified: true}},
		{"without tokens what the client says", "", `{"phase":"live","actor":"carla"}`, nil, web.Actor{Name: "carla"}},
		{"without tokens and a claim", "", `{"phase":"live"}`, nil, web.Actor{Name: "unknown"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := newAdmin(t, test.tokens...)
			got := a.ask("PUT", "/api/v1/routes/orders-read/phase", test.body, "Authorization", "Bearer "+test.secret)
			if got.StatusCode != http.StatusOK || len(a.moves) != 1 || a.moves[0].Actor != test.want {
				t.Errorf("status %d, moves %+v, want actor %+v", got.StatusCode, a.moves, test.want)
			}
		})
	}
}
