// Package shadow copies an exchange to the other side, compares the two answers and remembers
// what differed, without touching the client's answer.
//
// # The life of a copy
//
// A [Shadow] stands around handlers, as middleware, at a [Point]: which route, who serves it,
// who is to be asked as well. A request that passes is on its way to a [Verdict]:
//
//	 client's request                                            file
//	  1  sampled? counted, pending from here on                  around.go
//	  2  ruled out by the request alone?                         around.go
//	  3  the body is captured as the handler reads it,           tee.go, capture.go
//	     the answer as the handler writes it
//	  4  ruled out by the answer's head?                         exchange.go
//	  5  ruled out since that side gives no answers just now?    breaker.go
//	  6  put into the queue, if it has room for the route        queue.go
//	a worker                                                      worker.go
//	  7  sends the copy, reads the answer                        copy.go
//	  8  client's answer still under way: the copy waits,        queue.go
//	     without the worker
//	  9  asks legacy a second time, for a share of them          again.go
//	 10  compares, and tells noise from what counts              judge.go, noise.go,
//	                                                             recognise.go, order.go
//	 11  where that differs: both are asked again in a while,    again.go
//	     since one of them may have been late
//	 12  settled: counted, redacted, recorded                    settle.go, redact.go
//
// The copy leaves as soon as the answer's head is out and the request's body is read, so that
// both sides work on it at about the same time. Whichever answer ends last brings the exchange
// to a worker for comparison.
//
// # What it may never do
//
// On the client's goroutine this package copies bytes and takes short locks. It never waits
// there: where the queue, the set of waiting copies or the memory for bodies is
// full, the exchange is skipped. A panic of this package's, of a Comparer's or of a Recorder's
// is caught, logged and counted; one of the handler's passes through. Copies have a time-out,
// a context and workers of their own; give them connections of their own as well. What
// may go wrong with every request is logged once a minute and route.
//
// # What a match costs
//
// Most comparisons match, and those are to cost next to nothing: no hash of what is held whole, workers
// that use their context and timer again (worker.go), and of the comparison itself whether both answers
// are the same to the byte (judge.go), else status, the few headers that count and the bytes of the
// bodies. What a match lies in is used again: bodies (buffer.go), the exchange and its headers once all
// who have it have left it (reuse.go, fields.go), and what the transport made for the copy, if it lends
// that (lend.go). Of any other verdict nothing is. Ids, redaction and a Comparison are made for a
// Recorder that wants them; a [Counter] counts.
//
// # What it accounts for
//
// Everything: [Counts] holds at every moment, and every exchange that is skipped or failed has
// a reason. The README lists verdicts, reasons and kinds of difference.
//
// # When the other side fails
//
// Copies that get no answers cost connections and workers and tell nothing. After a few in a row
// the route's copies rest (breaker.go), and no route can hold more than half of the workers, of
// the queue and of the memory (queue.go), so that one that hangs costs the others nothing.
//
// # Asking legacy again
//
// Legacy is asked for more than its clients want where the service serves and legacy is the one
// that is shadowed, for a control, and for a recheck. It is protected from that: GET and HEAD
// only, not with a client's cookies or credentials, not after an answer that set a cookie, within
// [Extra]'s bounds, and not while its latency rises (budget.go).
//
// # Inside a program
//
// What no request passes by, a function that computes a price, is compared by an [Experiment]:
// legacy's code and the service's in one program, two Go values instead of two answers.
//
//	Run             on the caller's goroutine: tried at all? a place taken, legacy's code run    experiment_run.go
//	a goroutine     has the service's code run, waits for both, compares                         experiment_run.go
//	                by go-cmp or as the program says                                            experiment_judge.go
//	                where they differ, as pointers into their JSON                              experiment_values.go
//	                counted, redacted, recorded, told                                           experiment_settle.go
//
// It owes its caller what a Shadow owes the client, and accounts in the same Counts to the same
// Recorder: the route is the experiment's name, the method [Call]. The pattern and the words use
// and try are those of GitHub's Scientist; unlike there the service's code has a time-out and a
// bound of its own, and the caller doesn't wait for it.
//
// Answers that another program brings, in whatever language, are compared by [Shadow.Judge]
// (given.go), as those of a copied exchange are.
//
// A [Switch] then moves calls from the one to the other, as a [Chooser] says (switch.go).
//
// # What is left out of a copy
//
// Expect, since the body is at hand, and the conditional headers (If-None-Match, Range and the
// like), since they speak of one side's entity tags: where they mattered to the client's
// answer its status is 304, 206, 412 or 416, and the exchange is skipped.
package shadow
