package daemon_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/acl/ids"
	"github.com/strangler-fig/toolkit/web"
)

// withTables is a configuration whose route answers with legacy's identifiers, and one of whose tables makes
// what it doesn't know.
const withTables = `
ids:
  customer_ids: {}
  order_ids: {service: uuid, max: 5}
translators:
  customer:
    fields: [{legacy: NO, service: id, ids: customer_ids}]
    unknown: drop
  order:
    fields: [{legacy: NO, service: id, ids: order_ids}, {legacy: CUSTOMER, service: customer, ids: customer_ids}]
    unknown: drop
`

const identifierRoute = "  - {name: customer, match: {path: /customer}, service: shop, start: live, fallback: none, translate: {answer: customer}}\n"

// identifierBackends returns the beginning of a configuration with a service that answers about the customer
// c-1, or whom the query names; hold, where it isn't nil, is what it waits for.
func identifierBackends(t *testing.T, arrived chan<- struct{}, hold <-chan struct{}) string {
	service := backend(t, "", func(w http.ResponseWriter, r *http.Request) {
		if hold != nil {
			arrived <- struct{}{}
			<-hold
		}
		id := r.URL.Query().Get("id")
		if id == "" {
			id = "c-1"
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"id":%q}`, id)
	})
	return fmt.Sprintf("legacy: {url: %q}\nservices: {shop: {urls: [%q]}}\nroutes:\n", backend(t, "legacy", nil).URL, service.URL)
}

func TestIdentifiers(t *testing.T) {
	t.Parallel()
	s := start(t, identifierBackends(t, nil, nil)+identifierRoute+withTables)
	ctx := t.Context()
	imported := func(table, csv string, want ids.Imported) {
		t.Helper()
		if got, err := s.API.ImportIDs(ctx, table, strings.NewReader(csv)); err != nil || got != want {
			t.Fatalf("imported %+v, %v; want %+v", got, err, want)
		}
	}
	if status, body, _ := s.get(t, "/customer"); status != http.StatusBadGateway || !strings.Contains(body, "strangler ids import customer_ids FILE.csv") {
		t.Errorf("without the pair the client gets %d %s, want the command that brings it in", status, body)
	}
	imported("customer_ids", "legacy,service\n4711,c-1\n4712,c-2\n", ids.Imported{New: 2})
	imported("customer_ids", "4713,c-3\n4711,c-1\n", ids.Imported{New: 1, Known: 1})
	if status, body, _ := s.get(t, "/customer"); status != http.StatusOK || body != `{"NO":"4711"}` {
		t.Errorf("with the pair: %d %s", status, body)
	}

	tables, err := s.API.IDTables(ctx)
	file := filepath.Join(filepath.Dir(s.File), "data", "ids.db")
	want := []web.IDTable{
		{Name: "customer_ids", File: file, Pairs: 3, Max: ids.DefaultMax, UsedBy: []string{"customer", "order"}},
		{Name: "order_ids", File: file, Max: 5, MakesService: "uuid", UsedBy: []string{"order"}},
	}
	if diff := cmp.Diff(want, tables); diff != "" || err != nil {
		t.Errorf("tables (-want +got):\n%s%v", diff, err)
	}
	if p, err := s.API.FindID(ctx, "customer_ids", ids.Service, "c-2"); err != nil || p.Legacy != "4712" {
		t.Errorf("found %v, %v", p, err)
	}
	if _, err := s.API.FindID(ctx, "order_ids", ids.Legacy, "1"); problemStatus(err) != http.StatusNotFound {
		t.Errorf("found what isn't there: %v", err)
	}
	if tables, err = s.API.IDTables(ctx); err != nil || tables[1].Pairs != 0 {
		t.Errorf("looking made a pair: %+v, %v", tables, err)
	}

	for _, refused := range []struct {
		name, table, csv string
		status           int
		want             string
	}{
		{"no such table", "customer_id", "1,a\n", 404, `no table of identifiers "customer_id" under ids in the configuration; did you mean "customer_ids"?`},
		{"a contradiction", "customer_ids", "4714,c-4\n\n4711,c-9\n", 409, `"4711" ↔ "c-9" against "4711" ↔ "c-1", which it has (line 3)`},
		{"a malformed line", "customer_ids", "4714,c-4\n4715\n", 400, "line 2: "},
		{"what can't be an identifier", "customer_ids", "4714,c-4\n4715,\n", 400, `line 2: "" can't be an identifier`},
		{"more than may be", "order_ids", "1,a\n2,b\n3,c\n4,d\n5,e\n6,f\n", 409, "raise ids.order_ids.max"},
	} {
		t.Run(refused.name, func(t *testing.T) {
			_, err := s.API.ImportIDs(ctx, refused.table, strings.NewReader(refused.csv))
			if problemStatus(err) != refused.status || !strings.Contains(err.Error(), refused.want) {
				t.Errorf("%v, want a %d with %s", err, refused.status, refused.want)
			}
		})
	}
	var out strings.Builder
	if err := s.API.ExportIDs(ctx, "customer_ids", &out); err != nil || out.String() != "legacy,service\n4711,c-1\n4712,c-2\n4713,c-3\n" {
		t.Errorf("exported %q, %v", out.String(), err)
	}
	if left := spools(t, file); len(left) > 0 {
		t.Errorf("imports left %v", left)
	}
}

// problemStatus returns the status of a problem; 0: err is none.
func problemStatus(err error) int {
	if p, ok := errors.AsType[*web.Problem](err); ok {
		return p.Status
	}
	return 0
}

// spools returns what lies in the data folder of imports.
func spools(t *testing.T, file string) []string {
	t.Helper()
	left, err := filepath.Glob(filepath.Join(filepath.Dir(file), "ids-import-*"))
	if err != nil {
		t.Fatal(err)
	}
	return left
}

// TestImportWhileImporting holds that one import runs at a time, that requests are answered while one is sent
// slowly, and that one that breaks off leaves nothing.
func TestImportWhileImporting(t *testing.T) {
	t.Parallel()
	s := start(t, identifierBackends(t, nil, nil)+identifierRoute+withTables)
	ctx := t.Context()
	if _, err := s.API.ImportIDs(ctx, "customer_ids", strings.NewReader("4711,c-1\n")); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(filepath.Dir(s.File), "data", "ids.db")
	body, send := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		_, err := s.ImportIDs(ctx, "order_ids", body)
		ended <- err
	}()
	send.Write([]byte("1,a\n"))
	eventually(t, "the import has begun", func() bool { return len(spools(t, file)) == 1 })
	if _, err := s.API.ImportIDs(ctx, "customer_ids", strings.NewReader("1,a\n")); problemStatus(err) != http.StatusServiceUnavailable {
		t.Errorf("a second import: %v", err)
	}
	if status, body, _ := s.get(t, "/customer"); status != http.StatusOK {
		t.Errorf("meanwhile a request is answered %d %s", status, body)
	}
	dead := errors.New("the line is dead")
	send.CloseWithError(dead)
	if err := <-ended; !errors.Is(err, dead) {
		t.Errorf("the import ended with %v", err)
	}
	if _, err := s.FindID(ctx, "order_ids", ids.Legacy, "1"); !errors.As(err, new(*ids.UnknownError)) || len(spools(t, file)) > 0 {
		t.Errorf("it left something: %v, %v", err, spools(t, file))
	}
	if done, err := s.ImportIDs(ctx, "order_ids", iotest.OneByteReader(strings.NewReader("1,a\n"))); err != nil || done.New != 1 {
		t.Errorf("the next import: %+v, %v", done, err)
	}
}

