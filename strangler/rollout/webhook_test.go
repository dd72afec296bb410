package rollout_test

import (
	"testing"

	"github.com/strangler-fig/toolkit/strangler/rollout"
)

func TestWebhookShown(t *testing.T) {
	for _, tt := range []struct{ name, url, want string }{
		{"nothing to hide", "https://hooks.example.com", "https://hooks.example.com"},
		{"a port is shown", "http://127.0.0.1:9000/", "http://127.0.0.1:9000"},
		{"tokens in paths", "https://hooks.example.com/services/T0/B0/s3cret", "https://hooks.example.com/…"},
		{"tokens in queries", "https://hooks.example.com?key=s3cret", "https://hooks.example.com/…"},
		{"users and passwords", "https://anna:s3cret@hooks.example.com/", "https://hooks.example.com"},
		{"what is no URL", "https://anna:s3cret@hooks example.com/", "…"},
		{"what has no host", "s3cret", "…"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := (rollout.Webhook{URL: tt.url}).Shown(); got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
}
