package strangler

import (
	"bufio"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// The keys of log lines.
const (
	keyRequestID = "request_id"
	keyMethod    = "method"
	keyHost      = "host"
	keyPath      = "path"
	keyStatus    = "status"
	keyBytes     = "bytes"
	keyDuration  = "duration"
	keyRoute     = "route"
	keySide      = "side"
	keyPhase     = "phase"
	keyWhy       = "why"
	keyFellBack  = "fell_back"
	keyFailure   = "failure"
	keyAborted   = "aborted"
	keyPeer      = "peer"
	keyHeader    = "header"
	keyError     = "error"
	keyStack     = "stack"
)

// observer is station 12, and where an answer gets what is ours: outside of the shadow, which
// compares the upstreams' answers and not ours.
type observer struct {
	http.ResponseWriter
	table    *Table
	start    time.Time
	decision *Decision
	seen     func(Observation) // its route's; nil: nobody is told
	body     *limitedBody      // the request's; nil: it has none

	bytes   int64
	head    time.Duration
	status  int32 // as sent; 0: nothing was
	aborted bool
	told    bool // the answer's end says that it was cut short
	issues  bool // the answer carries a cohort id
	secure  bool // and only over TLS
}

func (o *observer) begin(t *Table, w http.ResponseWriter) {
	o.ResponseWriter, o.table, o.start = w, t, time.Now()
}

// decided takes what station 5 decided.
func (o *observer) decided(d *Decision, r *http.Request) {
	o.decision = d
	if d.Issued != "" && d.Position.Phase == PhaseCanary {
		o.issues, o.secure = true, o.https(r)
	}
}

// cookie returns the Set-Cookie for the cohort.
func (o *observer) cookie() string {
	return (&http.Cookie{
		Name: IssuedCookie, Value: o.decision.Issued, Path: "/", MaxAge: 365 * 24 * 60 * 60,
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: o.secure,
	}).String()
}

func (o *observer) https(r *http.Request) bool {
	if r.TLS != nil {
		return true
	}
	return r.Header.Get("X-Forwarded-Proto") == "https" && o.table.trust.trusts(r.RemoteAddr)
}

// loggedPath returns a request's path as logs may have it. Queries they never have.
func loggedPath(d *Decision, r *http.Request) string {
	if d != nil && d.Discreet {
		return "-"
	}
	return r.URL.Path
}

// Unwrap is for http.ResponseController.
func (o *observer) Unwrap() http.ResponseWriter { return o.ResponseWriter }

// WriteHeader implements http.ResponseWriter.
func (o *observer) WriteHeader(status int) {
	if o.status != 0 || status < 200 {
		o.ResponseWriter.WriteHeader(status)
		return
	}
	o.status = int32(status)
	o.head = time.Since(o.start)
	o.body.answered()
	ours := o.ours()
	h := o.Header()
	for name, value := range ours {
		h[name] = append(h[name][:len(h[name]):len(h[name])], value)
	}
	o.ResponseWriter.WriteHeader(status)
	for name := range ours { // the shadow reads the headers when they are out
		if rest := h[name][:len(h[name])-1]; len(rest) > 0 {
			h[name] = rest
		} else {
			delete(h, name)
		}
	}
}

func (o *observer) ours() map[string]string {
	if !o.issues && !o.table.cfg.DebugHeader {
		return nil
	}
	ours := make(map[string]string, 2)
	if o.issues {
		ours["Set-Cookie"] = o.cookie()
	}
	if o.table.cfg.DebugHeader {
		ours["X-Strangler"] = o.decision.String()
	}
	return ours
}

// Write implements io.Writer.
func (o *observer) Write(p []byte) (int, error) {
	if o.status == 0 {
		o.WriteHeader(http.StatusOK)
	}
	n, err := o.ResponseWriter.Write(p)
	o.bytes += int64(n)
	return n, err
}

// takes reports whether the server moves a body itself, which HTTP/2 and TLS can't.
func (o *observer) takes() bool {
	_, ok := o.ResponseWriter.(io.ReaderFrom)
	return ok
}

// ReadFrom implements io.ReaderFrom. Use it where takes says so.
func (o *observer) ReadFrom(src io.Reader) (int64, error) {
	if o.status == 0 {
		o.WriteHeader(http.StatusOK)
	}
	n, err := o.ResponseWriter.(io.ReaderFrom).ReadFrom(src)
	o.bytes += n
	return n, err
}

// Hijack implements http.Hijacker.
func (o *observer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(o.ResponseWriter).Hijack()
	if err == nil {
		o.body.answered()
		o.status = http.StatusSwitchingProtocols
		o.head = time.Since(o.start)
	}
	return conn, rw, err
}

// end says what happened: to what Config.Observe returned, and to the log.
func (o *observer) end(r *http.Request) {
	d := o.decision
	took := time.Since(o.start)
	o.body.answered() // or nothing was
	if o.status != http.StatusSwitchingProtocols {
		defer o.body.giveUp(r)
	}
	if o.seen != nil {
		o.seen(Observation{
			Request: r, Decision: *d, Status: int(o.status), Bytes: o.bytes,
			Duration: took, Header: o.head, Aborted: o.aborted,
		})
	}
	log := o.table.cfg.Logger
	if !log.Enabled(r.Context(), slog.LevelDebug) { // failures have a line of their own
		return
	}
	log.LogAttrs(r.Context(), slog.LevelDebug, "request",
		slog.String(keyRequestID, requestID(r)),
		slog.String(keyMethod, r.Method), slog.String(keyHost, r.Host), slog.String(keyPath, loggedPath(d, r)),
		slog.Int(keyStatus, int(o.status)), slog.Int64(keyBytes, o.bytes), slog.Duration(keyDuration, took),
		slog.String(keyRoute, d.Route), slog.String(keySide, d.Served().String()),
		slog.String(keyPhase, d.Position.Phase.String()), slog.String(keyWhy, d.Why.String()),
		slog.Bool(keyFellBack, d.FellBack), slog.String(keyFailure, d.Failure), slog.Bool(keyAborted, o.aborted))
}
