package strangler

import (
	"testing"
	"time"
)

func TestGRPCTimeout(t *testing.T) {
	tests := map[string]struct {
		want time.Duration
		ok   bool
	}{
		"1S": {time.Second, true}, "29876u": {29876 * time.Microsecond, true}, "99999999n": {99999999, true},
		"2H": {2 * time.Hour, true}, "3M": {3 * time.Minute, true}, "40m": {40 * time.Millisecond, true},
		"": {}, "S": {}, "1": {}, "-1S": {}, "1s": {}, "123456789S": {}, "99999999H": {}, "1.5S": {},
	}
	for in, want := range tests {
		if got, ok := grpcTimeout(in); ok != want.ok || ok && got != want.want {
			t.Errorf("%q: %v, %v; want %v, %v", in, got, ok, want.want, want.ok)
		}
	}
}

func TestIsGRPC(t *testing.T) {
	for in, want := range map[string]bool{
		"application/grpc": true, "application/grpc+proto": true, "application/grpc;charset=x": true,
		"application/grpc-web": false, "application/json": false, "": false,
	} {
		if got := isGRPC(in); got != want {
			t.Errorf("%q: %v", in, got)
		}
	}
}
