package strangler_test

import (
	"context"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// TestPeerGRPCEndedByServer has a server end a stream while its client still sends: the client
// gets the status at once.
func TestPeerGRPCEndedByServer(t *testing.T) {
	eachPair(t, grpcFronts, grpcBacks, func(t *testing.T, f frontKind, b backKind) {
		conn, _, ctx := grpcPair(t, f, b)
		ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
		defer cancel()
		stream := open(t, ctx, conn, "Echo")
		echoInTurns(t, stream, "one", 5)
		if err := stream.SendMsg(wrapperspb.String("break")); err != nil {
			t.Fatal(err)
		}
		err := stream.RecvMsg(new(wrapperspb.StringValue))
		if st := status.Convert(err); st.Code() != codes.DataLoss || st.Message() != "in the middle" {
			t.Errorf("error %v, want the server's", err)
		}
	})
}

// TestPeerGRPCDeadline has calls whose deadline passes in the middle of the answer, at the server
// a little before the client. Who asks gets that status and no other.
func TestPeerGRPCDeadline(t *testing.T) {
	eachPair(t, grpcFronts, grpcBacks, func(t *testing.T, f frontKind, b backKind) {
		conn, service, ctx := grpcPair(t, f, b)
		conn.Connect() // the first call's deadline isn't for that
		for conn.GetState() != connectivity.Ready && conn.WaitForStateChange(ctx, conn.GetState()) {
		}
		for range 20 {
			short, cancel := context.WithTimeout(ctx, 30*time.Millisecond)
			stream := open(t, short, conn, "Hang")
			_ = stream.CloseSend()
			err := stream.RecvMsg(new(emptypb.Empty))
			answered := err == nil // or, on a busy machine, the call may not have come to the server
			if answered {
				err = stream.RecvMsg(new(emptypb.Empty))
			}
			if status.Code(err) != codes.DeadlineExceeded {
				t.Errorf("error %v, want that of the deadline", err)
			}
			cancel()
			if answered {
				_ = serverKnows(t, service)
			}
		}
	})
}
