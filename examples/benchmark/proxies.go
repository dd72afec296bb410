package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/strangler-fig/toolkit/shadow"
)

// scenario is what a proxy is set up to do: everything to legacy, or half of it to the service,
// or a copy of it to the service.
type scenario struct {
	Legacy, Service string // addresses
	Split, Mirror   bool
	Routes          int // how many there are; pattern says which
	Connections     int // that clients will open
	MirrorWorkers   int // copies that are under way at a time, at most
	MirrorQueue     int // copies that may wait
}

// adapter knows how to start one kind of proxy.
type adapter struct {
	name    string
	program string // looked up on PATH; empty: always there
	can     func(scenario) bool
	start   func(ctx context.Context, b *bench, dir string, s scenario) (*server, error)
}

// server is a proxy that runs.
type server struct {
	*process
	addr  string
	admin string // strangler's only: where its API is
}

func anything(scenario) bool   { return true }
func noMirror(s scenario) bool { return !s.Mirror }

// adapters are the proxies that can be compared, ReverseProxy being what others are measured by.
var adapters = []adapter{
	{"strangler", "", anything, startStrangler},
	{"reverse", "", anything, startReverse},
	{"nginx", "nginx", anything, startNginx},
	{"haproxy", "haproxy", noMirror, startHAProxy},
	{"caddy", "caddy", noMirror, startCaddy},
}

// pattern returns the path pattern of one of so many routes. A lone one matches what all of
// many do.
func pattern(i, routes int) string {
	if routes == 1 {
		return "/api/v1/{collection}/items/{id}"
	}
	return fmt.Sprintf("/api/v1/collection-%d/items/{id}", i)
}

// path returns a path that the i-th of many routes matches.
func path(i int) string { return fmt.Sprintf("/api/v1/collection-%d/items/%d", i, 1000+i) }

func startReverse(ctx context.Context, _ *bench, dir string, s scenario) (*server, error) {
	var ready reverseReady
	p, err := startPartner(ctx, dir, "proxy-reverse", reverseSpec{Legacy: s.Legacy, Service: s.Service, Split: s.Split, Mirror: s.Mirror,
		Connections: s.Connections, MirrorWorkers: s.MirrorWorkers, MirrorQueue: s.MirrorQueue}, &ready)
	if err != nil {
		return nil, err
	}
	return &server{process: p.process, addr: ready.Addr}, nil
}

// startStrangler starts the real command with a configuration file, a data folder and all. Only
// what is mirrored is shadowed, which a canary else would be.
func startStrangler(ctx context.Context, b *bench, dir string, s scenario) (*server, error) {
	position, sample := "legacy", "0%"
	if s.Split {
		position = "50%"
	}
	if s.Mirror {
		position, sample = "shadow", "100%"
	}
	var config strings.Builder
	fmt.Fprintf(&config, "listen: 127.0.0.1:0\nadmin: {listen: 127.0.0.1:0}\ndata: data\nlegacy: {url: \"http://%s\"}\nservices:\n  new: {urls: [\"http://%s\"]}\n",
		s.Legacy, s.Service)
	if s.Mirror {
		// A lone route gets half of the workers and of the queue.
		fmt.Fprintf(&config, "shadow: {workers: %d, queue: %d}\n", 2*s.MirrorWorkers, 2*s.MirrorQueue)
	}
	config.WriteString("defaults: {cohort: [request]}\nroutes:\n")
	for i := range s.Routes {
		fmt.Fprintf(&config, "  - {name: route-%d, match: {path: %q}, service: new, start: %s, shadow: {sample: %s}}\n", i, pattern(i, s.Routes), position, sample)
	}
	file := filepath.Join(dir, "strangler.yaml")
	if err := os.WriteFile(file, []byte(config.String()), 0o600); err != nil {
		return nil, err
	}
	p, err := start(exec.CommandContext(ctx, b.strangler, "serve", "-c", file, "--log", "json"), dir)
	if err != nil {
		return nil, err
	}
	var serving struct{ Msg, Addr, Admin string }
	err = p.wait(ctx, func() error {
		log, err := os.ReadFile(p.log)
		if err != nil {
			return err
		}
		for line := range strings.Lines(string(log)) {
			// A line may be half written, and whatever else is in the log is none of ours.
			if json.Unmarshal([]byte(line), &serving) == nil && serving.Msg == "serving" {
				return nil
			}
		}
		return errors.New("it doesn't say that it serves")
	})
	if err != nil {
		p.stop()
		return nil, err
	}
	return &server{process: p, addr: serving.Addr, admin: serving.Admin}, nil
}

