package shadow

import (
	"context"
	"log/slog"
	"runtime/debug"
)

// Chooser says which side's code runs for a key on a route; package web/api has one that follows a
// running proxy. What is neither Legacy nor Service is taken for Legacy. It must not block.
type Chooser interface {
	Choose(ctx context.Context, route, key string) Side
}

// Phaser is what a Chooser may be besides: it says whether the service's code is to be tried where
// legacy's runs. Without it, it is, always.
type Phaser interface {
	Shadows(route string) bool
}

// Switch runs legacy's code or a service's, as a route's phase and a key's cohort say: what the proxy
// does with requests, inside a program. It is safe for concurrent use; the zero value runs legacy's.
type Switch[T any] struct {
	Route   string
	Chooser Chooser // nil: legacy, always

	// Experiment tries the service's code where legacy's runs; nil: nobody does. Its owner closes it.
	Experiment *Experiment[T]
	Logger     *slog.Logger // of a Chooser's panics, after which legacy's code runs; nil: slog.Default()
}

// Run returns exactly what the chosen side's code does. The key is what the route's cohort is for
// requests, a customer's id say; calls with an empty one are each by itself.
func (s *Switch[T]) Run(ctx context.Context, key string, legacy, service func(context.Context) (T, error)) (T, error) {
	switch side, shadows := s.choose(ctx, key); {
	case side == Service:
		return service(ctx)
	case s.Experiment != nil && shadows:
		return s.Experiment.Run(ctx, legacy, service)
	}
	return legacy(ctx)
}

func (s *Switch[T]) choose(ctx context.Context, key string) (side Side, shadows bool) {
	if s.Chooser == nil {
		return Legacy, true
	}
	defer func() {
		if v := recover(); v != nil {
			side, shadows = Legacy, false
			log := s.Logger
			if log == nil {
				log = slog.Default()
			}
			log.Error("choose a side", "route", s.Route, "panic", sentence(v), "stack", string(debug.Stack()))
		}
	}()
	side, shadows = s.Chooser.Choose(ctx, s.Route, key), true
	if p, ok := s.Chooser.(Phaser); ok {
		shadows = p.Shadows(s.Route)
	}
	return side, shadows
}
