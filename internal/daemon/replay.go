package daemon

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/shadow/ledger"
	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web"
)

// What a replay does if nobody says otherwise, and at most.
const (
	replayRate     = 5
	minReplayRate  = 0.01
	maxReplayRate  = 1000
	replayLimit    = 200
	maxReplayLimit = 10_000
	replayTimeout  = 30 * time.Second // for one answer
)

// Replay implements web.Desk.
func (d *Daemon) Replay(ctx context.Context, r web.Replay, tell func(web.ReplayStep) error) error {
	switch {
	case (r.Route == "") == (r.Group == ""):
		return &web.InvalidError{Why: "say what to send again: either a route or a group"}
	case r.Rate != 0 && (r.Rate < minReplayRate || r.Rate > maxReplayRate):
		return &web.InvalidError{Why: fmt.Sprintf("rate is a number of requests a second from %g to %d, not %g", minReplayRate, maxReplayRate, r.Rate)}
	case r.Limit < 0 || r.Limit > maxReplayLimit:
		return &web.InvalidError{Why: fmt.Sprintf("limit is from 1 to %d, not %d", maxReplayLimit, r.Limit)}
	}
	select {
	case d.replaying <- struct{}{}:
		defer func() { <-d.replaying }()
	default:
		return &web.BusyError{Why: "another replay is under way; try again when it has ended"}
	}
	stored, err := d.stored(ctx, r)
	if err != nil {
		return err
	}
	if len(stored) == 0 {
		return &web.InvalidError{Why: "nothing is stored of it that could be sent again: divergences keep examples, and keep_matches keeps others"}
	}
	run, err := d.newReplay(stored[0].Route, r)
	if err != nil {
		return err
	}
	d.log.Info("replay", keyRoute, run.route.Name, keyGroup, r.Group, keyActor, r.Actor.Name, keyRequests, len(stored), keyAgainst, r.Against)
	step := web.ReplayStep{ReplaySummary: web.ReplaySummary{Of: len(stored)}}
	if err := tell(step); err != nil {
		return err
	}
	pace := time.NewTicker(time.Duration(float64(time.Second) / cmp.Or(r.Rate, replayRate)))
	defer pace.Stop()
	for i, x := range stored {
		if i > 0 {
			select {
			case <-pace.C:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
		done := run.again(ctx, x)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		step.Count(done.Outcome)
		step.Replayed = &done
		if err := tell(step); err != nil {
			return err
		}
	}
	return nil
}

// stored returns what can be sent again, each request once, newest first.
func (d *Daemon) stored(ctx context.Context, r web.Replay) ([]ledger.Exchange, error) {
	if err := d.ledger.Flush(ctx); err != nil { // what somebody has just seen is there, too
		return nil, err
	}
	var groups []ledger.Group
	var all []ledger.Exchange
	if r.Group != "" {
		g, err := d.ledger.Group(ctx, r.Group)
		if err != nil {
			return nil, d.deskError(ctx, err, r.Group)
		}
		groups = append(groups, g)
	} else {
		if _, err := d.configured(r.Route); err != nil {
			return nil, err
		}
		var err error
		if groups, err = d.ledger.Groups(ctx, r.Route, ""); err != nil {
			return nil, err
		}
		if all, err = d.ledger.Kept(ctx, r.Route, cmp.Or(r.Limit, replayLimit)); err != nil {
			return nil, err
		}
	}
	for _, g := range groups {
		for _, id := range g.Examples {
			one, err := d.ledger.Divergence(ctx, id)
			if errors.Is(err, ledger.ErrNotFound) {
				continue // it went meanwhile
			}
			if err != nil {
				return nil, err
			}
			if one.Request.Header == nil {
				continue // only its shape was captured
			}
			all = append(all, ledger.Exchange{ID: one.ID, Route: one.Route, Group: one.Group, At: one.At, Request: one.Request,
				Served: one.Served, Legacy: one.Legacy, Service: one.Service, Differences: one.Differences})
		}
	}
	slices.SortStableFunc(all, func(a, b ledger.Exchange) int { return strings.Compare(b.ID, a.ID) })
	seen := map[string]bool{}
	all = slices.DeleteFunc(all, func(x ledger.Exchange) bool {
		key := x.Request.Method + " " + x.Request.Host + " " + x.Request.Path + " " + string(x.Request.Body)
		twice := seen[key]
		seen[key] = true
		return twice
	})
	return all[:min(len(all), cmp.Or(r.Limit, replayLimit))], nil
}

// replay sends a route's requests again.
type replay struct {
	daemon          *Daemon
	route           strangler.Route
	comparer        shadow.Comparer
	legacy, service http.RoundTripper // legacy nil: it is gone, and its stored answers count
	header          http.Header
}

func (d *Daemon) newReplay(route string, r web.Replay) (*replay, error) {
	definition, err := d.configured(route)
	if err != nil {
		return nil, err
	}
	run := &replay{daemon: d, route: definition.Route, comparer: d.shadow.Comparer(d.current.Load().comparers[route]), header: http.Header(r.Header)}
	table := d.proxy.Table()
	if run.legacy, run.service, err = table.Ask(route); err != nil {
		return nil, err
	}
	if r.Against != "" {
		u, err := url.Parse(r.Against)
		if err == nil {
			run.service, err = table.AskAt(route, u)
		}
		if err != nil {
			return nil, &web.InvalidError{Why: err.Error()}
		}
	}
	if run.service == nil {
		return nil, &web.InvalidError{Why: fmt.Sprintf("route %q has no service to ask; name an instance with against", route)}
	}
	return run, nil
}

// again sends one request again, and tells what became of it.
func (p *replay) again(ctx context.Context, x ledger.Exchange) web.Replayed {
	done := web.Replayed{ID: x.ID, Group: x.Group, Method: x.Request.Method, Path: x.Request.Path}
	failed := func(why string) web.Replayed {
		done.Outcome, done.Why = web.OutcomeFailed, why
		return done
	}
	if why := p.unfit(x); why != "" {
		done.Outcome, done.Why = web.OutcomeSkipped, why
		return done
	}
	redacts := false // legacy's answer is a stored one, and so redacted
	legacy, err := p.ask(ctx, p.legacy, x, "legacy")
	if err != nil {
		return failed(err.Error())
	}
	if legacy == nil {
		if legacy = x.Legacy; legacy == nil {
			return failed("legacy is no longer asked, and gave no answer then")
		}
		redacts = true
	}
	service, err := p.ask(ctx, p.service, x, "the service")
	if err != nil {
		return failed(err.Error())
	}
	if redacts {
		service = p.daemon.shadow.Redacted(shadow.Comparison{Service: service}).Service
	}
	differences, err := p.differences(ctx, x, legacy, service)
	switch {
	case err != nil:
		done.Outcome, done.Why = web.OutcomeSkipped, err.Error()
	case len(differences) == 0 && x.Group != "":
		done.Outcome = web.OutcomeFixed
	case len(differences) == 0:
		done.Outcome = web.OutcomeSame
	case x.Group != "" && ledger.GroupOf(x.Route, legacy.Status, service.Status, differences) == x.Group:
		done.Outcome = web.OutcomeRemains
	default:
		done.Outcome = web.OutcomeNew
	}
	done.Differences = p.daemon.shadow.RedactedDifferences(differences[:min(len(differences), 20)], legacy, service)
	return done
}

// unfit says why a request can't be sent again; empty: it can.
func (p *replay) unfit(x ledger.Exchange) string {
	switch {
	case !repeatable(p.route.Repeat, x.Request.Method):
		return "a " + x.Request.Method + " may not be sent again"
	case shadow.IsRedacted(x.Request.Path):
		return "its path was redacted"
	case shadow.IsRedacted(x.Request.Body):
		return "its body was redacted"
	}
	return ""
}

// differences compares two answers, without what is noise. Where they differ legacy is asked once
// more: in what it differs from itself it can't be right.
func (p *replay) differences(ctx context.Context, x ledger.Exchange, legacy, service *shadow.Answer) ([]shadow.Difference, error) {
	all, err := p.comparer.Compare(legacy, service)
	if err != nil {
		return nil, err
	}
	count, _ := p.daemon.shadow.Weigh(x.Route, all, time.Now())
	if len(count) == 0 || p.legacy == nil {
		return count, nil
	}
	again, err := p.ask(ctx, p.legacy, x, "legacy")
	if err != nil {
		return count, nil
	}
	itself, err := p.comparer.Compare(legacy, again)
	if err != nil {
		return count, nil
	}
	return slices.DeleteFunc(count, func(d shadow.Difference) bool {
		return slices.ContainsFunc(itself, func(other shadow.Difference) bool { return other.Pattern == d.Pattern && other.Kind == d.Kind })
	}), nil
}

// ask sends the request to a side; nil: there is none.
func (p *replay) ask(ctx context.Context, through http.RoundTripper, x ledger.Exchange, who string) (*shadow.Answer, error) {
	if through == nil {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, replayTimeout)
	defer cancel()
	r, err := p.request(ctx, x)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	resp, err := through.RoundTrip(r)
	if err != nil {
		return nil, fmt.Errorf("%s gave no answer: %w", who, err)
	}
	defer resp.Body.Close()
	latency := time.Since(began)
	most := p.daemon.options.Config.Shadow.MaxBody
	body, err := io.ReadAll(io.LimitReader(resp.Body, most+1))
	if err != nil {
		return nil, fmt.Errorf("%s's answer broke off: %w", who, err)
	}
	if int64(len(body)) > most {
		return nil, fmt.Errorf("%s's answer is over max_body", who)
	}
	return &shadow.Answer{Status: resp.StatusCode, Header: resp.Header, Trailer: resp.Trailer, Body: body, Size: int64(len(body)), Latency: latency}, nil
}

// request makes a stored request what it was when the client sent it, as far as it was stored.
func (p *replay) request(ctx context.Context, x ledger.Exchange) (*http.Request, error) {
	u, err := url.ParseRequestURI(x.Request.Path)
	if err != nil {
		return nil, fmt.Errorf("its path can't be read: %w", err)
	}
	r := (&http.Request{Method: x.Request.Method, URL: u, Host: x.Request.Host, Header: http.Header{}, RequestURI: x.Request.Path,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, RemoteAddr: "127.0.0.1:0", Body: http.NoBody}).WithContext(ctx)
	for name, values := range x.Request.Header {
		if !slices.ContainsFunc(values, shadow.IsRedacted[string]) {
			r.Header[name] = values
		}
	}
	for name, values := range p.header {
		r.Header[http.CanonicalHeaderKey(name)] = values
	}
	r.Header.Set("X-Strangler-Shadow", x.Route)
	if len(x.Request.Body) > 0 {
		r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(x.Request.Body)), nil }
		r.Body, _ = r.GetBody()
		r.ContentLength = int64(len(x.Request.Body))
	}
	return r, nil
}
