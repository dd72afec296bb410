// Package rollout says which moves a route may make: what stands in the way of a shift, an undo
// or a rollback, and which routes a rollback takes along. Everything in it is a pure function of
// the routes and where they stand; whoever asks carries the moves out.
//
// # What a move wants
//
// [Check] looks at where a route stands (rows), where it is to go (columns) and at the route's
// return. Not moving is always allowed, and so is every way that is marked with a dot:
//
//	from \ to   legacy   shadow   canary   live   retired
//	legacy         .        .        .       .    force (a)
//	shadow         .        .        .       .    force (a)
//	canary       back     back    back (c)   .    force (a)
//	live         back     back      back     .       .
//	retired     back+(b) back+(b) back+(b) force (b) .
//
//	force  wants --force
//	back   legacy gets traffic again that the service had: as the route's return says,
//	       free: a dot · confirm: wants --force · never: refused, --force or not
//	(a)    only live may retire: there the service has shown that it serves everything
//	(b)    nothing but --force brings a retired route back, as legacy may no longer have it
//	(c)    only to a smaller weight; to the same or a larger one it is a dot
//
// Two more rules hold before these. Everything but legacy wants a service, and a canary a weight
// of 0.01 % to 99.99 %; both are an [InvalidError], which nobody can force. A refusal is a
// [RefusedError], which says whether force helps; if it does, it names all that force gets past,
// so that nobody forces more than they have read.
//
// A route whose return is never may still go from shadow to legacy, as legacy has all its
// traffic in both, and, with force, from retired to live, as the service has. Once the service
// owns the data, the definition has to change before anything else can bring its traffic back.
//
// # What a rollback takes along
//
// [Rollback] moves the routes that are beyond the target phase. Routes of one unit split alike,
// so they move together: what shares a unit with a route that was asked for comes along, and if
// one of them may not go back, none of them does.
//
// Whoever asks for one route or one unit wants exactly that, so that a guard in the way is an
// error. Whoever asks for a service or for all wants whatever can be had, so that routes in
// whose way a guard stands are left alone and named. There, force brings routes along whose
// return is confirm, but never retired ones: in an emergency, traffic must not be sent to a
// legacy endpoint that may be gone. A retired route comes back only when it, or its unit, is
// asked for by name.
package rollout
