package api

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/strangler-fig/toolkit/acl/ids"
	"github.com/strangler-fig/toolkit/web"
)

type idTableList struct {
	Tables []web.IDTable `json:"tables"`
}

const (
	mediaCSV = "text/csv" // of UTF-8, by RFC 7111 section 5.1

	maxExports    = 2                // at a time: requests look their identifiers up in the same file
	maxImport     = 256 << 20        // bytes of a CSV
	uploadTimeout = 10 * time.Minute // to send it
)

func (s *server) idTables(w http.ResponseWriter, r *http.Request) {
	tables, err := s.system.IDTables(r.Context())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.write(w, idTableList{tables})
}

// idTable answers with a whole table as CSV, or with the pair that the query asks for.
func (s *server) idTable(w http.ResponseWriter, r *http.Request) {
	table, q := web.PathParam(r, "table"), r.URL.Query()
	legacy, service := q["legacy"], q["service"]
	switch {
	case len(legacy)+len(service) > 1:
		invalid(w, http.StatusBadRequest, "ask for one identifier, either legacy=ID or service=ID; without either the answer is the whole table")
	case len(legacy) == 1:
		s.findID(w, r, table, ids.Legacy, legacy[0])
	case len(service) == 1:
		s.findID(w, r, table, ids.Service, service[0])
	default:
		s.exportIDs(w, r, table)
	}
}

func (s *server) findID(w http.ResponseWriter, r *http.Request, table string, side ids.Side, id string) {
	web.MayRead(s.log, r, fmt.Sprintf("table of identifiers %q, one pair", table)) // the router has seen to it that they may
	pair, err := s.system.FindID(r.Context(), table, side, id)
	if err != nil {
		s.failIDs(w, r, err)
		return
	}
	s.write(w, pair)
}

// exportIDs streams a table. An error in the middle of it breaks the connection, so that nobody takes what came
// for the whole.
func (s *server) exportIDs(w http.ResponseWriter, r *http.Request, table string) {
	select {
	case s.exports <- struct{}{}:
		defer func() { <-s.exports }()
	default:
		w.Header().Set("Retry-After", "10")
		web.WriteProblem(w, web.Problem{Status: http.StatusServiceUnavailable, Code: web.CodeTooMany,
			Detail: fmt.Sprintf("%d tables of identifiers are being exported already; wait for one to end, then repeat", maxExports)})
		return
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(s.until, cancel)()
	pairs, err := s.system.ExportIDs(ctx, table)
	if err != nil {
		s.failIDs(w, r, err)
		return
	}
	web.MayRead(s.log, r, fmt.Sprintf("table of identifiers %q", table)) // the router has seen to it that they may
	w.Header().Set("Content-Type", mediaCSV)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Connection", "close") // its write deadline must not outlive the stream
	if r.Method == http.MethodHead {
		return
	}
	out := &patient{ResponseWriter: w, out: http.NewResponseController(w), within: s.writeTimeout}
	defer out.extend() // for the end of the stream, which the server writes
	err = ids.WriteCSV(bufio.NewWriterSize(out, 64<<10), pairs)
	switch {
	case err == nil:
	case !out.begun:
		s.failIDs(w, r, err)
	default:
		if ctx.Err() == nil {
			s.log.Error("a table of identifiers was sent in part", keyTable, table, keyError, err)
		}
		panic(http.ErrAbortHandler)
	}
}

// patient gives a client time for each part of an answer, instead of for the whole.
type patient struct {
	http.ResponseWriter
	out    *http.ResponseController
	within time.Duration
	begun  bool // something was written
}

// Write implements io.Writer.
func (p *patient) Write(text []byte) (int, error) {
	p.extend()
	p.begun = true
	return p.ResponseWriter.Write(text)
}

// extend is without effect where the server can't set a deadline: its connection ends all the same.
func (p *patient) extend() { _ = p.out.SetWriteDeadline(time.Now().Add(p.within)) }

func (s *server) importIDs(w http.ResponseWriter, r *http.Request) {
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != mediaCSV {
		w.Header().Set("Accept", mediaCSV)
		invalid(w, http.StatusUnsupportedMediaType, "send lines of legacy's identifier, a comma and the service's, with Content-Type: text/csv")
		return
	}
	out := http.NewResponseController(w)
	// Where the server can't set deadlines it has none.
	_ = out.SetReadDeadline(time.Now().Add(s.uploadTimeout)) // net/http lifts it at the end of the body
	body := &noting{from: http.MaxBytesReader(w, r.Body, s.maxImport)}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(s.until, cancel)()
	table := web.PathParam(r, "table")
	done, err := s.system.ImportIDs(ctx, table, body)
	_ = out.SetWriteDeadline(time.Now().Add(s.writeTimeout)) // the import may have taken longer than an answer may
	switch {
	case err == nil:
		actor := web.IdentityFrom(r.Context()).Actor("")
		s.log.Info("identifiers imported", keyActor, actor.Name, keyVerified, actor.Verified, keyTable, table, keyNew, done.New, keyKnown, done.Known)
		s.write(w, done)
	case is[*http.MaxBytesError](body.err):
		web.WriteProblem(w, web.Problem{Status: http.StatusRequestEntityTooLarge, Code: web.CodeTooLarge,
			Detail: fmt.Sprintf("the file is over %d MiB, and nothing was imported: send it in parts", s.maxImport>>20)})
	case body.err != nil:
		invalid(w, http.StatusBadRequest, "the request's body ended early, and nothing was imported")
	case ctx.Err() != nil && r.Context().Err() == nil:
		web.WriteProblem(w, web.Problem{Status: http.StatusServiceUnavailable, Code: web.CodeUnwritable, Detail: "the proxy is stopping, and nothing was imported; repeat when it is back"})
	default:
		s.failIDs(w, r, err)
	}
}

// failIDs is fail for what tables of identifiers say.
func (s *server) failIDs(w http.ResponseWriter, r *http.Request, err error) {
	unforced := false
	switch {
	case is[*ids.UnknownError](err):
		web.WriteProblem(w, web.Problem{Status: http.StatusNotFound, Code: web.CodeNotFound, Detail: err.Error()})
	case is[*ids.ConflictError](err), is[*ids.FullError](err):
		web.WriteProblem(w, web.Problem{Status: http.StatusConflict, Code: web.CodeRefused, Detail: err.Error(), Force: &unforced})
	case is[*ids.LineError](err):
		invalid(w, http.StatusBadRequest, err.Error()+"; nothing was imported")
	case is[*ids.InvalidError](err):
		invalid(w, http.StatusBadRequest, err.Error())
	default:
		s.fail(w, r, err)
	}
}

// noting is a body that remembers what went wrong with it.
type noting struct {
	from io.Reader
	err  error // nil: nothing went wrong
}

// Read implements io.Reader.
func (n *noting) Read(p []byte) (int, error) {
	read, err := n.from.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		n.err = err
	}
	return read, err
}

