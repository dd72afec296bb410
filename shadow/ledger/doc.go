// Package ledger remembers comparisons in SQLite: how many there were of each verdict, which
// divergences have the same cause, and examples of each with both answers.
//
// # What is kept
//
//   - totals: how many comparisons of a route ended with which verdict and reason, and how many of those
//     were repeats (shadow.Point.Distinct), which count everywhere but in [Ledger.Tallies]. Exact,
//     for ever.
//   - groups: one a cause, which is a route, a status pair and the set of (generalised pointer,
//     kind). Its count, first and last time are exact, for ever. A route has at most 500; what
//     is beyond that is counted in one that stands for the rest.
//   - divergences: one a diverged comparison, with its bounded list of differences, until it
//     is too old or the file too large.
//   - examples: request and both answers, of at most Config.Examples divergences a group. The
//     first quarter stay, so that one sees how it began; of the others those with the most of
//     their like are replaced, oldest first, so that one sees how it is now and what is seldom,
//     and no more often than that each stays for about ten minutes, so that a flood of divergences is
//     no flood of bodies, and who looks at one still finds it. At most MaxPinned more are kept
//     because somebody took the link to them ([Ledger.Pin]).
//   - days, recent: the counts of groups by day, for 400 days, and by ten minutes, for two.
//   - kept: at most Point.Keep exchanges a route in which nothing differs, as unlike one another as
//     examples are.
//   - learnt: what the shadow has learnt of noise.
//   - series: what clients' requests and comparisons of a route did by minute for 48 hours, by hour
//     for 30 days and by day for ever ([Ledger.Sample], [Ledger.Series]).
//
// Everything was redacted before it came here (package shadow).
//
// # What people think of it
//
// A group is open, expected or fixed ([Ledger.Triage]); what is recorded of a fixed one later than
// that opens it again. [Ledger.Regroup] moves a group's divergences to another, when it is known that
// some of its places are noise.
//
// # How it is written
//
// [Ledger.Record] puts a divergence into a queue that is bounded in number and bytes and never
// waits; of every other comparison only the verdict and reason are counted, in memory
// ([Ledger.Count]). One goroutine writes batches, divergences and counts together in one
// transaction, at most ten a second while they are small: what a match costs the file is its
// share of one row's update. What finds no room, and what can't be written after a few tries, is
// counted as dropped: at every moment, recorded = written + pending + dropped. Samples of series are
// summed up by route and minute while they wait, and wait for as long as the file can't be written.
//
// # How it is bounded
//
// Database, write-ahead log and shared memory together stay below Config.MaxSize, but for the
// batch that is being written: the oldest divergences go first, in small steps, their pages are
// given back (incremental vacuum), and the log is truncated. Where that doesn't suffice, only
// counts are written; they themselves are bounded by the number of routes. The log can't be
// truncated while somebody reads an older state for long: until then nothing is pruned, which
// would only make it longer, and what doesn't fit is a count. What is older than Config.MaxAge
// goes too. Where there is no room and series take more than a quarter of Config.MaxSize, their oldest
// minutes go first, then hours, then days.
package ledger
