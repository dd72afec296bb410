package strangler

import (
	"errors"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/pires/go-proxyproto"
)

// ProxyProtocol is a listener behind load balancers that pass connections on as they are and say
// in front of each, in the PROXY protocol (version 1 or 2), whose it is. The connections' remote
// addresses, and with them http.Request.RemoteAddr, are then the clients'.
//
// A peer that is trusted has to begin with the header: its connection is closed otherwise, since
// the protocol forbids to guess (its section 2). What a stranger sends is read as it is, so that
// a header of its own is no HTTP. Of a LOCAL or UNKNOWN connection, as for a health check, the
// peer itself is the client. Put TLS around it, not below: tls.NewListener, or Server.ServeTLS.
type ProxyProtocol struct {
	net.Listener
	// Trusted says of each connection's peer whether it is a load balancer.
	Trusted func(netip.Addr) bool
	Timeout time.Duration // for the header; 0: 10 s
	Logger  *slog.Logger  // nil: slog.Default()

	lastWarning atomic.Int64 // when a header was missing: Unix seconds
}

// Accept implements net.Listener. It doesn't wait for the header: whoever serves the connection
// does.
func (l *ProxyProtocol) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	peer, ok := parseHop(conn.RemoteAddr().String())
	if !ok || !l.Trusted(peer) {
		return conn, nil
	}
	timeout := l.Timeout
	if timeout == 0 {
		timeout = defaultHeaderTimeout
	}
	return &proxiedConn{
		Conn:   proxyproto.NewConn(conn, proxyproto.WithPolicy(proxyproto.REQUIRE), proxyproto.SetReadHeaderTimeout(timeout)),
		listen: l,
	}, nil
}

// proxiedConn is a connection of a load balancer.
type proxiedConn struct {
	*proxyproto.Conn
	listen *ProxyProtocol
	begun  bool
}

// Read implements net.Conn.
func (c *proxiedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if !c.begun {
		c.begun = true
		if err != nil && !errors.Is(err, io.EOF) { // a port scan, or a check that only connects
			c.listen.warn(c.Raw().RemoteAddr(), err)
		}
	}
	return n, err
}

// CloseWrite ends one direction, which an upgraded connection wants.
func (c *proxiedConn) CloseWrite() error {
	half, ok := c.Raw().(interface{ CloseWrite() error })
	if !ok {
		return errors.ErrUnsupported
	}
	return half.CloseWrite()
}

// warn says at most once a second why a load balancer's connections are closed.
func (l *ProxyProtocol) warn(peer net.Addr, err error) {
	now := time.Now().Unix()
	if last := l.lastWarning.Load(); last == now || !l.lastWarning.CompareAndSwap(last, now) {
		return
	}
	log := l.Logger
	if log == nil {
		log = slog.Default()
	}
	log.Warn("a connection of a trusted proxy does not begin with the PROXY protocol and is closed; have it send the header, or turn proxy_protocol off",
		keyPeer, peer.String(), keyError, err.Error())
}
