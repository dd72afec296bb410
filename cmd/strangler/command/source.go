package command

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/strangler-fig/toolkit/internal/config"
)

const defaultFile = "strangler.yaml"

// source says where serve's configuration comes from: a file, or flags alone. Flags that are
// given win over the file, also when it is read again.
type source struct {
	file, legacy, host, listen, admin, data string
	trusted                                 []string
	translators                             []string
	changed                                 func(flag string) bool
}

func (s *source) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVarP(&s.file, "config", "c", defaultFile, "configuration `file`")
	f.StringVar(&s.legacy, "legacy", "", "`URL` of the legacy application, instead of a file")
	f.StringVar(&s.host, "host", "preserve", "Host header towards legacy: preserve, upstream or a `NAME`; with --legacy")
	f.StringVar(&s.listen, "listen", "", "`address` that clients are answered on (default: the file's, or :8080)")
	f.StringVar(&s.admin, "admin", "", "`address` of the dashboard and the API (default: the file's, or 127.0.0.1:9900)")
	f.StringVar(&s.data, "data", "", "`folder` of the journal and the ledger (default: the file's, or strangler.data)")
	f.StringSliceVar(&s.trusted, "trusted-proxies", nil, "`CIDRs` of proxies whose forwarding headers count, besides the file's")
	s.changed = f.Changed
}

// check looks at what the flags alone tell.
func (s *source) check() error {
	switch {
	case s.legacy != "" && s.changed("config"):
		return usagef("-c and --legacy exclude each other: use a file, or none")
	case s.legacy == "" && s.changed("host"):
		return usagef("--host goes with --legacy; in a file it is legacy.host")
	case s.host == "" || strings.ContainsAny(s.host, " /@?#"):
		return usagef("--host %q: it is preserve, upstream or a host name, with or without a port", s.host)
	}
	for flag, address := range map[string]string{"listen": s.listen, "admin": s.admin} {
		if s.changed(flag) {
			if err := checkAddress(flag, address); err != nil {
				return err
			}
		}
	}
	if s.legacy != "" || s.changed("config") {
		return nil
	}
	if _, err := os.Stat(s.file); errors.Is(err, fs.ErrNotExist) {
		return usagef("there is no %s here; name the legacy application with --legacy URL, or write a file with: strangler init --legacy URL", s.file)
	}
	return nil
}

// load reads the configuration.
func (s *source) load() (*config.Config, error) {
	cfg, err := s.base()
	if err != nil {
		return nil, err
	}
	for flag, setting := range map[string]struct{ to, from *string }{
		"listen": {&cfg.Listen, &s.listen}, "admin": {&cfg.Admin.Listen, &s.admin}, "data": {&cfg.Data, &s.data},
	} {
		if s.changed(flag) {
			*setting.to = *setting.from
		}
	}
	for _, text := range s.trusted {
		prefix, err := parsePrefix(text)
		if err != nil {
			return nil, usagef("--trusted-proxies %s: it is a network such as 10.0.0.0/8, or an address", text)
		}
		cfg.TrustedProxies = append(cfg.TrustedProxies, prefix)
	}
	return cfg, nil
}

// base is the configuration without what flags change.
func (s *source) base() (*config.Config, error) {
	if s.legacy == "" {
		return config.Load(s.file, config.Options{Env: os.LookupEnv, Translators: s.translators})
	}
	target, err := legacyURL(s.legacy)
	if err != nil {
		return nil, err
	}
	cfg := config.Default(target)
	cfg.Legacy.Host = s.host
	return cfg, nil
}

// flagged returns an error about an address that came from a flag as one about the flag, rather
// than about the place in the file that the flag overrides.
func flagged(err error, changed func(flag string) bool) error {
	var at config.Problem
	if !errors.As(err, &at) {
		return err
	}
	flag := strings.TrimSuffix(at.Path, ".listen")
	if at.File != "" && !changed(flag) {
		return err
	}
	return fmt.Errorf("--%s: %s", flag, at.Message)
}

// checkAddress looks at what a flag says is to be listened on.
func checkAddress(flag, address string) error {
	host, port, err := net.SplitHostPort(address)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil || strings.ContainsAny(host, " /") {
		return usagef("--%s %q: write host:port, such as 127.0.0.1:8080, or :8080 for every address", flag, address)
	}
	return nil
}

// legacyURL reads where the legacy application is, from the flag of that name.
func legacyURL(text string) (*url.URL, error) {
	if text == "" {
		return nil, usagef("--legacy URL is missing: where the application is, such as http://127.0.0.1:8000")
	}
	if !strings.Contains(text, "://") {
		return nil, usagef("--legacy %s has no scheme; did you mean http://%s?", text, text)
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Hostname() == "":
		return nil, usagef("--legacy %q is no URL; write one such as http://127.0.0.1:8000", text)
	case config.CheckScheme(u.Scheme) != "":
		return nil, usagef("--legacy: %s", config.CheckScheme(u.Scheme))
	case u.User != nil:
		return nil, usagef("--legacy: a URL's user and password are not sent; remove them")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return nil, usagef("--legacy %q has a query or fragment; it has only scheme, host, port and path", text)
	}
	return u, nil
}

func parsePrefix(text string) (netip.Prefix, error) {
	if !strings.Contains(text, "/") {
		addr, err := netip.ParseAddr(text)
		if err != nil {
			return netip.Prefix{}, err
		}
		return addr.WithZone("").Prefix(addr.BitLen())
	}
	return netip.ParsePrefix(text)
}

// translatorNames lists the translators that are plugged in; never nil, so that a configuration
// that names another is refused.
func translatorNames(c *Config) []string {
	names := []string{}
	for name := range c.Translators {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
