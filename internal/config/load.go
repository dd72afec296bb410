package config

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

const (
	maxProblems = 500
	maxIncluded = 1000 // files
)

// Options say what Load needs to know of its surroundings. The zero value is useful.
type Options struct {
	Env         func(string) (string, bool) // nil: os.LookupEnv
	Translators []string                    // names of the translators that are plugged in; nil: any name is good
}

// Load reads a configuration file and those that it includes. Relative paths in a file, the data
// folder's among them, are relative to the folder of the main file. The error is a Problems
// with all that is wrong; what is only likely a mistake is in Config.Warnings.
func Load(path string, o Options) (*Config, error) {
	l := newLoader(path, o)
	l.read, l.glob = readFile, filepath.Glob
	return l.load()
}

// loader is one Load on its way.
type loader struct {
	options  Options
	env      func(string) (string, bool)
	read     func(name string) ([]byte, error)
	glob     func(pattern string) ([]string, error)
	cfg      *Config
	order    map[string]int // of the files, for sorting
	problems Problems
	dropped  int // problems beyond maxProblems

	// What is checked when all is known.
	drafts   []*draft
	services map[string]value // their keys

	translators     map[string]*translatorDraft
	translatorNames []string         // in the files' order
	tables          map[string]value // of identifiers: their keys
	sessions        map[string]*sessionDraft
	sessionNames    []string // in the files' order
	facades         []*facadeDraft
	policies        struct { // what is said of each side's
		legacy   policy
		services map[string]*policy
	}
	defaults routeDefaults
	listen   struct{ main, admin, ops value }
	tls      struct{ cert, key value }

	proxyProtocol value
	includes      []value
	roots         []value // of the files
}

func newLoader(path string, o Options) *loader {
	l := &loader{options: o, env: o.Env, cfg: defaults(), order: map[string]int{}, services: map[string]value{},
		translators: map[string]*translatorDraft{}, tables: map[string]value{}, sessions: map[string]*sessionDraft{}}
	if l.env == nil {
		l.env = os.LookupEnv
	}
	l.policies.services = map[string]*policy{}
	l.defaults = routeDefaults{fallback: true, reported: map[int]bool{}}
	l.cfg.File = path
	l.cfg.Data = l.relative(l.cfg.Data)
	return l
}

func (l *loader) load() (*Config, error) {
	if root, ok := l.open(l.cfg.File); ok {
		l.settings(root)
		l.include()
		l.check()
	}
	if len(l.problems) > 0 {
		l.sort(l.problems)
		if l.dropped > 0 {
			l.problems = append(l.problems, Problem{File: l.cfg.File, Message: fmt.Sprintf("and %d problems more", l.dropped)})
		}
		return nil, l.problems
	}
	l.sort(l.cfg.Warnings)
	l.cfg.written = l.noteWritten()
	l.cfg.addresses = map[string]Problem{}
	for setting, at := range map[string]value{"listen": l.listen.main, "admin.listen": l.listen.admin, "ops.listen": l.listen.ops} {
		if at.given() {
			l.cfg.addresses[setting] = at.problem("")
		}
	}
	return l.cfg, nil
}

// open reads one file; false where there is no tree to go through, which has been reported.
func (l *loader) open(name string) (value, bool) {
	l.order[name] = len(l.order)
	l.cfg.Files = append(l.cfg.Files, name)
	data, err := l.read(name)
	if err != nil {
		hint := ""
		if errors.Is(err, fs.ErrNotExist) && name == l.cfg.File {
			hint = "; strangler init --legacy URL writes one to begin with"
		}
		l.report(Problem{File: name, Message: reason(err) + hint})
		return value{}, false
	}
	src, root := l.parse(name, data)
	v := value{l: l, src: src, node: root}
	if root != nil {
		l.roots = append(l.roots, v)
	}
	return v, root != nil
}

// include reads the files that the main one includes. What they include themselves is refused,
// so that there are no cycles.
func (l *loader) include() {
	for _, item := range l.includes {
		pattern, ok := item.scalar()
		if !ok {
			continue
		}
		names, err := l.glob(l.relative(pattern))
		if err != nil {
			item.fail("%q is no glob: a [ has no ], or a \\ ends it", pattern)
			continue
		}
		if folder := filepath.Dir(l.relative(pattern)); filepath.Base(folder) != "*" && !slices.Contains(l.cfg.Files, folder) {
			l.cfg.Files = append(l.cfg.Files, folder)
		}
		if len(names) == 0 {
			item.warn("no file matches %q; it is relative to %s", pattern, filepath.Dir(l.cfg.File))
		}
		slices.Sort(names)
		for _, name := range names {
			if _, known := l.order[name]; known {
				continue
			}
			if len(l.order) > maxIncluded {
				item.fail("more than %d files are included", maxIncluded)
				return
			}
			if root, ok := l.open(name); ok {
				l.included(root)
			}
		}
	}
}

// relative returns a path of the configuration as the process has to open it.
func (l *loader) relative(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(l.cfg.File), path)
}

// full reports whether there are so many problems that a further one is only counted.
func (l *loader) full() bool { return len(l.problems) >= maxProblems }

func (l *loader) report(p Problem) {
	if l.full() {
		l.dropped++
		return
	}
	l.problems = append(l.problems, p)
}

func (l *loader) warn(p Problem) {
	if len(l.cfg.Warnings) < maxProblems {
		l.cfg.Warnings = append(l.cfg.Warnings, p)
	}
}

// sort puts problems into the order in which somebody who reads the files comes across them.
func (l *loader) sort(problems []Problem) {
	slices.SortStableFunc(problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(l.order[a.File], l.order[b.File]), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
}

// readFile reads at most a byte more than a file may have.
func readFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxFile+1))
}

// reason returns why a file can't be read, without its name.
func reason(err error) string {
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		return pathErr.Op + ": " + pathErr.Err.Error()
	}
	return err.Error()
}