func startNginx(ctx context.Context, _ *bench, dir string, s scenario) (*server, error) {
	addr, err := freeAddress()
	if err != nil {
		return nil, err
	}
	user := ""
	if os.Geteuid() == 0 {
		user = "user root;" // or its workers couldn't write into dir
	}
	service := ""
	if s.Split {
		service = fmt.Sprintf("server %s weight=1;", s.Service)
	}
	mirror := ""
	if s.Mirror {
		mirror = "mirror /mirror; mirror_request_body on;"
	}
	file := filepath.Join(dir, "nginx.conf")
	text := fmt.Sprintf(`daemon off;
pid %[1]s/nginx.pid;
error_log %[1]s/nginx.log crit;
worker_processes auto;
%[2]s
events { worker_connections 8192; }
http {
  access_log off;
  client_body_temp_path %[1]s/body; proxy_temp_path %[1]s/proxy; fastcgi_temp_path %[1]s/fastcgi;
  uwsgi_temp_path %[1]s/uwsgi; scgi_temp_path %[1]s/scgi;
  keepalive_requests 100000000;
  keepalive_timeout 75s;
  proxy_http_version 1.1;
  proxy_set_header Connection "";
  proxy_set_header Host $http_host;
  proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
  proxy_set_header X-Forwarded-Proto $scheme;
  proxy_set_header X-Forwarded-Host $http_host;
  proxy_buffers 32 8k; # an answer of 100 KB isn't written to a file
  upstream legacy { server %[3]s weight=1; %[4]s keepalive %[5]d; keepalive_requests 100000000; }
  upstream service { server %[6]s; keepalive %[5]d; keepalive_requests 100000000; }
  server {
    listen %[7]s;
    location / { %[8]s proxy_pass http://legacy; }
    location = /mirror { internal; proxy_pass http://service$request_uri; }
  }
}
`, dir, user, s.Legacy, service, max(s.Connections, s.MirrorWorkers)*2, s.Service, addr, mirror)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return nil, err
	}
	p, err := start(exec.CommandContext(ctx, "nginx", "-p", dir, "-c", file, "-e", filepath.Join(dir, "nginx.log")), dir)
	if err != nil {
		return nil, err
	}
	return ready(ctx, &server{process: p, addr: addr})
}

func startHAProxy(ctx context.Context, _ *bench, dir string, s scenario) (*server, error) {
	addr, err := freeAddress()
	if err != nil {
		return nil, err
	}
	service := ""
	if s.Split {
		service = fmt.Sprintf("server service %s weight 50", s.Service)
	}
	file := filepath.Join(dir, "haproxy.cfg")
	text := fmt.Sprintf(`global
  maxconn 8192
defaults
  mode http
  timeout connect 5s
  timeout client 75s
  timeout server 60s
  timeout http-keep-alive 75s
  http-reuse always
  option forwardfor
frontend clients
  bind %s
  default_backend legacy
backend legacy
  balance roundrobin
  server legacy %s weight 50
  %s
`, addr, s.Legacy, service)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return nil, err
	}
	p, err := start(exec.CommandContext(ctx, "haproxy", "-db", "-f", file), dir)
	if err != nil {
		return nil, err
	}
	return ready(ctx, &server{process: p, addr: addr})
}

func startCaddy(ctx context.Context, _ *bench, dir string, s scenario) (*server, error) {
	addr, err := freeAddress()
	if err != nil {
		return nil, err
	}
	service, policy := "", ""
	if s.Split {
		service, policy = s.Service, "lb_policy round_robin"
	}
	file := filepath.Join(dir, "Caddyfile")
	text := fmt.Sprintf(`{
	admin off
	auto_https off
}
http://%s {
	reverse_proxy %s %s {
		%s
		transport http {
			keepalive_idle_conns_per_host %d
			compression off
		}
	}
}
`, addr, s.Legacy, service, policy, s.Connections*2)
	// Without a host name in the address Caddy answers for every one.
	text = strings.Replace(text, "http://"+addr+" {", "http://:"+addr[strings.LastIndexByte(addr, ':')+1:]+" {\n\tbind 127.0.0.1", 1)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, "caddy", "run", "--config", file, "--adapter", "caddyfile")
	cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_DATA_HOME="+dir, "XDG_CONFIG_HOME="+dir)
	p, err := start(cmd, dir)
	if err != nil {
		return nil, err
	}
	return ready(ctx, &server{process: p, addr: addr})
}

// ready waits until a server listens; one that doesn't is stopped.
func ready(ctx context.Context, s *server) (*server, error) {
	err := s.wait(ctx, func() error {
		conn, err := net.Dial("tcp", s.addr)
		if err != nil {
			return err
		}
		return conn.Close()
	})
	if err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

// shadowStats are what strangler's API says of its comparisons.
type shadowStats struct {
	shadow.Counts
	Written int64 // comparisons that are in the ledger
	Waiting int64 // that will be
	Dropped int64 // that never will
}

// readShadow asks a strangler for its comparisons so far, of all routes.
func readShadow(ctx context.Context, admin string) (shadowStats, error) {
	var answer struct {
		Routes []struct {
			Comparisons shadow.Counts `json:"comparisons"`
		} `json:"routes"`
		Ledger struct {
			Written int64 `json:"written"`
			Pending int64 `json:"pending"`
			Dropped int64 `json:"dropped"`
		} `json:"ledger"`
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, admin+"/api/v1/stats", nil)
	if err != nil {
		return shadowStats{}, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return shadowStats{}, fmt.Errorf("ask for the comparisons: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return shadowStats{}, fmt.Errorf("ask for the comparisons: %s", response.Status)
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return shadowStats{}, fmt.Errorf("read the comparisons: %w", err)
	}
	sum := shadowStats{Counts: shadow.Counts{Reasons: map[string]int64{}}, Written: answer.Ledger.Written, Waiting: answer.Ledger.Pending, Dropped: answer.Ledger.Dropped}
	for _, route := range answer.Routes {
		c := route.Comparisons
		sum.Sampled += c.Sampled
		sum.Match += c.Match
		sum.Noise += c.Noise
		sum.Lag += c.Lag
		sum.Diverged += c.Diverged
		sum.Failed += c.Failed
		sum.Skipped += c.Skipped
		sum.Pending += c.Pending
		for reason, n := range c.Reasons {
			sum.Reasons[reason] += n
		}
	}
	return sum, nil
}
