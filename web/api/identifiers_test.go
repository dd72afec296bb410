package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/acl/ids"
	"github.com/strangler-fig/toolkit/web"
)

func TestIdentifiers(t *testing.T) {
	anna, bob := ids.Pair{Legacy: "4711", Service: "c-1"}, ids.Pair{Legacy: "a,b", Service: `say "yes"`}
	conflict := &ids.ConflictError{Table: "customer_ids", Total: 1, First: []ids.Conflict{{Line: 3, Pair: ids.Pair{Legacy: "4711", Service: "c-9"}, Have: anna}}}
	tests := []struct {
		name, method, path, media, body string
		err                             error // of the system
		status                          int
		code, want                      string // of a problem; in the answer
	}{
		{name: "tables", method: "GET", path: "", status: 200, want: `"pairs":2,"max":100,"makes_service":"uuid","used_by":[]`},
		{name: "all of one", method: "GET", path: "/customer_ids", status: 200, want: "legacy,service\n4711,c-1\n\"a,b\",\"say \"\"yes\"\"\"\n"},
		{name: "no such table", method: "GET", path: "/x", status: 404, code: web.CodeNotFound, want: "no table of identifiers x"},
		{name: "by legacy's", method: "GET", path: "/customer_ids?legacy=4711", status: 200, want: `{"legacy":"4711","service":"c-1"}`},
		{name: "by the service's", method: "GET", path: "/customer_ids?service=say%20%22yes%22", status: 200, want: `{"legacy":"a,b","service":"say \"yes\""}`},
		{name: "an unknown one", method: "GET", path: "/customer_ids?legacy=1", status: 404, code: web.CodeNotFound, want: "strangler ids import customer_ids FILE.csv"},
		{name: "both", method: "GET", path: "/customer_ids?legacy=1&service=2", status: 400, code: web.CodeInvalid, want: "ask for one identifier"},
		{name: "no identifier", method: "GET", path: "/customer_ids?legacy=", err: &ids.InvalidError{Problem: "it is empty"}, status: 400, code: web.CodeInvalid, want: "it is empty"},
		{name: "of no table", method: "GET", path: "/x?legacy=4711", status: 404, code: web.CodeNotFound, want: "no table of identifiers x"},
		{name: "an import", method: "POST", path: "/customer_ids", media: "text/csv; charset=utf-8", body: "legacy,service\n1,a\n2,b\n", status: 200, want: `{"new":2,"known":0}`},
		{name: "another type", method: "POST", path: "/customer_ids", media: "application/json", body: "{}", status: 415, code: web.CodeInvalid, want: "text/csv"},
		{name: "into no table", method: "POST", path: "/x", media: "text/csv", body: "1,a\n", status: 404, code: web.CodeNotFound, want: "no table of identifiers x"},
		{name: "a malformed line", method: "POST", path: "/customer_ids", media: "text/csv", body: "1,a\n2\n", status: 400, code: web.CodeInvalid, want: "line 2: it has no comma outside of quotes"},
		{name: "a contradiction", method: "POST", path: "/customer_ids", media: "text/csv", body: "1,a\n", err: conflict, status: 409, code: web.CodeRefused,
			want: `"4711" ↔ "c-9" against "4711" ↔ "c-1", which it has (line 3)`},
		{name: "too many pairs", method: "POST", path: "/customer_ids", media: "text/csv", body: "1,a\n", err: &ids.FullError{Table: "customer_ids", Max: 7, Import: true}, status: 409, code: web.CodeRefused, want: "raise ids.customer_ids.max"},
		{name: "too large", method: "POST", path: "/customer_ids", media: "text/csv", body: strings.Repeat("1,a\n", 1<<18+1), status: 413, code: web.CodeTooLarge, want: "over 1 MiB"},
		{name: "another import", method: "POST", path: "/customer_ids", media: "text/csv", body: "1,a\n", err: &web.BusyError{Why: "another import is under way"}, status: 503, code: web.CodeTooMany, want: "another import"},
		{name: "a full disk", method: "POST", path: "/customer_ids", media: "text/csv", body: "1,a\n", err: &web.UnwritableError{Err: errors.New("no space left")}, status: 503, code: web.CodeUnwritable, want: "no space left"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a := newAdmin(t)
			a.server.maxImport = 1 << 20
			a.pairs = []ids.Pair{anna, bob}
			a.fail(test.err)
			got := a.ask(test.method, "/api/v1/ids"+test.path, test.body, "Content-Type", test.media)
			if got.StatusCode != test.status {
				t.Fatalf("status %d, want %d: %s", got.StatusCode, test.status, got.body)
			}
			if test.code == "" {
				if !strings.Contains(got.body, test.want) {
					t.Errorf("answered %s, want %s", got.body, test.want)
				}
				return
			}
			p := got.problem(t)
			if p.Code != test.code || !strings.Contains(p.Detail, test.want) {
				t.Errorf("problem %+v, want code %s with %q", p, test.code, test.want)
			}
			if test.code == web.CodeRefused && (p.Force == nil || *p.Force) {
				t.Errorf("force: %v, and nothing forces it", p.Force)
			}
		})
	}
}

