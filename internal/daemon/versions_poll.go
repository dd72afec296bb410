package daemon

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/strangler-fig/toolkit/internal/config"
	"github.com/strangler-fig/toolkit/strangler/upstream"
	"github.com/strangler-fig/toolkit/web"
)

// versionBody is how much of an answer that tells a version is read: bytes.
const versionBody = 4 << 10

// asked is a service whose endpoints are asked for its version.
type asked struct {
	service string
	where   config.Version
	ask     func(ctx context.Context, path string, most int64) iter.Seq[upstream.Reply]
}

// asked returns the services that tell their version at a path.
func (u *upstreams) asked(cfg *config.Config) (all []asked) {
	for _, name := range cfg.ServiceNames {
		if where := cfg.Services[name].Version; where.Path != "" {
			all = append(all, asked{name, where, u.services[name].clients.Ask})
		}
	}
	return all
}

// poll asks services for their versions until ctx ends, first at once; present returns them as
// they are at that moment.
func (v *versions) poll(ctx context.Context, present func() []asked) {
	tick := time.NewTicker(versionInterval)
	defer tick.Stop()
	for {
		var round sync.WaitGroup
		for _, one := range present() {
			round.Go(func() { v.ask(ctx, one) })
		}
		round.Wait()
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// ask asks all endpoints of a service once. Where they don't all say the same the round shows nothing.
func (v *versions) ask(ctx context.Context, a asked) {
	v.mu.Lock()
	one := v.known[versionSource{a.service, a.where}]
	v.mu.Unlock()
	if one == nil {
		return // a reload came in between
	}
	round, cancel := context.WithTimeout(ctx, versionInterval)
	defer cancel()
	text, trouble := a.told(round)
	switch {
	case ctx.Err() != nil:
		return
	case round.Err() != nil && trouble == "":
		text, trouble = "", fmt.Sprintf("the endpoints took longer than %s", versionInterval)
	}
	if text == "" {
		one.unseen()
	} else {
		one.seen(text)
	}
	if before := one.trouble.Swap(&trouble); before == nil && trouble != "" || before != nil && (*before == "") != (trouble == "") {
		if trouble != "" {
			v.log.Warn("a service doesn't tell its version", keyService, a.service, keyProblem, trouble)
		} else {
			v.log.Info("a service tells its version again", keyService, a.service)
		}
	}
}

// told asks each endpoint, and returns the version that they all tell. It is empty where they
// differ, as while one is deployed, and where one can't tell it, which trouble says.
func (a asked) told(ctx context.Context) (text, trouble string) {
	first := true
	for reply := range a.ask(ctx, a.where.Path, versionBody+1) {
		one, why := a.read(reply)
		if why != "" {
			return "", reply.Addr + ": " + why
		}
		if !first && one != text {
			return "", ""
		}
		text, first = one, false
	}
	return text, ""
}

// read finds the version in what an endpoint said, or says why there is none.
func (a asked) read(reply upstream.Reply) (text, why string) {
	switch {
	case reply.Why != "":
		return "", reply.Why
	case reply.Status/100 != 2:
		return "", fmt.Sprintf("%s answers %d %s", a.where.Path, reply.Status, http.StatusText(reply.Status))
	case len(reply.Body) > versionBody:
		return "", fmt.Sprintf("%s answers with more than %d bytes", a.where.Path, versionBody)
	}
	text = string(reply.Body)
	if a.where.Pointer != "" {
		if text, why = valueAt(reply.Body, a.where.Pointer); why != "" {
			return "", fmt.Sprintf("%s answers with %s", a.where.Path, why)
		}
	}
	text, err := web.ServiceVersion(text)
	if err != nil {
		return "", fmt.Sprintf("%s doesn't answer with a version: %v", a.where.Path, err)
	}
	return text, ""
}

// valueAt returns the text or number at a pointer (RFC 6901) into JSON, or why there is none.
func valueAt(body []byte, pointer string) (text, why string) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber() // as it is written
	var value any
	if decoder.Decode(&value) != nil {
		return "", "no JSON"
	}
	for token := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		token = strings.NewReplacer("~1", "/", "~0", "~").Replace(token)
		switch within := value.(type) {
		case map[string]any:
			value = within[token]
		case []any:
			value = nil
			if i, err := strconv.Atoi(token); err == nil && i >= 0 && i < len(within) && strconv.Itoa(i) == token {
				value = within[i]
			}
		default:
			value = nil
		}
	}
	switch value := value.(type) {
	case string:
		return value, ""
	case json.Number:
		return value.String(), ""
	}
	return "", "JSON that has neither text nor number at " + pointer
}
