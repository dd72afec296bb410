package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"
	"time"

	"github.com/go-chi/chi/v5"
)

// reverseSpec says what chi with httputil.ReverseProxy does.
type reverseSpec struct {
	Legacy, Service string // addresses
	Split, Mirror   bool
	Connections     int
	MirrorWorkers   int
	MirrorQueue     int
}

type reverseReady struct{ Addr string }

// serveReverse is the subcommand: the proxy that one would write with the standard library and
// chi, with a transport and a buffer pool that suit a proxy.
func serveReverse(control io.Reader, out io.Writer) error {
	in := json.NewDecoder(control)
	var spec reverseSpec
	if err := in.Decode(&spec); err != nil {
		return fmt.Errorf("read what to serve: %w", err)
	}
	legacy := &url.URL{Scheme: "http", Host: spec.Legacy}
	service := &url.URL{Scheme: "http", Host: spec.Service}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			to := legacy
			if spec.Split && rand.IntN(2) == 0 {
				to = service
			}
			r.SetURL(to)
			r.SetXForwarded()
			r.Out.Host = r.In.Host
		},
		Transport:  tunedTransport(spec.Connections),
		BufferPool: &bufferPool{},
	}
	router := chi.NewRouter()
	if spec.Mirror {
		mirror := newMirror(service, spec)
		router.Use(mirror.middleware)
	}
	router.Handle(pattern(0, 1), proxy)
	router.Handle("/*", proxy)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	defer listener.Close()
	server := &http.Server{Handler: router, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 75 * time.Second} // as strangler's
	go func() { _ = server.Serve(listener) }()                                                                  // it ends with the process
	if err := json.NewEncoder(out).Encode(reverseReady{listener.Addr().String()}); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, control)
	return err
}

// tunedTransport keeps a connection for each client's, where the default keeps two.
func tunedTransport(connections int) *http.Transport {
	return &http.Transport{
		MaxIdleConns:        0,
		MaxIdleConnsPerHost: max(connections, 64) * 2,
		IdleConnTimeout:     90 * time.Second,
		DisableCompression:  true,
	}
}

// bufferPool keeps ReverseProxy from allocating 32 KiB for each answer.
type bufferPool struct{ pool sync.Pool }

func (p *bufferPool) Get() []byte {
	if b, ok := p.pool.Get().(*[]byte); ok {
		return *b
	}
	return make([]byte, 32<<10)
}

func (p *bufferPool) Put(b []byte) { p.pool.Put(&b) }

// mirror sends a copy of each request to the service and throws the answer away. Nothing is
// dropped: where the workers can't keep up, clients wait, so that every copy is paid for.
type mirror struct {
	service   *url.URL
	transport *http.Transport
	copies    chan *http.Request
	buffers   bufferPool
}

func newMirror(service *url.URL, spec reverseSpec) *mirror {
	m := &mirror{service: service, transport: tunedTransport(spec.MirrorWorkers), copies: make(chan *http.Request, spec.MirrorQueue)}
	for range spec.MirrorWorkers {
		go m.work()
	}
	return m
}

func (m *mirror) middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		second := r.Clone(context.WithoutCancel(r.Context()))
		second.RequestURI = ""
		second.URL.Scheme, second.URL.Host = m.service.Scheme, m.service.Host
		second.Header.Set("X-Shadow", "1")
		m.copies <- second
		next.ServeHTTP(w, r)
	})
}

func (m *mirror) work() {
	for request := range m.copies {
		answer, err := m.transport.RoundTrip(request)
		if err != nil {
			continue // the upstream counts what it gets; a copy that is missing is found out
		}
		buffer := m.buffers.Get()
		_, _ = io.CopyBuffer(struct{ io.Writer }{io.Discard}, answer.Body, buffer)
		m.buffers.Put(buffer)
		answer.Body.Close()
	}
}
