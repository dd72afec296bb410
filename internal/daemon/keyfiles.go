package daemon

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/strangler-fig/toolkit/acl/identity"
	"github.com/strangler-fig/toolkit/internal/config"
)

// keyFileInterval is how often files with keys are looked after, beside when a configuration is loaded.
const keyFileInterval = time.Hour

// keysOutlive is how long private keys are kept that no session signs with any more: as long as any token may
// be taken for valid, for a session that comes back to publish its keys again.
const keysOutlive = identity.MaxExpires + identity.MaxLeeway

// keysOf is where a session's keys are kept that are made here.
func keysOf(folder, session string) string {
	return filepath.Join(folder, "keys-"+session+".json")
}

// unusedMark is what stands beside a file with keys that no session of the configuration has: an empty file,
// made when that was first so, which it has for its time. It survives restarts.
const unusedMark = ".unused"

// keepsKeys reports whether the keys of a session are made here.
func keepsKeys(s config.Session) bool { return s.Bridge.Issue != nil && s.Bridge.Issue.Key == "" }

// tidyKeys removes files with private keys that no session of a configuration in force uses, once no token
// that they signed is valid any more. It can be broken off anywhere: the mark goes last, and a session that
// comes back takes it off. The caller holds d.changing, so that no bridge is just reading such a file.
func (d *Daemon) tidyKeys(cfg *config.Config, now time.Time) {
	used := map[string]bool{}
	for name, session := range cfg.Sessions {
		if keepsKeys(session) {
			used[keysOf(d.options.Config.Data, name)] = true
		}
	}
	for _, found := range keyFiles(d.options.Config.Data) {
		err := d.tidyKeyFile(found, used[found], now)
		if err != nil {
			d.log.Warn("private keys that no session uses are still there: remove the file", keyFile, found, keyError, err)
		}
	}
}

// tornFile reports whether a file is one with keys that a crash kept from getting its name.
func tornFile(name string) bool {
	return strings.HasPrefix(name, ".keys-") && strings.Contains(name, ".json.")
}

// keyFiles returns the files with keys that there are, torn ones too, and those that a mark is left of.
func keyFiles(folder string) (files []string) {
	all, err := os.ReadDir(folder)
	if err != nil {
		return nil // whoever needs it says so
	}
	seen := map[string]bool{}
	for _, entry := range all {
		name := strings.TrimSuffix(entry.Name(), unusedMark)
		keys := strings.HasPrefix(name, "keys-") && strings.HasSuffix(name, ".json") || tornFile(name)
		if keys && entry.Type().IsRegular() && !seen[name] {
			seen[name] = true
			files = append(files, filepath.Join(folder, name))
		}
	}
	return files
}

func (d *Daemon) tidyKeyFile(file string, used bool, now time.Time) error {
	mark := file + unusedMark
	if used {
		return dropFile(mark)
	}
	if _, err := os.Lstat(file); errors.Is(err, fs.ErrNotExist) {
		return dropFile(mark)
	}
	if !identity.MadeKeys(file) && !tornFile(filepath.Base(file)) { // whosever that is
		return dropFile(mark)
	}
	since, err := os.Lstat(mark)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		f, err := os.OpenFile(mark, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		d.log.Info("no session signs with these private keys: they are removed once no token of theirs can be valid", keyFile, file, keyAfter, keysOutlive)
		return f.Close()
	case err != nil:
		return err
	case now.Sub(since.ModTime()) < keysOutlive:
		return nil
	}
	if err := dropFile(file); err != nil {
		return err
	}
	d.log.Info("removed private keys: no session has signed with them for so long that no token of theirs is valid", keyFile, file)
	return dropFile(mark)
}

// dropFile removes a file, which may be gone.
func dropFile(file string) error {
	if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// tidyKeysNow is tidyKeys for the configuration in force.
func (d *Daemon) tidyKeysNow() {
	d.changing.Lock()
	defer d.changing.Unlock()
	d.tidyKeys(d.current.Load().config, time.Now())
}
