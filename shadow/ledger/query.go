package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/strangler-fig/toolkit/shadow"
)

// ErrNotFound says that there is no divergence or group of that id, or no longer.
var ErrNotFound = errors.New("not in the ledger")

// Divergence is one comparison whose answers differ, as far as it is kept.
type Divergence struct {
	ID          string
	Group       string
	Route       string
	At          time.Time
	Request     shadow.Request // the body only where it is an example
	Served      shadow.Side
	Differences []shadow.Difference
	More        int // differences beyond those
	// Legacy and Service are the answers of an example; nil in listings, and where they are
	// no longer kept.
	Legacy, Service *shadow.Answer
}

// Query selects divergences. The zero value selects the newest hundred.
type Query struct {
	Route string // empty: all
	Group string // empty: all
	After string // the id of the last divergence of the page before; empty: the first page
	Limit int    // 0: 100; at most 1000
}

const divergenceColumns = `id, grp, route, at, method, path, host, header, served, differences, more`

// Divergences returns divergences, newest first, without answers and bodies.
func (l *Ledger) Divergences(ctx context.Context, q Query) ([]Divergence, error) {
	where, args := []string{"true"}, []any{}
	for _, condition := range []struct{ sql, value string }{{"route = ?", q.Route}, {"grp = ?", q.Group}, {"id < ?", q.After}} {
		if condition.value != "" {
			where, args = append(where, condition.sql), append(args, condition.value)
		}
	}
	if q.Limit <= 0 {
		q.Limit = 100
	}
	args = append(args, min(q.Limit, 1000))
	rows, err := l.db.Reader().QueryContext(ctx, `SELECT `+divergenceColumns+` FROM divergences
		WHERE `+strings.Join(where, " AND ")+` ORDER BY id DESC LIMIT ?`, args...)
	return collect(rows, err, "list divergences", scanDivergence)
}

// Divergence returns one divergence with its answers where they are kept, or ErrNotFound.
func (l *Ledger) Divergence(ctx context.Context, id string) (Divergence, error) {
	var request, legacy, service []byte
	row := l.db.Reader().QueryRowContext(ctx, `SELECT `+divergenceColumns+`, e.request, e.legacy, e.service
		FROM (SELECT * FROM divergences WHERE id = ?)
		LEFT JOIN (SELECT divergence, request, legacy, service FROM examples) e ON e.divergence = id`, id)
	d, err := scanDivergence(scanMore{row, []any{&request, &legacy, &service}})
	if err == nil && request != nil {
		d.Request.Body, err = l.codec.decode(request, &struct{}{})
	}
	if err == nil {
		d.Legacy, err = l.answer(legacy)
	}
	if err == nil {
		d.Service, err = l.answer(service)
	}
	if err != nil {
		return Divergence{}, failed("read divergence "+id, err)
	}
	return d, nil
}

func (l *Ledger) answer(blob []byte) (*shadow.Answer, error) {
	if blob == nil {
		return nil, nil
	}
	var a shadow.Answer
	body, err := l.codec.decode(blob, &a)
	a.Body = body
	return &a, err
}

const groupQuery = `SELECT id, route, legacy_status, service_status, causes, count, first, last, guesses,
	state, reason, actor, verified, origin, since, reopened,
	(SELECT coalesce(sum(t.count), 0) FROM totals t WHERE t.route = groups.route AND t.verdict IN ('match', 'noise', 'lag', 'diverged')),
	(SELECT json_group_array(divergence) FROM
		(SELECT divergence FROM examples WHERE grp = groups.id ORDER BY divergence DESC)),
	(SELECT json_group_array(divergence) FROM
		(SELECT divergence FROM examples WHERE grp = groups.id AND pinned > 0 ORDER BY divergence DESC))
	FROM groups WHERE `

// Groups returns the groups of a route (empty: of all) in a state (empty: in any), the one that
// was seen last first.
func (l *Ledger) Groups(ctx context.Context, route, state string) ([]Group, error) {
	where, args := []string{"true"}, []any{}
	if route != "" {
		where, args = append(where, "route = ?"), append(args, route)
	}
	if state != "" {
		where, args = append(where, "state = ?"), append(args, state)
	}
	rows, err := l.db.Reader().QueryContext(ctx, groupQuery+strings.Join(where, " AND ")+` ORDER BY last DESC, id`, args...)
	return collect(rows, err, "list groups", scanGroup)
}

