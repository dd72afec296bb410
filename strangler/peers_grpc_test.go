package strangler_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// gRPC's own way of HTTP/2 on both ends: with prior knowledge, and over TLS.
var (
	grpcFronts = []frontKind{front2, front2c}
	grpcBacks  = []backKind{back2, back2c}
)

const grpcLimit = 16 << 20 // bytes of a message

// grpcService is described by hand, so that no generated code is needed.
type grpcService struct {
	gone chan error // what became of those whose client left
}

var grpcDesc = grpc.ServiceDesc{
	ServiceName: "peers.Peers",
	HandlerType: (*any)(nil),
	Methods: []grpc.MethodDesc{
		{MethodName: "Unary", Handler: unaryHandler},
	},
	Streams: []grpc.StreamDesc{
		{StreamName: "Count", ServerStreams: true, Handler: func(s any, stream grpc.ServerStream) error { return s.(*grpcService).count(stream) }},
		{StreamName: "Sum", ClientStreams: true, Handler: func(s any, stream grpc.ServerStream) error { return s.(*grpcService).sum(stream) }},
		{StreamName: "Echo", ServerStreams: true, ClientStreams: true, Handler: func(s any, stream grpc.ServerStream) error { return s.(*grpcService).echo(stream) }},
		{StreamName: "Hang", ServerStreams: true, Handler: func(s any, stream grpc.ServerStream) error { return s.(*grpcService).hang(stream) }},
	},
}

func unaryHandler(s any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
	in := new(wrapperspb.BytesValue)
	if err := decode(in); err != nil {
		return nil, err
	}
	return s.(*grpcService).unary(ctx, in)
}