// TestSpoolsOfTheDead holds that what an import left when its process died goes with the next start.
func TestSpoolsOfTheDead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "data"), 0o700); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "data", "ids-import-123.csv")
	if err := os.WriteFile(file, []byte("1,a\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	startIn(t, dir, identifierBackends(t, nil, nil))
	if left := spools(t, file); len(left) > 0 {
		t.Errorf("there still is %v", left)
	}
}

// TestReloadDropsTables holds that a table that no configuration has any more is forgotten and its file closed,
// and that a request that began before still gets its identifiers.
func TestReloadDropsTables(t *testing.T) {
	t.Parallel()
	arrived, hold := make(chan struct{}, 1), make(chan struct{})
	begin := identifierBackends(t, arrived, hold)
	s := start(t, begin+identifierRoute+withTables)
	ctx := t.Context()
	names := func() (names []string) {
		t.Helper()
		tables, err := s.IDTables(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, table := range tables {
			names = append(names, table.Name)
		}
		return names
	}
	// SQLite removes its log when the last connection is closed.
	file := filepath.Join(filepath.Dir(s.File), "data", "ids.db")
	open := func() bool {
		_, err := os.Stat(file + "-wal")
		return err == nil
	}
	for _, table := range []string{"customer_ids", "order_ids"} {
		if _, err := s.ImportIDs(ctx, table, strings.NewReader("4711,c-1\n")); err != nil {
			t.Fatal(err)
		}
	}
	answer := make(chan string, 1)
	go func() {
		resp, err := s.Client.Get(s.URL + "/customer")
		if err != nil {
			answer <- err.Error()
			return
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		answer <- fmt.Sprint(resp.StatusCode, " ", string(text), err)
	}()
	<-arrived

	s.reload(t, begin+identifierRoute+strings.Replace(strings.Replace(withTables, "  order_ids: {service: uuid, max: 5}\n", "", 1), "{legacy: NO, service: id, ids: order_ids}, ", "", 1))
	if got := names(); !slices.Equal(got, []string{"customer_ids"}) || !open() {
		t.Errorf("one table less: %q, open: %t", got, open())
	}
	if _, err := s.FindID(ctx, "order_ids", ids.Legacy, "4711"); !errors.As(err, new(*web.NotFoundError)) {
		t.Errorf("a table that was dropped is still known: %v", err)
	}

	plain := begin + "  - {name: plain, match: {path: /plain}, service: shop, start: live}\n"
	s.reload(t, plain)
	if got := names(); len(got) > 0 || open() {
		t.Errorf("no tables: %q, open: %t", got, open())
	}
	close(hold)
	if got := <-answer; got != `200 {"NO":"4711"}<nil>` {
		t.Errorf("the request that began before is answered %s", got)
	}
	eventually(t, "the file is closed again", func() bool { return !open() })

	// A configuration that is refused opens nothing for long.
	s.write(t, plain+identifierRoute+withTables+fmt.Sprintf("facades: {f: {listen: %q, with: customer}}\n", s.Addr()))
	if err := s.Reload(ctx); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Fatalf("a listener was opened where there is one: %v", err)
	}
	if got := names(); len(got) > 0 || open() {
		t.Errorf("after a refused configuration: %q, open: %t", got, open())
	}

	s.reload(t, begin+identifierRoute+withTables)
	if p, err := s.FindID(ctx, "customer_ids", ids.Legacy, "4711"); err != nil || p.Service != "c-1" {
		t.Errorf("a table that comes back lost its pairs: %v, %v", p, err)
	}
}
