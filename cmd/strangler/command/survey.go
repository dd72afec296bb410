package command

import (
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/strangler-fig/toolkit/internal/accesslog"
	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web"
	"github.com/strangler-fig/toolkit/web/api"
)

// survey looks into the logs for callers of the named routes.
func (p *proof) survey(cmd *cobra.Command, client *api.Client, routes []web.Route, names []string) (*web.AccessLog, error) {
	files, err := expandLogs(p.logs)
	if err != nil {
		return nil, err
	}
	cfg := accesslog.Config{}
	var legacy web.LegacyTraits
	for i, name := range names {
		r, err := client.Retirement(cmd.Context(), name)
		if err != nil {
			return nil, err
		}
		if i == 0 || r.From.Before(cfg.Since) {
			cfg.Since = r.From
		}
		legacy = r.Legacy // the same for all
	}
	if cfg.Own, err = p.own(legacy); err != nil {
		return nil, err
	}
	if cfg.Routes, err = loggedRoutes(routes, names, legacy); err != nil {
		return nil, err
	}
	s := accesslog.New(cfg)
	found := &web.AccessLog{Routes: names, Callers: []web.LogCaller{}}
	bar := newBar(cmd.ErrOrStderr(), false)
	defer bar.clear()
	for _, file := range files {
		if err := readLog(cmd, s, file, bar); err != nil {
			return nil, err
		}
		found.Files = append(found.Files, filepath.Base(file))
	}
	found.From, found.Until, found.Lines, found.Unread, found.Own = s.From, s.Until, s.Lines, s.Unread, s.Own
	found.GapFrom, found.GapUntil = s.Gap()
	for _, c := range s.Callers() {
		found.Callers = append(found.Callers, web.LogCaller(c))
	}
	bar.clear()
	tellSurvey(cmd.ErrOrStderr(), s, cfg.Own)
	return found, nil
}

// expandLogs returns the files that are meant, each once.
func expandLogs(given []string) ([]string, error) {
	var files []string
	for _, one := range given {
		matches := []string{one}
		if one != "-" && strings.ContainsAny(one, "*?[") {
			var err error
			if matches, err = filepath.Glob(one); err != nil || len(matches) == 0 {
				return nil, usagef("--access-log %q: no file is called so", one)
			}
		}
		for _, file := range matches {
			if !slices.Contains(files, file) {
				files = append(files, file)
			}
		}
	}
	return files, nil
}

func readLog(cmd *cobra.Command, s *accesslog.Survey, file string, bar *bar) error {
	if file == "-" {
		return s.Read("stdin", &reading{Reader: cmd.InOrStdin(), bar: bar, name: inputName(file)})
	}
	in, err := os.Open(file)
	if err != nil {
		return err
	}
	defer in.Close()
	from := &reading{Reader: in, bar: bar, name: file}
	if info, err := in.Stat(); err == nil && info.Mode().IsRegular() {
		from.of = info.Size()
	}
	return s.Read(file, from)
}

// own returns the addresses from which the proxy's own requests come: as it knows them, and as the flag
// says. Where it is on legacy's machine, all of loopback is.
func (p *proof) own(legacy web.LegacyTraits) ([]netip.Prefix, error) {
	var own []netip.Prefix
	for _, text := range legacy.ProxyAddresses {
		addr, err := netip.ParseAddr(text)
		if err != nil {
			return nil, fmt.Errorf("the proxy says that its address is %q, which is none", text)
		}
		if addr.IsLoopback() {
			own = append(own, netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128"))
		}
		own = append(own, netip.PrefixFrom(addr, addr.BitLen()))
	}
	for _, text := range p.fromProxy {
		prefix, err := parsePrefix(text)
		if err != nil {
			return nil, usagef("--from-proxy %s: %w", text, err)
		}
		own = append(own, prefix)
	}
	return own, nil
}

// loggedRoutes returns what says to which of the named routes a logged request may have belonged. It
// matches as the proxy does, with what the proxy puts before the path taken off.
func loggedRoutes(routes []web.Route, names []string, legacy web.LegacyTraits) (func(accesslog.Entry) ([]string, bool), error) {
	definitions := make([]strangler.Route, len(routes))
	for i, r := range routes {
		definitions[i] = strangler.Route{Name: r.Name, Match: r.Match}
	}
	matcher, err := strangler.NewLogMatcher(definitions)
	if err != nil {
		return nil, err
	}
	return func(e accesslog.Entry) ([]string, bool) {
		target, ok := withoutBase(e.Target, legacy.Path)
		if !ok {
			return nil, true
		}
		u, err := url.ParseRequestURI(target)
		if err != nil {
			return nil, true // the proxy refuses it
		}
		host := e.Host
		// Who goes around the proxy calls legacy by its own name: that says nothing of the route's host.
		if name, _, _ := strings.Cut(host, ":"); slices.ContainsFunc(legacy.Hosts, func(own string) bool { return strings.EqualFold(own, name) }) {
			host = ""
		}
		found, sure := matcher.Match(&http.Request{Method: e.Method, URL: u, Host: host})
		return slices.DeleteFunc(found, func(name string) bool { return !slices.Contains(names, name) }), sure
	}, nil
}

// withoutBase takes off a target what the proxy puts before it; false: it isn't there, so that the
// request is of something else on that server.
func withoutBase(target, base string) (string, bool) {
	rest, ok := strings.CutPrefix(target, base)
	switch {
	case !ok:
		return "", false
	case base == "" || strings.HasPrefix(rest, "/"):
		return rest, true
	case rest == "" || rest[0] == '?':
		return "/" + rest, true
	}
	return "", false
}

// tellSurvey says what was read, so that nobody trusts a log that says nothing.
func tellSurvey(w io.Writer, s *accesslog.Survey, own []netip.Prefix) {
	fmt.Fprintf(w, "access log: %d lines", s.Lines)
	if !s.From.IsZero() {
		fmt.Fprintf(w, " from %s to %s", when(s.From), when(s.Until))
	}
	fmt.Fprintf(w, "; %d the proxy's own, %d without a request, %d unread\n", s.Own, s.NoRequest, s.Unread)
	for _, bad := range s.Bad {
		fmt.Fprintf(w, "  %s\n", printable(bad.Error()))
	}
	if int64(len(s.Bad)) < s.Unread {
		fmt.Fprintf(w, "  and %d more\n", s.Unread-int64(len(s.Bad)))
	}
	var addresses []string
	for _, p := range own {
		if text := p.String(); !slices.Contains(addresses, text) {
			addresses = append(addresses, text)
		}
	}
	list := strings.Join(addresses, ", ")
	switch {
	case s.Lines == s.Unread:
	case s.Own == 0 && list == "":
		fmt.Fprintln(w, "the proxy doesn't know its own address towards legacy, so that its requests count as others'; name it with --from-proxy")
	case s.Own == 0:
		fmt.Fprintf(w, "no line is the proxy's own (%s); if the legacy server sees it under another address, name that with --from-proxy\n", list)
	default:
		fmt.Fprintf(w, "left out as the proxy's own: what comes from %s; other programs there can't be told apart from it\n", list)
	}
}