func (s *grpcService) unary(ctx context.Context, in *wrapperspb.BytesValue) (*wrapperspb.BytesValue, error) {
	_ = grpc.SetHeader(ctx, metadata.Pairs("x-head", "h"))
	_ = grpc.SetTrailer(ctx, metadata.Pairs("x-tail", "t", "x-tail-bin", "\x00\xff"))
	switch string(in.GetValue()) {
	case "refuse":
		st, err := status.New(codes.FailedPrecondition, "not now: ü %").WithDetails(wrapperspb.String("why"))
		if err != nil {
			return nil, err
		}
		return nil, st.Err()
	case "hang":
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return in, nil
}

func (s *grpcService) count(stream grpc.ServerStream) error {
	n := new(wrapperspb.Int64Value)
	if err := stream.RecvMsg(n); err != nil {
		return err
	}
	for i := range n.GetValue() {
		if err := stream.SendMsg(wrapperspb.Int64(i)); err != nil {
			return err
		}
	}
	return nil
}

func (s *grpcService) sum(stream grpc.ServerStream) error {
	sum := int64(0)
	for {
		n := new(wrapperspb.Int64Value)
		err := stream.RecvMsg(n)
		if err == io.EOF {
			return stream.SendMsg(wrapperspb.Int64(sum))
		}
		if err != nil {
			return err
		}
		sum += n.GetValue()
	}
}

func (s *grpcService) echo(stream grpc.ServerStream) error {
	for {
		m := new(wrapperspb.StringValue)
		err := stream.RecvMsg(m)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if m.GetValue() == "break" {
			return status.Error(codes.DataLoss, "in the middle")
		}
		if err := stream.SendMsg(m); err != nil {
			return err
		}
	}
}

func (s *grpcService) hang(stream grpc.ServerStream) error {
	if err := stream.SendMsg(new(emptypb.Empty)); err != nil {
		return err
	}
	<-stream.Context().Done()
	err := stream.Context().Err()
	s.gone <- err
	return status.FromContextError(err).Err()
}

// grpcPair starts a gRPC server, a proxy in front of it, and a client.
func grpcPair(t *testing.T, f frontKind, b backKind) (*grpc.ClientConn, *grpcService, context.Context) {
	t.Helper()
	service := &grpcService{gone: make(chan error, 64)}
	server := grpc.NewServer(grpc.MaxRecvMsgSize(grpcLimit), grpc.MaxSendMsgSize(grpcLimit))
	server.RegisterService(&grpcDesc, service)
	// Its own HTTP/2, on a listener with or without TLS.
	l, roots := listenerOf(t, b)
	served := make(chan struct{})
	go func() { defer close(served); _ = server.Serve(l) }()
	t.Cleanup(func() { server.Stop(); <-served })
	g := gatewayOf(t, f, peerAt(t, b, l.Addr().String(), roots))

	secure := insecure.NewCredentials()
	if f.tls {
		secure = credentials.NewTLS(&tls.Config{RootCAs: g.roots})
	}
	conn, err := grpc.NewClient("passthrough:///"+g.addr, grpc.WithTransportCredentials(secure),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(grpcLimit), grpc.MaxCallSendMsgSize(grpcLimit)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return conn, service, ctx
}

// open begins a stream.
func open(t *testing.T, ctx context.Context, conn *grpc.ClientConn, name string) grpc.ClientStream {
	t.Helper()
	stream, err := conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, "/peers.Peers/"+name)
	if err != nil {
		t.Fatal(err)
	}
	return stream
}

func TestPeerGRPC(t *testing.T) {
	eachPair(t, grpcFronts, grpcBacks, func(t *testing.T, f frontKind, b backKind) {
		conn, service, ctx := grpcPair(t, f, b)
		t.Run("unary", func(t *testing.T) {
			var head, tail metadata.MD
			out := new(wrapperspb.BytesValue)
			err := conn.Invoke(ctx, "/peers.Peers/Unary", wrapperspb.Bytes([]byte("hello")), out, grpc.Header(&head), grpc.Trailer(&tail))
			if err != nil || string(out.GetValue()) != "hello" {
				t.Fatalf("%q, %v", out.GetValue(), err)
			}
			if got := fmt.Sprint(head["x-head"], tail["x-tail"], tail["x-tail-bin"]); got != "[h] [t] [\x00\xff]" {
				t.Errorf("headers and trailers %q", got)
			}
		})
		t.Run("4 MiB and more", func(t *testing.T) {
			for _, size := range []int{4 << 20, 8<<20 + 1} {
				large := strings.Repeat("0123456789abcdef", size/16+1)[:size]
				out := new(wrapperspb.BytesValue)
				err := conn.Invoke(ctx, "/peers.Peers/Unary", wrapperspb.Bytes([]byte(large)), out)
				if err != nil || string(out.GetValue()) != large {
					t.Errorf("%d bytes came back, want %d: %v", len(out.GetValue()), size, err)
				}
			}
		})
		t.Run("an error status", func(t *testing.T) {
			var tail metadata.MD
			err := conn.Invoke(ctx, "/peers.Peers/Unary", wrapperspb.Bytes([]byte("refuse")), new(wrapperspb.BytesValue), grpc.Trailer(&tail))
			st := status.Convert(err)
			if st.Code() != codes.FailedPrecondition || st.Message() != "not now: ü %" || len(st.Details()) != 1 || tail["x-tail"] == nil {
				t.Errorf("%v with the details %v, trailers %v", err, st.Details(), tail)
			}
			err = conn.Invoke(ctx, "/peers.Peers/Nothing", new(emptypb.Empty), new(emptypb.Empty)) // trailers and nothing else
			if status.Code(err) != codes.Unimplemented {
				t.Errorf("an unknown method: %v", err)
			}
		})
		t.Run("server streaming", func(t *testing.T) {
			stream := open(t, ctx, conn, "Count")
			if err := errors.Join(stream.SendMsg(wrapperspb.Int64(1000)), stream.CloseSend()); err != nil {
				t.Fatal(err)
			}
			for want := int64(0); ; want++ {
				n := new(wrapperspb.Int64Value)
				if err := stream.RecvMsg(n); err == io.EOF && want == 1000 {
					break
				} else if err != nil || n.GetValue() != want {
					t.Fatalf("message %d is %d, %v", want, n.GetValue(), err)
				}
			}
		})
		t.Run("client streaming", func(t *testing.T) {
			stream := open(t, ctx, conn, "Sum")
			for i := range 1000 {
				if err := stream.SendMsg(wrapperspb.Int64(int64(i))); err != nil {
					t.Fatal(err)
				}
			}
			sum := new(wrapperspb.Int64Value)
			if err := errors.Join(stream.CloseSend(), stream.RecvMsg(sum)); err != nil || sum.GetValue() != 499500 {
				t.Errorf("sum %d, %v", sum.GetValue(), err)
			}
		})
		t.Run("both ways, in turns", func(t *testing.T) {
			stream := open(t, ctx, conn, "Echo")
			echoInTurns(t, stream, "one", 50)
			_ = stream.CloseSend()
			if err := stream.RecvMsg(new(wrapperspb.StringValue)); err != io.EOF {
				t.Errorf("after the last message: %v", err)
			}
		})
		t.Run("50 streams at once", func(t *testing.T) {
			var streams sync.WaitGroup
			for i := range 50 {
				stream := open(t, ctx, conn, "Echo")
				streams.Go(func() { echoInTurns(t, stream, fmt.Sprint("stream ", i), 20); _ = stream.CloseSend() })
			}
			streams.Wait()
		})
		t.Run("a deadline", func(t *testing.T) {
			short, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
			defer cancel()
			stream := open(t, short, conn, "Hang")
			_ = stream.CloseSend()
			for stream.RecvMsg(new(emptypb.Empty)) == nil {
			}
			if knows := serverKnows(t, service); !errors.Is(knows, context.DeadlineExceeded) && !errors.Is(knows, context.Canceled) {
				t.Errorf("the server saw %v", knows)
			}
		})
		t.Run("a client that leaves", func(t *testing.T) {
			leaving, leave := context.WithCancel(ctx)
			defer leave()
			stream := open(t, leaving, conn, "Hang")
			_ = stream.CloseSend()
			if err := stream.RecvMsg(new(emptypb.Empty)); err != nil {
				t.Fatal(err)
			}
			leave()
			if err := stream.RecvMsg(new(emptypb.Empty)); status.Code(err) != codes.Canceled {
				t.Errorf("error %v", err)
			}
			_ = serverKnows(t, service)
		})
	})
}

// serverKnows waits until the server has seen that its client is gone.
func serverKnows(t *testing.T, s *grpcService) error {
	t.Helper()
	select {
	case err := <-s.gone:
		return err
	case <-time.After(10 * time.Second):
		t.Error("the server still works for a client that is gone")
		return nil
	}
}

// echoInTurns sends each message when the last one came back.
func echoInTurns(t *testing.T, stream grpc.ClientStream, name string, n int) {
	t.Helper()
	for i := range n {
		want := fmt.Sprint(name, ", message ", i)
		if err := stream.SendMsg(wrapperspb.String(want)); err != nil {
			t.Error(err)
			return
		}
		got := new(wrapperspb.StringValue)
		if err := stream.RecvMsg(got); err != nil || got.GetValue() != want {
			t.Errorf("%q, %v; want %q", got.GetValue(), err, want)
			return
		}
	}
}

// TestPeerGRPCWithoutServer has a call meet an upstream that isn't there: what the gateway then
// says is no gRPC, and the client takes it for UNAVAILABLE, as gRPC has it for 502, 503 and 504.
func TestPeerGRPCWithoutServer(t *testing.T) {
	l, _ := listenerOf(t, back2c)
	l.Close()
	g := gatewayOf(t, front2c, peerAt(t, back2c, l.Addr().String(), nil))
	conn, err := grpc.NewClient("passthrough:///"+g.addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	err = conn.Invoke(ctx, "/peers.Peers/Unary", new(emptypb.Empty), new(emptypb.Empty))
	if status.Code(err) != codes.Unavailable {
		t.Errorf("error %v, want UNAVAILABLE", err)
	}
}
