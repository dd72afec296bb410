package command

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/strangler-fig/toolkit/web"
)

// TestMovesByHandStopRollouts holds what a person reads who moves a route that moved by itself.
func TestMovesByHandStopRollouts(t *testing.T) {
	const stopped = "the rollout of orders-read is stopped; strangler rollout resume orders-read lets it go on\n"
	tests := []struct {
		name   string
		args   []string
		stderr string
	}{
		{"shift", []string{"shift", "orders-read", "50%"}, stopped},
		{"undo", []string{"undo", "orders-read"}, stopped},
		{"rollback", []string{"rollback", "orders-read"}, stopped},
		{"rollback of all", []string{"rollback", "--all"}, stopped},
		{"shift of a route without a rollout", []string{"shift", "plain", "shadow"}, ""},
		{"shift of a route whose rollout only advises", []string{"shift", "pause", "legacy"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			status, stdout, stderr := newSystem(t).run(t, tt.args...)
			if status != 0 || stderr != tt.stderr || stdout == "" {
				t.Errorf("status %d, %q; errors %q, want %q", status, stdout, stderr, tt.stderr)
			}
			status, stdout, stderr = newSystem(t).run(t, append(tt.args, "-o", "json")...)
			if status != 0 || stderr != tt.stderr || !json.Valid([]byte(stdout)) {
				t.Errorf("as JSON: status %d, %q; errors %q, want %q", status, stdout, stderr, tt.stderr)
			}
		})
	}
}

// TestLeftAloneAndStopped has a rollback find a route where it is to go already: its rollout stops too.
func TestLeftAloneAndStopped(t *testing.T) {
	s := newSystem(t)
	s.rollouts[1].State = web.RolloutStopped
	const want = "the rollouts of orders-read and pause are stopped; strangler rollout resume ROUTE lets one go on\n"
	if status, _, stderr := s.run(t, "rollback", "--all", "--to", "shadow"); status != 0 || stderr != want || s.looks != 1 {
		t.Errorf("status %d, %d questions, errors %q", status, s.looks, stderr)
	}
}

func TestTellStopped(t *testing.T) {
	var many []web.Rollout
	var routes []string
	for i := range 12 {
		name := fmt.Sprintf("r%d", i)
		routes = append(routes, name)
		many = append(many, web.Rollout{Name: name, Routes: []string{name}, State: web.RolloutStopped})
	}
	unit := []web.Rollout{{Name: "orders\x1b", Unit: "orders\x1b", Routes: []string{"a", "b"}, State: web.RolloutStopped}}
	tests := []struct {
		name     string
		rollouts []web.Rollout
		err      error
		routes   []string
		want     string
	}{
		{"none of them", many, nil, []string{"other"}, ""},
		{"they can't be asked for", many, errors.New("gone"), routes, ""},
		{"a unit, of which two routes moved", unit, nil, []string{"a", "b"}, "the rollout of orders\uFFFD is stopped; strangler rollout resume orders\uFFFD lets it go on\n"},
		{"three", many, nil, routes[:3], "the rollouts of r0, r1 and r2 are stopped; strangler rollout resume ROUTE lets one go on\n"},
		{"more than one reads", many, nil, routes, "the rollouts of r0, r1, r2, r3, r4, r5, r6, r7, r8, r9 and 2 more are stopped; strangler rollout resume ROUTE lets one go on\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out bytes.Buffer
			if tellStopped(&out, tt.rollouts, tt.err, tt.routes...); out.String() != tt.want {
				t.Errorf("it says %q, want %q", &out, tt.want)
			}
		})
	}
}