// Group returns one group, or ErrNotFound.
func (l *Ledger) Group(ctx context.Context, id string) (Group, error) {
	g, err := scanGroup(l.db.Reader().QueryRowContext(ctx, groupQuery+`id = ?`, id))
	if err != nil {
		return Group{}, failed("read group "+id, err)
	}
	rows, err := l.db.Reader().QueryContext(ctx, `SELECT day, count FROM (SELECT day, count FROM days WHERE grp = ? ORDER BY day DESC LIMIT 90) ORDER BY day`, id)
	g.Days, err = collect(rows, err, "read group "+id, func(row scanner) (d Day, err error) {
		var day int64
		err = row.Scan(&day, &d.Count)
		d.Day = time.Unix(day*secondsOfDay, 0).UTC()
		return d, err
	})
	if err != nil {
		return g, err
	}
	return g, l.recent(ctx, &g)
}

// recent reads the counts by ten minutes, which are kept for two days only: of a group that has others, too,
// they would tell less than its days.
func (l *Ledger) recent(ctx context.Context, g *Group) error {
	rows, err := l.db.Reader().QueryContext(ctx, `SELECT ten, count FROM recent WHERE grp = ? ORDER BY ten`, g.ID)
	all, err := collect(rows, err, "read group "+g.ID, func(row scanner) (r Recent, err error) {
		var ten int64
		err = row.Scan(&ten, &r.Count)
		r.At = time.Unix(ten*secondsOfRecent, 0).UTC()
		return r, err
	})
	if err != nil {
		return err
	}
	var days, tens int64
	for _, d := range g.Days {
		days += d.Count
	}
	for _, r := range all {
		tens += r.Count
	}
	if tens == days {
		g.Recent = all
	}
	return nil
}

// Total is how many comparisons of a route ended alike, since the ledger was made.
type Total struct {
	Route   string
	Verdict shadow.Verdict
	Reason  string // of skipped and failed; else empty
	Count   int64
}

// Totals returns all totals, by route, verdict and reason.
func (l *Ledger) Totals(ctx context.Context) ([]Total, error) {
	rows, err := l.db.Reader().QueryContext(ctx, `SELECT route, verdict, reason, count FROM totals ORDER BY route, verdict, reason`)
	return collect(rows, err, "read totals", func(row scanner) (t Total, err error) {
		var verdict string
		if err = row.Scan(&t.Route, &verdict, &t.Reason, &t.Count); err == nil {
			t.Verdict, err = shadow.ParseVerdict(verdict)
		}
		return t, err
	})
}

// scanner is a row of one or of many.
type scanner interface{ Scan(...any) error }

// scanMore scans a row that has more columns than who scans it knows.
type scanMore struct {
	row  scanner
	more []any
}

func (s scanMore) Scan(into ...any) error { return s.row.Scan(append(into, s.more...)...) }

func scanDivergence(row scanner) (d Divergence, err error) {
	var at int64
	var header, differences []byte
	err = row.Scan(&d.ID, &d.Group, &d.Route, &at, &d.Request.Method, &d.Request.Path, &d.Request.Host, &header,
		&d.Served, &differences, &d.More)
	if err != nil {
		return d, err
	}
	d.At = time.UnixMicro(at).UTC()
	return d, errors.Join(json.Unmarshal(header, &d.Request.Header), json.Unmarshal(differences, &d.Differences))
}

func scanGroup(row scanner) (g Group, err error) {
	var first, last, since, reopened, compared int64
	var causes, guessed, examples, pinned []byte
	err = row.Scan(&g.ID, &g.Route, &g.LegacyStatus, &g.ServiceStatus, &causes, &g.Count, &first, &last, &guessed,
		&g.State, &g.Reason, &g.Actor, &g.Verified, &g.Origin, &since, &reopened, &compared, &examples, &pinned)
	if err != nil {
		return g, err
	}
	g.First, g.Last = time.UnixMicro(first).UTC(), time.UnixMicro(last).UTC()
	g.Since, g.Reopened = moment(since), moment(reopened)
	if compared > 0 {
		g.Share = min(1, float64(g.Count)/float64(compared))
	}
	guesses, err := parseGuesses(guessed)
	g.Guess = guesses.text()
	return g, errors.Join(err, json.Unmarshal(causes, &g.Causes), json.Unmarshal(examples, &g.Examples), json.Unmarshal(pinned, &g.Pinned))
}

// moment is a time in microseconds since 1970; 0 is none.
func moment(micro int64) time.Time {
	if micro == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micro).UTC()
}

func collect[T any](rows *sql.Rows, err error, what string, scan func(scanner) (T, error)) ([]T, error) {
	if err != nil {
		return nil, failed(what, err)
	}
	defer rows.Close()
	all := []T{}
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, failed(what, err)
		}
		all = append(all, one)
	}
	if err := rows.Err(); err != nil {
		return nil, failed(what, err)
	}
	return all, nil
}

func failed(what string, err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	return fmt.Errorf("%s: %w", what, err)
}