// TestIdentifiersLogged holds that who read or changed a table is on record, and identifiers aren't.
func TestIdentifiersLogged(t *testing.T) {
	a := newAdmin(t, tokens...)
	a.pairs = []ids.Pair{{Legacy: "4711", Service: "c-1"}}
	as := func(token string) []string {
		return []string{"Authorization", "Bearer " + token, "Content-Type", mediaCSV}
	}
	a.ask("GET", "/api/v1/ids/customer_ids", "", as("evidence-secret")...)
	a.ask("GET", "/api/v1/ids/customer_ids?legacy=4711", "", as("evidence-secret")...)
	a.ask("POST", "/api/v1/ids/customer_ids", "4712,c-2\n", as("operate-secret")...)
	log := a.log.String()
	for _, want := range []string{`actor=eva verified=true`, `what="table of identifiers \"customer_ids\""`, `one pair`, `msg="identifiers imported" actor=otto verified=true table=customer_ids new=1 known=0`} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %s:\n%s", want, log)
		}
	}
	if strings.Contains(log, "471") {
		t.Errorf("the log has identifiers:\n%s", log)
	}
}

func TestIdentifiersByClient(t *testing.T) {
	a := newAdmin(t, tokens...)
	c := a.client("operate-secret")
	ctx := t.Context()
	done, err := c.ImportIDs(ctx, "customer_ids", strings.NewReader("4711,c-1\na&b,c/2\n"))
	if err != nil || done != (ids.Imported{New: 2}) {
		t.Fatalf("imported %+v, %v", done, err)
	}
	tables, err := c.IDTables(ctx)
	if diff := cmp.Diff([]web.IDTable{{Name: "customer_ids", File: "ids.db", Pairs: 2, Max: 100, MakesService: "uuid", UsedBy: []string{}}}, tables); diff != "" || err != nil {
		t.Errorf("tables (-want +got):\n%s%v", diff, err)
	}
	want := ids.Pair{Legacy: "a&b", Service: "c/2"}
	for side, id := range map[ids.Side]string{ids.Legacy: "a&b", ids.Service: "c/2"} {
		if got, err := c.FindID(ctx, "customer_ids", side, id); err != nil || got != want {
			t.Errorf("%s of %s: %v, %v", id, side, got, err)
		}
	}
	var out strings.Builder
	if err := c.ExportIDs(ctx, "customer_ids", &out); err != nil || out.String() != "legacy,service\n4711,c-1\na&b,c/2\n" {
		t.Errorf("exported %q, %v", out.String(), err)
	}
	var problem *Problem
	if _, err := c.ImportIDs(ctx, "customer_ids", strings.NewReader("x")); !errors.As(err, &problem) || problem.Status != http.StatusBadRequest {
		t.Errorf("%v", err)
	}
	if err := c.ExportIDs(ctx, "other", io.Discard); !errors.As(err, &problem) || problem.Status != http.StatusNotFound {
		t.Errorf("%v", err)
	}
	unread := errors.New("it is a folder")
	if _, err := c.ImportIDs(ctx, "customer_ids", iotest.ErrReader(unread)); !errors.Is(err, unread) || errors.As(err, new(*UnreachableError)) {
		t.Errorf("%v", err)
	}
	full := errors.New("no space left")
	if err := c.ExportIDs(ctx, "customer_ids", failing{full}); !errors.Is(err, full) || errors.As(err, new(*UnreachableError)) {
		t.Errorf("%v", err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// TestLongImport holds that an import may take longer than requests and answers usually may.
func TestLongImport(t *testing.T) {
	const usual = 150 * time.Millisecond
	s := &slowImport{system: newSystem(), takes: 3 * usual}
	api := newServer(Config{System: s, Logger: slog.New(slog.DiscardHandler)})
	api.uploadTimeout = 3 * usual
	handler, err := web.NewHandler(web.Config{API: api.router(), Dashboard: http.NotFoundHandler(), Listen: "127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.NewResponseController(w).SetReadDeadline(time.Now().Add(usual))
		r.Host = "127.0.0.1:1"
		handler.ServeHTTP(w, r)
	}))
	server.Config.WriteTimeout = usual
	server.Start()
	defer server.Close()
	c, err := NewClient(ClientConfig{URL: server.URL, HTTP: server.Client()})
	if err != nil {
		t.Fatal(err)
	}
	body, send := io.Pipe()
	go func() {
		send.Write([]byte("1,a\n"))
		time.Sleep(2 * usual)
		send.Write([]byte("2,b\n"))
		send.Close()
	}()
	if done, err := c.ImportIDs(t.Context(), "customer_ids", body); err != nil || done.New != 2 {
		t.Errorf("imported %+v, %v", done, err)
	}
}

// slowImport is a system whose imports take a while once they are sent.
type slowImport struct {
	*system
	takes time.Duration
}

func (s *slowImport) ImportIDs(ctx context.Context, table string, csv io.Reader) (ids.Imported, error) {
	done, err := s.system.ImportIDs(ctx, table, csv)
	select {
	case <-ctx.Done():
		return ids.Imported{}, ctx.Err()
	case <-time.After(s.takes):
	}
	return done, err
}

func TestFewExportsAtATime(t *testing.T) {
	a := newAdmin(t)
	begun, end := make(chan struct{}), make(chan struct{})
	a.source = func(yield func(ids.Pair, error) bool) {
		begun <- struct{}{}
		<-end
	}
	c := a.client("")
	var running sync.WaitGroup
	for range maxExports {
		running.Go(func() {
			if err := c.ExportIDs(t.Context(), "customer_ids", io.Discard); err != nil {
				t.Errorf("one that may: %v", err)
			}
		})
		<-begun
	}
	if got := a.ask("GET", "/api/v1/ids/customer_ids", ""); got.StatusCode != http.StatusServiceUnavailable || got.problem(t).Code != web.CodeTooMany {
		t.Errorf("one more: %d %s", got.StatusCode, got.body)
	}
	close(end)
	running.Wait()
}

// TestExportIsAStream holds that a table of any size goes through little memory.
func TestExportIsAStream(t *testing.T) {
	a := newAdmin(t)
	const pairs, most = 100_000, 16 << 20
	var before, now runtime.MemStats
	service := strings.Repeat("x", 500)
	runtime.GC()
	runtime.ReadMemStats(&before)
	a.source = func(yield func(ids.Pair, error) bool) {
		for i := range pairs {
			if i%10_000 == 0 {
				runtime.GC()
				if runtime.ReadMemStats(&now); now.HeapAlloc > before.HeapAlloc+most {
					t.Errorf("after %d pairs there are %d KiB more in memory", i, (now.HeapAlloc-before.HeapAlloc)>>10)
					return
				}
			}
			if !yield(ids.Pair{Legacy: fmt.Sprint(i), Service: service}, nil) {
				return
			}
		}
	}
	var size counter
	if err := a.client("").ExportIDs(t.Context(), "customer_ids", &size); err != nil || size < pairs*500 {
		t.Errorf("%d bytes came, %v", size, err)
	}
}

type counter int

func (c *counter) Write(p []byte) (int, error) { *c += counter(len(p)); return len(p), nil }

// TestExportBreaks holds that a table that is sent in part isn't taken for the whole.
func TestExportBreaks(t *testing.T) {
	a := newAdmin(t)
	a.broken = errors.New("the disk is gone")
	if got := a.ask("GET", "/api/v1/ids/customer_ids", ""); got.StatusCode != http.StatusInternalServerError {
		t.Errorf("before anything was sent: status %d, %s", got.StatusCode, got.body)
	}
	for i := range 20_000 {
		a.pairs = append(a.pairs, ids.Pair{Legacy: fmt.Sprint(i), Service: fmt.Sprintf("customer-%d", i)})
	}
	var out strings.Builder
	err := a.client("").ExportIDs(context.Background(), "customer_ids", &out)
	if _, ok := errors.AsType[*UnreachableError](err); !ok || !strings.Contains(err.Error(), "the table came in part") || out.Len() == 0 {
		t.Errorf("%d bytes came, and %v", out.Len(), err)
	}
	if !strings.Contains(a.log.String(), "a table of identifiers was sent in part") {
		t.Errorf("the log doesn't say so:\n%s", a.log)
	}
}
