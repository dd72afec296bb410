// Package rollout says which moves a route may make: what stands in the way of a shift, an undo
// or a rollback, and which routes a rollback takes along.
package rollout