// source is what a request's body is read from, perhaps longer than anybody waits for the answer.
type source struct {
	from   io.Reader
	broken atomic.Pointer[error] // nil: it isn't
}

// Read implements io.Reader.
func (s *source) Read(p []byte) (int, error) {
	n, err := s.from.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.broken.Store(&err)
	}
	return n, err
}

// IDTables returns the tables of identifiers.
func (c *Client) IDTables(ctx context.Context) ([]web.IDTable, error) {
	l, err := get[idTableList](ctx, c, "/ids", nil)
	return l.Tables, err
}

// FindID returns the pair that has an identifier of side's; none is made.
func (c *Client) FindID(ctx context.Context, table string, side ids.Side, id string) (ids.Pair, error) {
	name := "legacy"
	if side == ids.Service {
		name = "service"
	}
	var found ids.Pair
	err := c.call(ctx, http.MethodGet, "/ids/"+url.PathEscape(table)+"?"+url.Values{name: {id}}.Encode(), nil, nil, &found)
	return found, err
}

// ExportIDs writes all pairs of a table as CSV with a header, as ids.ReadCSV reads it. It takes as long as it
// takes, unlike other calls; on an error what was written isn't the whole.
func (c *Client) ExportIDs(ctx context.Context, table string, to io.Writer) error {
	answer, err := c.do(ctx, http.MethodGet, "/ids/"+url.PathEscape(table), nil, nil)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	body := &noting{from: answer.Body}
	if _, err := io.Copy(to, body); err != nil {
		if body.err != nil {
			return c.unreachable(ctx, fmt.Errorf("the table came in part: %w", body.err))
		}
		return fmt.Errorf("write the table: %w", err)
	}
	return nil
}

// ImportIDs adds the pairs of a CSV to a table, all or none: see ids.ReadCSV for its form. It takes as long as
// it takes, unlike other calls.
func (c *Client) ImportIDs(ctx context.Context, table string, csv io.Reader) (done ids.Imported, err error) {
	from := &source{from: csv}
	answer, err := c.send(ctx, http.MethodPost, "/ids/"+url.PathEscape(table), http.Header{"Content-Type": {mediaCSV}}, from)
	if broken := from.broken.Load(); broken != nil && is[*UnreachableError](err) {
		return done, fmt.Errorf("read what is to be imported: %w", *broken)
	}
	if err != nil {
		return done, err
	}
	return done, c.decode(ctx, answer, http.MethodPost, "/ids", &done)
}
